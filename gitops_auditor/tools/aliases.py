"""Older names of operations. A renamed operation keeps answering to its old name for two minor versions."""

ALIASES: dict[str, str] = {
    "scan_repositories": "scan_dependencies",
}
