"""Which folders may be registered, and by whom."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import anyio.to_thread

from gitops_auditor.errors import InvalidRequest, NotFound, Refused
from gitops_auditor.identity import Principal
from gitops_auditor.repositories.git_directory import GitDirectory
from gitops_auditor.repositories.git_urls import CloneUrl


class Boundaries:
    """The allowed roots of this installation.

    With roots, everybody is held to them. Without, the user of this machine may name any folder and
    whoever comes with a token none: a token must not turn into a look at the whole disk.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = tuple(roots)

    async def folder(self, path: Path, principal: Principal) -> Path:
        """The real path of an existing folder inside the boundaries, links resolved.

        Raises InvalidRequest for what is no path, NotFound and Refused.
        """
        return await anyio.to_thread.run_sync(self._folder, path, principal)

    async def check_layout(self, layout: GitDirectory, principal: Principal) -> None:
        """Refuse a repository whose data lies outside, for example by its `.git` file."""
        if self._roots or principal.kind == "token":
            await anyio.to_thread.run_sync(self._check_layout, layout, principal)

    async def check_file_url(self, url: CloneUrl, principal: Principal) -> None:
        """Refuse a `file:` URL, where those are allowed at all, that leads outside."""
        if url.scheme == "file":
            await self.folder(Path(unquote(urlsplit(url.url).path)), principal)

    def holds(self, path: Path, principal: Principal) -> bool:
        """Whether a resolved path is inside; blocking, since the roots are resolved too."""
        if not self._roots:
            return principal.kind != "token"
        return any(path.is_relative_to(root.resolve()) for root in self._roots)

    def _folder(self, path: Path, principal: Principal) -> Path:
        _check_printable(path)
        try:
            resolved = path.resolve(strict=True)
            is_folder = resolved.is_dir()
        except (OSError, RuntimeError):
            # Outside, whether a path exists is nobody's business.
            self._require(_resolved_as_far_as_possible(path), principal)
            raise _missing(path) from None
        self._require(resolved, principal)
        if not is_folder:
            raise _missing(path)
        _check_printable(resolved)
        return resolved

    def _check_layout(self, layout: GitDirectory, principal: Principal) -> None:
        for folder in (layout.git_dir, layout.common_dir):
            self._require(folder.resolve(), principal)

    def _require(self, path: Path, principal: Principal) -> None:
        if not self.holds(path, principal):
            raise Refused(
                f"{path} is outside the folders that may be registered.",
                hint="Add its parent to GITOPS_ALLOWED_ROOTS on the server.",
            )


def _check_printable(path: Path) -> None:
    if not str(path).isprintable():
        raise InvalidRequest(
            f"The path {str(path)[:200]!r} has characters that cannot be shown.",
            hint="Give another path, or rename the folder.",
        )


def _resolved_as_far_as_possible(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute().parent


def _missing(path: Path) -> NotFound:
    return NotFound(
        f"There is no folder {str(path)!r}.", hint="Give the path of an existing folder."
    )
