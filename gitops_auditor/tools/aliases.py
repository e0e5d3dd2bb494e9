"""Older names of operations, each answered for two minor versions after the renaming."""

ALIASES: dict[str, str] = {
    "scan_repositories": "scan_dependencies",
}
