-- Pipeline definitions and history
CREATE TABLE pipelines (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    repository_id TEXT NOT NULL,
    definition JSON NOT NULL,
    version TEXT NOT NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    created_by TEXT,
    status TEXT DEFAULT 'active'
);

CREATE TABLE pipeline_runs (
    id TEXT PRIMARY KEY,
    pipeline_id TEXT NOT NULL,
    run_number INTEGER NOT NULL,
    status TEXT NOT NULL, -- pending, running, success, failed, cancelled
    started_at TIMESTAMP,
    completed_at TIMESTAMP,
    trigger_type TEXT, -- manual, push, schedule, webhook
    trigger_data JSON,
    execution_log TEXT,
    metrics JSON,
    FOREIGN KEY (pipeline_id) REFERENCES pipelines(id)
);

-- Repository dependencies
CREATE TABLE repository_dependencies (
    id TEXT PRIMARY KEY,
    source_repo TEXT NOT NULL,
    target_repo TEXT NOT NULL,
    dependency_type TEXT NOT NULL,
    version_constraint TEXT,
    impact_level TEXT DEFAULT 'medium',
    discovered_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    last_validated TIMESTAMP,
    metadata JSON
);

CREATE TABLE dependency_changes (
    id TEXT PRIMARY KEY,
    dependency_id TEXT NOT NULL,
    change_type TEXT NOT NULL, -- added, updated, removed
    old_version TEXT,
    new_version TEXT,
    detected_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    impact_analysis JSON,
    FOREIGN KEY (dependency_id) REFERENCES repository_dependencies(id)
);

-- Quality gate results
CREATE TABLE quality_gates (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    gate_type TEXT NOT NULL, -- pre_commit, pre_merge, pre_deploy
    definition JSON NOT NULL,
    active BOOLEAN DEFAULT true,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE quality_results (
    id TEXT PRIMARY KEY,
    repository_id TEXT NOT NULL,
    gate_id TEXT NOT NULL,
    run_id TEXT, -- Links to pipeline_runs if applicable
    status TEXT NOT NULL, -- passed, failed, warning, skipped
    score REAL,
    metrics JSON,
    details TEXT,
    executed_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    FOREIGN KEY (gate_id) REFERENCES quality_gates(id)
);

-- Template usage tracking for Phase 2
CREATE TABLE template_metrics (
    id TEXT PRIMARY KEY,
    template_name TEXT NOT NULL,
    repository_id TEXT NOT NULL,
    compliance_score REAL,
    last_applied TIMESTAMP,
    drift_detected BOOLEAN DEFAULT false,
    metrics JSON
);
