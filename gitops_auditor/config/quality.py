"""Settings of quality gates, of their results and of the signatures on their definitions."""

from typing import Literal

from pydantic import BaseModel

from gitops_auditor.config.fields import OptionalPath, setting


class QualitySettings(BaseModel, defer_build=True):
    """The part of the settings that quality gates read."""

    quality_gate_enforcement: Literal["strict", "warn", "off"] = setting(
        "QUALITY_GATE_ENFORCEMENT", "strict", "What a failed required gate does."
    )
    quality_gate_cache_enabled: bool = setting(
        "QUALITY_GATE_CACHE_ENABLED", True, "Whether unchanged input reuses a gate's result."
    )
    quality_pre_commit_timeout: int = setting(
        "QUALITY_PRE_COMMIT_TIMEOUT", 300, "Longest time of a pre_commit gate, in seconds.", ge=1
    )
    quality_metrics_retention_days: int = setting(
        "QUALITY_METRICS_RETENTION_DAYS", 90, "Days that quality results are kept.", ge=1
    )
    quality_gate_signatures: Literal["off", "required"] = setting(
        "QUALITY_GATE_SIGNATURES",
        "off",
        "Whether definitions of gates need signatures of trusted keys; without a trusted key every"
        " gate is refused then.",
    )
    quality_gate_trust: OptionalPath = setting(
        "QUALITY_GATE_TRUST",
        None,
        "File of the public keys that are trusted to sign gates; empty means gate-trust.yaml in"
        " the data folder.",
    )
    reports_url: str = setting(
        "GITOPS_REPORTS_URL",
        "",
        "Folder, fsspec URL or mcp://SERVER/path to keep reports of quality at; empty means reports"
        " in the data folder.",
    )
    advisory_database: OptionalPath = setting(
        "GITOPS_ADVISORY_DATABASE",
        None,
        "File or folder of advisories in the OSV format that dependencies are matched with, without"
        " network.",
    )
