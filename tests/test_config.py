"""Settings: where they come from, and what stops the start."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.config import VARIABLES, Settings, load_settings
from gitops_auditor.errors import InvalidSetting

DOCUMENTED = {
    "PIPELINE_ENGINE_MODE": ("pipeline_engine_mode", "production"),
    "PIPELINE_WORKER_COUNT": ("pipeline_worker_count", 4),
    "PIPELINE_TIMEOUT_SECONDS": ("pipeline_timeout_seconds", 3600),
    "PIPELINE_LOG_LEVEL": ("pipeline_log_level", "info"),
    "DEPENDENCY_SCAN_INTERVAL": ("dependency_scan_interval", 3600),
    "DEPENDENCY_CACHE_TTL": ("dependency_cache_ttl", 86400),
    "DEPENDENCY_ANALYSIS_DEPTH": ("dependency_analysis_depth", 3),
    "QUALITY_GATE_ENFORCEMENT": ("quality_gate_enforcement", "strict"),
    "QUALITY_GATE_CACHE_ENABLED": ("quality_gate_cache_enabled", True),
    "QUALITY_PRE_COMMIT_TIMEOUT": ("quality_pre_commit_timeout", 300),
    "QUALITY_METRICS_RETENTION_DAYS": ("quality_metrics_retention_days", 90),
    "GITHUB_WORKFLOW_PREFIX": ("github_workflow_prefix", "gitops-managed"),
    "GITHUB_STATUS_UPDATES": ("github_status_updates", True),
    "WEBSOCKET_PIPELINE_UPDATES": ("websocket_pipeline_updates", True),
    "WEBSOCKET_QUALITY_METRICS": ("websocket_quality_metrics", True),
    "WEBSOCKET_MAX_CONNECTIONS": ("websocket_max_connections", 100),
    "ENABLE_PHASE2_FEATURES": ("enable_phase2_features", True),
}


@pytest.mark.parametrize("variable", DOCUMENTED)
def test_every_documented_variable_has_its_documented_default(variable: str) -> None:
    field, value = DOCUMENTED[variable]
    assert VARIABLES[variable] == field
    assert getattr(load_settings({}), field) == value


def test_github_actions_are_off_until_asked_for() -> None:
    assert load_settings({}).github_actions_enabled is False


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PIPELINE_WORKER_COUNT", "many"),
        ("QUALITY_GATE_ENFORCEMENT", "sometimes"),
        ("GITOPS_PORT", "70000"),
        ("GITOPS_RATE_LIMIT_READ", "often"),
        ("ENABLE_PHASE2_FEATURES", "perhaps"),
    ],
)
def test_a_value_that_is_not_understood_stops_the_start_and_names_itself(
    variable: str, value: str
) -> None:
    with pytest.raises(InvalidSetting, match=variable):
        load_settings({variable: value})


def test_a_misspelt_variable_of_ours_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InvalidSetting, match="Did you mean GITOPS_DATA_DIR"):
        load_settings({"GITOPS_DATADIR": "/tmp/x"})


def test_variables_of_other_programs_are_ignored() -> None:
    assert load_settings({"PIPELINE_OF_SOMEBODY": "x", "PATH": "/bin"}).port == 3070


def test_an_environment_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("GITOPS_PORT=4000\nGITOPS_HOST=0.0.0.0\n", encoding="utf-8")
    settings = load_settings({"GITOPS_ENV_FILE": str(file), "GITOPS_PORT": "5000"})
    assert (settings.port, settings.host) == (5000, "0.0.0.0")


def test_an_environment_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="GITOPS_ENV_FILE"):
        load_settings({"GITOPS_ENV_FILE": str(tmp_path / "absent.env")})


def test_node_env_is_read_where_gitops_env_is_not_set() -> None:
    assert load_settings({"NODE_ENV": "development"}).environment == "development"
    both = {"NODE_ENV": "development", "GITOPS_ENV": "test"}
    assert load_settings(both).environment == "test"


def test_lists_are_separated_by_commas() -> None:
    assert load_settings({"GITOPS_TOOLSETS": "work, audit,"}).toolsets == ("work", "audit")


def test_an_override_wins_over_the_environment_and_none_is_ignored() -> None:
    assert load_settings({"GITOPS_PORT": "4000"}, port=5000, host=None).port == 5000


@pytest.mark.parametrize(
    ("host", "required"), [("127.0.0.1", False), ("::1", False), ("0.0.0.0", True)]
)
def test_tokens_are_required_as_soon_as_others_can_connect(host: str, required: bool) -> None:
    assert load_settings({"GITOPS_HOST": host}).token_required is required


def test_secrets_do_not_show_in_the_settings_text() -> None:
    settings = load_settings(
        {"DATABASE_URL": "postgresql://u:hunter2@db/x", "GITOPS_TOKEN": "hunter2"}
    )
    assert "hunter2" not in repr(settings) + settings.model_dump_json()
    assert settings.database_url == "postgresql://u:hunter2@db/x"


@given(
    st.sampled_from(sorted(VARIABLES)), st.text(max_size=20).filter(lambda text: "\0" not in text)
)
def test_any_text_is_either_understood_or_refused_by_name(variable: str, text: str) -> None:
    try:
        assert isinstance(load_settings({variable: text}), Settings)
    except InvalidSetting as refused:
        assert refused.details["variable"] == variable
