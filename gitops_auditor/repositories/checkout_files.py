"""The files of a new repository that are written by hand: layout, shallow history, tags.

Forms as in gitrepository-layout(5) and shallow(5). Everything here blocks.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from gitops_auditor.errors import TooLarge, Unavailable
from gitops_auditor.repositories.git_config import parse_config, value_of
from gitops_auditor.repositories.git_directory import OBJECT_ID, GitDirectory, read_regular
from gitops_auditor.repositories.regular_files import OPEN_FLAGS, read_and_close

_CONFIG = """[core]
\trepositoryformatversion = {version}
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
[gc]
\tauto = 0
"""
_SHA256 = "[extensions]\n\tobjectformat = sha256\n"
_UNBORN = "ref: refs/heads/main\n"
_SHALLOW_LIMIT = 16 * 1024 * 1024
_ATTRIBUTES_LIMIT = 64 * 1024
_SUBMODULE = b"160000"


def lay_out(folder: Path, source: GitDirectory, commit: str | None, tags: dict[str, str]) -> None:
    """Make `.git` of an empty folder, with the object folder of the source as its alternate."""
    git_dir = folder / ".git"
    try:
        for inner in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
            (git_dir / inner).mkdir(parents=True)
    except OSError as error:
        raise Unavailable(
            f"The checkout could not be made in {folder}: {error.strerror}.",
            hint="Check the free space and who may write there.",
        ) from None
    _write(git_dir / "config", _config(source, commit))
    _write(git_dir / "HEAD", f"{commit}\n" if commit else _UNBORN)
    _write(git_dir / "objects/info/alternates", quoted(source.common_dir / "objects") + "\n")
    if tags:
        lines = [f"{target} {name}\n" for name, target in sorted(tags.items(), key=_as_bytes)]
        _write(git_dir / "packed-refs", "".join(lines))
    shallow = shallow_commits(source)
    if shallow:
        _write(git_dir / "shallow", shallow)


def _config(source: GitDirectory, commit: str | None) -> str:
    sha256 = len(commit) == 64 if commit else object_format(source) == "sha256"
    return _CONFIG.format(version=int(sha256)) + (_SHA256 if sha256 else "")


def object_format(source: GitDirectory) -> str | None:
    """What the configuration says of the ids: `sha256`, or None for those of 40 digits."""
    config = read_regular(source.common_dir / "config", limit=4 * 1024 * 1024) or b""
    entries = parse_config(config.decode("utf-8", "replace"))
    return value_of(entries, "extensions", "", "objectformat")


def _as_bytes(tag: tuple[str, str]) -> bytes:
    return os.fsencode(tag[0])


def quoted(path: Path) -> str:
    """A path as the file of alternates wants it when it holds special characters."""
    plain = frozenset(range(32, 127)) - set(b'"\\')
    text = os.fsencode(path.absolute())
    escaped = "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in text)
    return f'"{escaped}"'


def shallow_commits(source: GitDirectory) -> str:
    """The commits whose parents the source lacks itself."""
    content = read_regular(source.common_dir / "shallow", limit=_SHALLOW_LIMIT) or b""
    lines = content.decode("ascii", "replace").splitlines()
    return "".join(f"{line}\n" for line in lines if OBJECT_ID.fullmatch(line))


def cut_history(folder: Path, history: bytes) -> None:
    """End the history where the listed commits (id and parents, a line each) do."""
    rows = [line.split() for line in history.decode("ascii").splitlines()]
    listed = {row[0] for row in rows}
    ends = [row[0] for row in rows if not listed.issuperset(row[1:])]
    shallow = folder / ".git/shallow"
    known = shallow.read_text("ascii").split() if shallow.exists() else []
    kept = sorted({*ends, *(commit for commit in known if commit in listed)})
    if kept:
        _write(shallow, "".join(f"{commit}\n" for commit in kept))
    else:
        shallow.unlink(missing_ok=True)


def write_head(folder: Path, commit: str) -> None:
    """Check a commit out in name: HEAD is detached at it."""
    _write(folder / ".git/HEAD", f"{commit}\n")


def drop_source(folder: Path) -> None:
    """Stand alone from here on."""
    (folder / ".git/objects/info/alternates").unlink()


def keep_tags(folder: Path, checked: bytes) -> None:
    """Drop the tags whose objects `git cat-file --batch-check` does not find."""
    lines = [line.split(" ") for line in checked.decode("ascii", "replace").splitlines()]
    here = {words[0] for words in lines if len(words) == 3}
    packed = folder / ".git/packed-refs"
    refs = packed.read_text("utf-8", "surrogateescape").splitlines(keepends=True)
    _write(packed, "".join(line for line in refs if line.partition(" ")[0] in here))


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Listing:
    """What a commit holds: `files` counts links too, `attributes` are paths of .gitattributes."""

    files: int
    bytes: int
    submodules: tuple[str, ...]
    attributes: tuple[str, ...]

    def notes(self, folder: Path) -> tuple[str, ...]:
        """What a job in the checkout may miss."""
        found = []
        if self.submodules:
            shown = ", ".join(self.submodules[:5])
            found.append(f"Submodules are not fetched, their folders are empty: {shown}.")
        if any(_names_lfs(folder / name) for name in self.attributes[:100]):
            found.append("Files kept by git-lfs are not fetched, their pointers stand instead.")
        return tuple(found)


def check_size(size: int, files: int, max_bytes: int, max_files: int) -> None:
    """Raise TooLarge when it is more than may be written."""
    if size > max_bytes:
        raise TooLarge(
            f"The files to check out have {size} bytes, more than {max_bytes}.",
            hint="Raise PIPELINE_JOB_DISK_BYTES.",
            details={"limit": max_bytes},
        )
    if files > max_files:
        raise TooLarge(
            f"There are {files} files to check out, more than {max_files}.",
            hint="Split the repository, or ignore what a run does not need.",
            details={"limit": max_files},
        )


def parse_listing(listing: bytes) -> Listing:
    """The sum of `git ls-tree -r -l -z`: mode, type, id and size, a tab, the path, a zero."""
    records = listing.split(b"\0")[:-1]
    heads = [record.partition(b"\t") for record in records]
    sizes = [head.rpartition(b" ")[2] for head, _, _ in heads]
    submodules = [path for head, _, path in heads if head.startswith(_SUBMODULE)]
    attributes = [path for _, _, path in heads if path.rpartition(b"/")[2] == b".gitattributes"]
    return Listing(
        files=len(records),
        bytes=sum(int(size) for size in sizes if size.isdigit()),
        submodules=tuple(path.decode("utf-8", "backslashreplace") for path in submodules),
        attributes=tuple(map(os.fsdecode, attributes)),
    )


def _names_lfs(path: Path) -> bool:
    try:
        content = read_and_close(os.open(path, OPEN_FLAGS | os.O_NOFOLLOW), _ATTRIBUTES_LIMIT)
    except (OSError, ValueError):
        return False
    return b"filter=lfs" in content
