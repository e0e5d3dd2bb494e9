"""Every setting once: its variable, its default and a sentence. The environment is read here only.

`load_settings` takes the values of an optional environment file; the process environment wins.
A value that is not understood, or an unknown `GITOPS_` variable, stops the start and names itself.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from platformdirs import user_data_path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from gitops_auditor.errors import InvalidSetting

PREFIX = "GITOPS_"


def _split(value: object) -> object:
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, str)
        else value
    )


def _or_none(value: object) -> object:
    return None if value == "" else value


Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Paths = Annotated[tuple[Path, ...], BeforeValidator(_split)]
OptionalPath = Annotated[Path | None, BeforeValidator(_or_none)]
Rate = Annotated[str, Field(pattern=r"^[1-9]\d*/(second|minute|hour)$")]


def _setting(variable: str, default: Any, sentence: str, **constraints: Any) -> Any:
    return Field(default, alias=variable, description=sentence, **constraints)


class Settings(BaseModel):
    """The effective settings of one process. Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    # Where things are
    data_dir: Path = _setting(
        "GITOPS_DATA_DIR",
        user_data_path("gitops-auditor"),
        "Folder of the database, mirrors, backups, keys and logs.",
    )
    database: SecretStr = _setting(
        "DATABASE_URL",
        SecretStr(""),
        "postgresql://user:password@host/name; empty means a SQLite file in the data folder.",
    )
    allowed_roots: Paths = _setting(
        "GITOPS_ALLOWED_ROOTS",
        (),
        "Comma-separated folders that repositories may be registered from. Empty: anywhere for the"
        " local user, nowhere for callers over the network.",
    )
    clone_protocols: Names = _setting(
        "GITOPS_CLONE_PROTOCOLS", ("https", "ssh"), "Protocols that git may use to clone and fetch."
    )
    allow_private_hosts: bool = _setting(
        "GITOPS_ALLOW_PRIVATE_HOSTS",
        False,
        "Whether clone URLs may point into private networks, as a homelab's own forge does.",
    )
    environment: Literal["production", "development", "test"] = _setting(
        "GITOPS_ENV",
        "production",
        "Name of this installation's environment; NODE_ENV is accepted too.",
    )

    # The server
    host: str = _setting(
        "GITOPS_HOST", "127.0.0.1", "Address to listen on; anything but loopback needs tokens."
    )
    port: int = _setting(
        "GITOPS_PORT", 3070, "Port to listen on; 0 takes a free one.", ge=0, le=65535
    )
    public_url: str = _setting(
        "GITOPS_URL", "", "Address under which others reach this server, for links and callbacks."
    )
    token: SecretStr = _setting(
        "GITOPS_TOKEN", SecretStr(""), "Bearer token that callbacks from elsewhere show."
    )
    tls_cert: OptionalPath = _setting(
        "GITOPS_TLS_CERT", None, "Certificate file (PEM) to serve TLS with."
    )
    tls_key: OptionalPath = _setting(
        "GITOPS_TLS_KEY", None, "Private key file (PEM) of the certificate."
    )
    require_token: bool | None = _setting(
        "GITOPS_REQUIRE_TOKEN",
        None,
        "Whether HTTP callers need a bearer token. Unset: only when not listening on loopback.",
    )
    allowed_hosts: Names = _setting(
        "GITOPS_ALLOWED_HOSTS", (), "Further Host headers to accept beside the listening address."
    )
    allowed_origins: Names = _setting(
        "GITOPS_ALLOWED_ORIGINS", (), "Further browser origins to accept beside the server's own."
    )
    max_body_bytes: int = _setting(
        "GITOPS_MAX_BODY_BYTES", 1_048_576, "Largest request body, in bytes.", ge=1024
    )
    rate_limit_read: Rate = _setting(
        "GITOPS_RATE_LIMIT_READ", "600/minute", "Reads that one caller may make on one route."
    )
    rate_limit_write: Rate = _setting(
        "GITOPS_RATE_LIMIT_WRITE", "120/minute", "Writes that one caller may make on one route."
    )
    client_timeout: float = _setting(
        "GITOPS_CLIENT_TIMEOUT",
        15.0,
        "Seconds that a client may take to send its request before it is disconnected.",
        gt=0,
    )
    read_only: bool = _setting("GITOPS_READ_ONLY", False, "Whether every write is unregistered.")
    toolsets: Names = _setting(
        "GITOPS_TOOLSETS", (), "Toolsets to offer over MCP; empty offers the default selection."
    )
    tools: Names = _setting(
        "GITOPS_TOOLS", (), "Tools to offer over MCP in addition to the toolsets."
    )
    exclude_tools: Names = _setting("GITOPS_EXCLUDE_TOOLS", (), "Tools never to offer over MCP.")
    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "GITOPS_LOG_LEVEL", "info", "Least severity that is logged, to standard error."
    )
    events_kept: int = _setting(
        "GITOPS_EVENTS_KEPT", 100_000, "Events kept for clients that resume.", ge=1000
    )
    work_kept_days: int = _setting(
        "GITOPS_WORK_KEPT_DAYS", 30, "Days that records of finished work are kept.", ge=1
    )
    enable_phase2_features: bool = _setting(
        "ENABLE_PHASE2_FEATURES",
        True,
        "Whether pipelines, dependencies, quality and templates are offered at all.",
    )

    # Dependencies
    dependency_scan_interval: int = _setting(
        "DEPENDENCY_SCAN_INTERVAL",
        3600,
        "Seconds between rescans under `serve`; 0 turns them off.",
        ge=0,
    )
    dependency_cache_ttl: int = _setting(
        "DEPENDENCY_CACHE_TTL",
        86400,
        "Seconds after which a dependency that no scan confirmed counts as stale.",
        ge=1,
    )
    dependency_analysis_depth: int = _setting(
        "DEPENDENCY_ANALYSIS_DEPTH",
        3,
        "Hops that an impact analysis follows unless asked for more; a cut is reported.",
        ge=1,
        le=100,
    )

    # Live updates
    websocket_pipeline_updates: bool = _setting(
        "WEBSOCKET_PIPELINE_UPDATES", True, "Whether live clients receive the pipelines channel."
    )
    websocket_quality_metrics: bool = _setting(
        "WEBSOCKET_QUALITY_METRICS", True, "Whether live clients receive the quality channel."
    )
    websocket_max_connections: int = _setting(
        "WEBSOCKET_MAX_CONNECTIONS", 100, "Live connections at once; one more is refused.", ge=1
    )

    # Pipelines
    pipeline_engine_mode: Literal["production", "development", "dry-run"] = _setting(
        "PIPELINE_ENGINE_MODE", "production", "How pipeline jobs are carried out."
    )
    pipeline_worker_count: int = _setting(
        "PIPELINE_WORKER_COUNT", 4, "Pipeline jobs that run at once.", ge=1, le=256
    )
    pipeline_timeout_seconds: int = _setting(
        "PIPELINE_TIMEOUT_SECONDS",
        3600,
        "Longest time one pipeline run may take, in seconds.",
        ge=1,
    )
    pipeline_log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "PIPELINE_LOG_LEVEL", "info", "Least severity that pipeline runs log."
    )

    # Quality gates
    quality_gate_enforcement: Literal["strict", "warn", "off"] = _setting(
        "QUALITY_GATE_ENFORCEMENT", "strict", "What a failed required gate does."
    )
    quality_gate_cache_enabled: bool = _setting(
        "QUALITY_GATE_CACHE_ENABLED", True, "Whether unchanged input reuses a gate's result."
    )
    quality_pre_commit_timeout: int = _setting(
        "QUALITY_PRE_COMMIT_TIMEOUT", 300, "Longest time of a pre_commit gate, in seconds.", ge=1
    )
    quality_metrics_retention_days: int = _setting(
        "QUALITY_METRICS_RETENTION_DAYS", 90, "Days that quality results are kept.", ge=1
    )

    # GitHub
    github_actions_enabled: bool = _setting(
        "GITHUB_ACTIONS_ENABLED", False, "Whether GitHub Actions may be driven; needs a token."
    )
    github_workflow_prefix: str = _setting(
        "GITHUB_WORKFLOW_PREFIX",
        "gitops-managed",
        "File name prefix of generated workflows.",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
    )
    github_status_updates: bool = _setting(
        "GITHUB_STATUS_UPDATES", True, "Whether results are reported as commit statuses."
    )

    @property
    def database_url(self) -> str:
        """The database to open: DATABASE_URL, or the SQLite file of the data folder."""
        configured = self.database.get_secret_value()
        return configured or f"sqlite:///{self.data_dir / 'gitops-auditor.db'}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in {"127.0.0.1", "::1", "localhost"}

    @property
    def token_required(self) -> bool:
        """Whether HTTP callers must show a bearer token."""
        return self.require_token if self.require_token is not None else not self.loopback


def variable_of(field: FieldInfo) -> str:
    """The environment variable of a setting."""
    return str(field.alias)


VARIABLES: Mapping[str, str] = {
    variable_of(field): name for name, field in Settings.model_fields.items()
}


def load_settings(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read the settings; `overrides` (by field name, None ignored) win over everything.

    Raises InvalidSetting naming the variable and what it may be.
    """
    given = dict(os.environ if environ is None else environ)
    values = {**_file_values(given), **given}
    if "NODE_ENV" in values:
        values.setdefault("GITOPS_ENV", values["NODE_ENV"])
    _refuse_unknown(values)
    known: dict[str, Any] = {
        VARIABLES[key]: value for key, value in values.items() if key in VARIABLES
    }
    known.update({key: value for key, value in overrides.items() if value is not None})
    try:
        return Settings.model_validate(known)
    except ValidationError as invalid:
        raise _explain(invalid) from None


def _file_values(environ: Mapping[str, str]) -> dict[str, str]:
    named = environ.get("GITOPS_ENV_FILE")
    if not named:
        return {}
    path = Path(named)
    if not path.is_file():
        raise InvalidSetting(
            f"GITOPS_ENV_FILE names {named}, which is not a file.",
            hint="Create it or unset the variable.",
        )
    return {key: value for key, value in dotenv_values(path).items() if value is not None}


def _refuse_unknown(values: Mapping[str, str]) -> None:
    for name in values:
        if name.startswith(PREFIX) and name not in VARIABLES and name != "GITOPS_ENV_FILE":
            near = difflib.get_close_matches(name, VARIABLES, 1)
            hint = f"Did you mean {near[0]}?" if near else "See `gitops-auditor config show`."
            raise InvalidSetting(f"There is no setting {name}.", hint=hint)


def _explain(invalid: ValidationError) -> InvalidSetting:
    first = invalid.errors(include_url=False, include_context=False, include_input=False)[0]
    name = str(first["loc"][0])
    field = Settings.model_fields.get(name)
    variable = variable_of(field) if field else name
    sentence = field.description if field else ""
    return InvalidSetting(
        f"{variable} is not understood: {first['msg']}.",
        hint=f"{sentence}",
        details={"variable": variable},
    )
