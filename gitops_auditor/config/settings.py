"""Every setting once: its variable, its default and a sentence."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import ConfigDict, SecretStr
from pydantic.fields import FieldInfo

from gitops_auditor.config.fields import Names, OptionalPath, Paths, Rate, setting
from gitops_auditor.config.pipelines import PipelineSettings
from gitops_auditor.config.plans import PlanSettings
from gitops_auditor.config.quality import QualitySettings


class Settings(PlanSettings, QualitySettings, PipelineSettings):
    """The effective settings of one process. Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    # Where things are
    data_dir: Path = setting(
        "GITOPS_DATA_DIR",
        user_data_path("gitops-auditor"),
        "Folder of the database, mirrors, backups, keys and logs.",
    )
    database: SecretStr = setting(
        "DATABASE_URL",
        SecretStr(""),
        "postgresql://user:password@host/name; empty means a SQLite file in the data folder.",
    )
    allowed_roots: Paths = setting(
        "GITOPS_ALLOWED_ROOTS",
        (),
        "Comma-separated folders that repositories may be registered from. Empty: anywhere for the"
        " local user, nowhere for callers over the network.",
    )
    clone_protocols: Names = setting(
        "GITOPS_CLONE_PROTOCOLS", ("https", "ssh"), "Protocols that git may use to clone and fetch."
    )
    allow_private_hosts: bool = setting(
        "GITOPS_ALLOW_PRIVATE_HOSTS",
        False,
        "Whether clone URLs may point into private networks, as a homelab's own forge does.",
    )
    environment: Literal["production", "development", "test"] = setting(
        "GITOPS_ENV",
        "production",
        "Name of this installation's environment; NODE_ENV is accepted too.",
    )

    # The server
    host: str = setting(
        "GITOPS_HOST", "127.0.0.1", "Address to listen on; anything but loopback needs tokens."
    )
    port: int = setting(
        "GITOPS_PORT", 3070, "Port to listen on; 0 takes a free one.", ge=0, le=65535
    )
    public_url: str = setting(
        "GITOPS_URL", "", "Address under which others reach this server, for links and callbacks."
    )
    token: SecretStr = setting(
        "GITOPS_TOKEN", SecretStr(""), "Bearer token that callbacks from elsewhere show."
    )
    tls_cert: OptionalPath = setting(
        "GITOPS_TLS_CERT", None, "Certificate file (PEM) to serve TLS with."
    )
    tls_key: OptionalPath = setting(
        "GITOPS_TLS_KEY", None, "Private key file (PEM) of the certificate."
    )
    require_token: bool | None = setting(
        "GITOPS_REQUIRE_TOKEN",
        None,
        "Whether HTTP callers need a bearer token. Unset: only when not listening on loopback.",
    )
    allowed_hosts: Names = setting(
        "GITOPS_ALLOWED_HOSTS", (), "Further Host headers to accept beside the listening address."
    )
    allowed_origins: Names = setting(
        "GITOPS_ALLOWED_ORIGINS", (), "Further browser origins to accept beside the server's own."
    )
    max_body_bytes: int = setting(
        "GITOPS_MAX_BODY_BYTES", 1_048_576, "Largest request body, in bytes.", ge=1024
    )
    rate_limit_read: Rate = setting(
        "GITOPS_RATE_LIMIT_READ", "600/minute", "Reads that one caller may make on one route."
    )
    rate_limit_write: Rate = setting(
        "GITOPS_RATE_LIMIT_WRITE", "120/minute", "Writes that one caller may make on one route."
    )
    client_timeout: float = setting(
        "GITOPS_CLIENT_TIMEOUT",
        15.0,
        "Seconds that a client may take to send its request before it is disconnected.",
        gt=0,
    )
    read_only: bool = setting("GITOPS_READ_ONLY", False, "Whether every write is unregistered.")
    toolsets: Names = setting(
        "GITOPS_TOOLSETS", (), "Toolsets to offer over MCP; empty offers the default selection."
    )
    tools: Names = setting(
        "GITOPS_TOOLS", (), "Tools to offer over MCP in addition to the toolsets."
    )
    exclude_tools: Names = setting("GITOPS_EXCLUDE_TOOLS", (), "Tools never to offer over MCP.")
    log_level: Literal["debug", "info", "warning", "error"] = setting(
        "GITOPS_LOG_LEVEL", "info", "Least severity that is logged, to standard error."
    )
    events_kept: int = setting(
        "GITOPS_EVENTS_KEPT", 100_000, "Events kept for clients that resume.", ge=1000
    )
    work_kept_days: int = setting(
        "GITOPS_WORK_KEPT_DAYS", 30, "Days that records of finished work are kept.", ge=1
    )
    enable_phase2_features: bool = setting(
        "ENABLE_PHASE2_FEATURES",
        True,
        "Whether pipelines, dependencies, quality and templates are offered at all.",
    )

    # Dependencies
    dependency_scan_interval: int = setting(
        "DEPENDENCY_SCAN_INTERVAL",
        3600,
        "Seconds between rescans under `serve`; 0 turns them off.",
        ge=0,
    )
    dependency_cache_ttl: int = setting(
        "DEPENDENCY_CACHE_TTL",
        86400,
        "Seconds after which a dependency that no scan confirmed counts as stale.",
        ge=1,
    )
    dependency_analysis_depth: int = setting(
        "DEPENDENCY_ANALYSIS_DEPTH",
        3,
        "Hops that an impact analysis follows unless asked for more; a cut is reported.",
        ge=1,
        le=100,
    )

    # Live updates
    websocket_pipeline_updates: bool = setting(
        "WEBSOCKET_PIPELINE_UPDATES", True, "Whether live clients receive the pipelines channel."
    )
    websocket_quality_metrics: bool = setting(
        "WEBSOCKET_QUALITY_METRICS", True, "Whether live clients receive the quality channel."
    )
    websocket_max_connections: int = setting(
        "WEBSOCKET_MAX_CONNECTIONS", 100, "Live connections at once; one more is refused.", ge=1
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
