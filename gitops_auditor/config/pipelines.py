"""Settings of pipelines, of the jobs they run and of what starts them."""

from typing import Literal

from pydantic import BaseModel, SecretStr

from gitops_auditor.config.fields import Names, OptionalPath, Paths, setting

_WEB_ADDRESS = r"^(https://[^\s/?#@]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)(/[^\s?#]*)?$"


class PipelineSettings(BaseModel, defer_build=True):
    """The part of the settings that pipelines read."""

    pipeline_engine_mode: Literal["production", "development", "dry-run"] = setting(
        "PIPELINE_ENGINE_MODE",
        "production",
        "How jobs are carried out: dry-run logs them and runs nothing, development keeps the"
        " folders of failed runs.",
    )
    pipeline_worker_count: int = setting(
        "PIPELINE_WORKER_COUNT",
        4,
        "Pipeline jobs that run at once; 0 leaves them to workers, which takes PostgreSQL.",
        ge=0,
        le=256,
    )
    dead_seconds: float = setting(
        "PIPELINE_DEAD_SECONDS",
        30.0,
        "On PostgreSQL, seconds without a sign of life after which another process takes the runs"
        " of one over; the same on every machine.",
        ge=2,
        le=3600,
    )
    pipeline_timeout_seconds: int = setting(
        "PIPELINE_TIMEOUT_SECONDS",
        3600,
        "Longest time one pipeline run may take, in seconds.",
        ge=1,
    )
    pipeline_log_level: Literal["debug", "info", "warning", "error"] = setting(
        "PIPELINE_LOG_LEVEL", "info", "Least severity that pipeline runs log."
    )
    job_user: str = setting(
        "PIPELINE_JOB_USER", "nobody", "User that jobs run as when the service runs as root."
    )
    job_folders: Paths = setting(
        "PIPELINE_JOB_FOLDERS",
        (),
        "Folders that jobs may read beside the system's own, such as one with programs that are"
        " installed for one user.",
    )
    minimum_isolation: Literal["cgroup", "bubblewrap", "landlock", "none"] = setting(
        "PIPELINE_MINIMUM_ISOLATION",
        "landlock",
        "Least isolation that jobs run with; below it a run is refused with the remedy.",
    )
    allow_unsandboxed: bool = setting(
        "PIPELINE_ALLOW_UNSANDBOXED",
        False,
        "Whether jobs may run without isolation on a machine that offers none.",
    )
    workspaces: OptionalPath = setting(
        "PIPELINE_WORKSPACES",
        None,
        "Folder of the disposable checkouts. Empty: in the data folder, or below /var/tmp where"
        " the user of the jobs cannot reach that.",
    )
    failed_kept_hours: float = setting(
        "PIPELINE_FAILED_KEPT_HOURS",
        4.0,
        "Hours that the folders of a failed run stay, for a repetition of what failed in it.",
        ge=0,
        le=8760,
    )
    grace_seconds: float = setting(
        "PIPELINE_GRACE_SECONDS",
        5.0,
        "Seconds between asking a job to end and killing it.",
        ge=0,
        le=300,
    )
    job_memory_bytes: int = setting(
        "PIPELINE_JOB_MEMORY_BYTES", 4 * 2**30, "Memory that one job may use.", ge=16 * 2**20
    )
    job_cpus: float = setting(
        "PIPELINE_JOB_CPUS",
        0.0,
        "Processors that one job may keep busy, where the machine offers cgroups; 0 for all.",
        ge=0,
    )
    job_processes: int = setting(
        "PIPELINE_JOB_PROCESSES", 1024, "Processes that one job may run at once.", ge=8
    )
    job_disk_bytes: int = setting(
        "PIPELINE_JOB_DISK_BYTES", 10 * 2**30, "Bytes that one run may write.", ge=2**20
    )
    job_log_bytes: int = setting(
        "PIPELINE_JOB_LOG_BYTES", 64 * 2**20, "Output that one job may write.", ge=2**10
    )
    cache_bytes: int = setting(
        "PIPELINE_CACHE_BYTES", 10 * 2**30, "Size of all caches together.", ge=0
    )
    artifacts_url: str = setting(
        "PIPELINE_ARTIFACTS_URL",
        "",
        "Folder, fsspec URL or mcp://SERVER/path to keep artifacts at; empty means the data folder."
        " Workers on other machines need one that all of them reach.",
    )
    pipeline_storage_url: str = setting(
        "PIPELINE_STORAGE_URL",
        "",
        "Folder, fsspec URL or mcp://SERVER/path that definitions of pipelines are saved to and"
        " loaded from; empty means pipelines in the data folder.",
    )
    artifacts_bytes: int = setting(
        "PIPELINE_ARTIFACTS_BYTES", 2 * 2**30, "Artifacts that one run may keep.", ge=0
    )
    artifacts_kept_days: int = setting(
        "PIPELINE_ARTIFACTS_KEPT_DAYS",
        30,
        "Days that artifacts are kept, unless a job says otherwise.",
        ge=1,
    )
    runs_kept_days: int = setting(
        "PIPELINE_RUNS_KEPT_DAYS",
        0,
        "Days after which finished runs and their logs go under `serve`; 0 keeps them.",
        ge=0,
    )
    push_interval: int = setting(
        "PIPELINE_PUSH_INTERVAL",
        15,
        "Seconds between looks for pushes into registered repositories; 0 turns them off.",
        ge=0,
    )
    secret_variables: Names = setting(
        "PIPELINE_SECRET_VARIABLES",
        (),
        "Variables of the platform's own environment that jobs may ask for as secrets.",
    )
    secret_folder: OptionalPath = setting(
        "PIPELINE_SECRET_FOLDER", None, "Folder of files that jobs may ask for as secrets."
    )
    secret_command: Names = setting(
        "PIPELINE_SECRET_COMMAND",
        (),
        "Program with comma-separated arguments that prints the secret its last argument names.",
    )
    mcp_servers: OptionalPath = setting(
        "GITOPS_MCP_SERVERS",
        None,
        "File that configures the MCP servers to call; empty means mcp-servers.yaml in the data"
        " folder.",
    )

    # GitHub
    github_actions_enabled: bool = setting(
        "GITHUB_ACTIONS_ENABLED", False, "Whether GitHub Actions may be driven; needs a token."
    )
    github_workflow_prefix: str = setting(
        "GITHUB_WORKFLOW_PREFIX",
        "gitops-managed",
        "File name prefix of generated workflows.",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
    )
    github_status_updates: bool = setting(
        "GITHUB_STATUS_UPDATES", True, "Whether results are reported as commit statuses."
    )
    github_url: str = setting(
        "GITHUB_URL",
        "https://github.com",
        "Address of GitHub, as repositories' clone URLs begin; a GitHub Enterprise Server has its"
        " own.",
        pattern=_WEB_ADDRESS,
    )
    github_api_url: str = setting(
        "GITHUB_API_URL",
        "https://api.github.com",
        "Address of GitHub's REST API; https, or http on this machine. That of a GitHub Enterprise"
        " Server ends in /api/v3.",
        pattern=_WEB_ADDRESS,
    )
    github_token: SecretStr = setting(
        "GITHUB_TOKEN", SecretStr(""), "Token for GitHub's API; GitHub is not called without one."
    )
    github_webhook_secret: SecretStr = setting(
        "GITHUB_WEBHOOK_SECRET",
        SecretStr(""),
        "Secret that GitHub signs its webhooks with; without it they are refused.",
    )
