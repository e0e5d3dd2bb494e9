"""The folders that a server may look at: what is not below one of them does not exist for it."""

import os
from collections.abc import Sequence
from pathlib import Path

from gitops_auditor.errors import InvalidRequest, NotFound, Refused


class Roots:
    """An allow-list of folders. Links are followed before anything is compared."""

    def __init__(self, allowed: Sequence[Path]) -> None:
        self._allowed = tuple(Path(os.path.realpath(folder)) for folder in allowed)

    def folder(self, asked: str | None) -> Path:
        """The folder that is asked for, without links; None means the only one that is allowed.

        Raises InvalidRequest, NotFound, and Refused for one that is not allowed. It blocks.
        """
        if asked is None:
            return self._only()
        if not Path(asked).is_absolute() or "\0" in asked:
            raise InvalidRequest(
                f"`root` has to be an absolute path, not {asked!r}.",
                hint="Write the whole path of the folder.",
            )
        folder = Path(os.path.realpath(asked))
        if not any(folder.is_relative_to(one) for one in self._allowed):
            raise Refused(
                f"{asked} is not below a folder that this server may look at.",
                hint=f"It may look at: {self._named()}. Start it with --root for others.",
            )
        if not folder.is_dir():
            raise NotFound(f"{asked} is not a folder.", hint="Name an existing folder.")
        return folder

    def _only(self) -> Path:
        if len(self._allowed) != 1:
            raise InvalidRequest(
                "`root` is missing.", hint=f"Name the folder to look at; allowed: {self._named()}."
            )
        return self.folder(str(self._allowed[0]))

    def _named(self) -> str:
        return ", ".join(map(str, self._allowed)) or "nothing"


def relative_file(root: Path, name: str, asked: str | None) -> str:
    """A file as tools are told of it: relative to the root with slashes.

    `asked` is the root as the caller wrote it, which absolute names may begin with. Raises
    InvalidRequest for a name outside of the root.
    """
    path = Path(os.path.normpath(name))
    if path.is_absolute():
        bases = [root, *([Path(os.path.normpath(asked))] if asked else [])]
        inside = [path.relative_to(one) for one in bases if path.is_relative_to(one)]
        path = inside[0] if inside else Path("..")
    if not name or "\0" in name or not path.parts or path.parts[0] == "..":
        raise InvalidRequest(
            f"{name!r} is not a file below {root}.",
            hint="Name files relative to `root`, or by their whole path.",
        )
    return path.as_posix()
