"""Where a report of quality goes: a file that the user named, or where reports are kept."""

from pathlib import Path

from gitops_auditor.app import Platform
from gitops_auditor.cli.terminal import write_bytes

SCHEME = "://"


async def keep_report(platform: Platform, name: str, content: bytes, output: str | None) -> str:
    """Write the report to the file or URL `output`, else to the configured place; says where.

    Raises Unavailable when that is not possible, and InvalidSetting for a URL that is not
    understood.
    """
    configured = platform.settings.reports_url
    if output is not None and SCHEME in output:
        scheme, _, rest = output.partition(SCHEME)
        folder, _, given = rest.rpartition("/")
        return await _kept(
            platform, f"{scheme}{SCHEME}{folder}", given or name, content, "--output"
        )
    if output is None and configured:
        return await _kept(platform, configured, name, content, "GITOPS_REPORTS_URL")
    path = Path(output) if output is not None else _own_folder(platform) / name
    write_bytes(path, content)
    return str(path)


async def _kept(platform: Platform, location: str, name: str, content: bytes, variable: str) -> str:
    from gitops_auditor.connections.files.opening import open_files

    files = open_files(location, platform.services.pipelines.connections, variable)
    await files.write(name, content)
    # A URL may hold a password.
    return f"{location.rstrip('/')}/{name}" if "@" not in location else name


def _own_folder(platform: Platform) -> Path:
    folder = platform.settings.data_dir / "reports"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
