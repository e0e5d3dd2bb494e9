"""What a repository's configuration of mypy says: whether there is one, and what it is about."""

import configparser
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from gitops_auditor.formats.pattern_syntax import PatternError
from gitops_auditor.formats.patterns import MAX_TEXT, glob

_LARGEST: Final = 2**20

Section = Mapping[str, object]


def section(root: Path) -> Section | None:
    """The first configuration that mypy takes in a folder; None when there is none there."""
    for name, read in _PLACES:
        found = read(_text(root / name)) if (root / name).is_file() else None
        if found is not None:
            return found
    return None


def concerned(stated: Section, files: Sequence[str]) -> tuple[str, ...]:
    """Those below the `files` of a configuration; all when it has none that are understood."""
    try:
        patterns = [glob(one) for path in _listed(stated.get("files")) for one in _below(path)]
    except PatternError:
        return tuple(files)
    if not patterns:
        return tuple(files)
    return tuple(
        file
        for file in files
        if len(file) > MAX_TEXT or any(pattern.search(file) for pattern in patterns)
    )


def _below(path: str) -> list[str]:
    plain = path.strip().removeprefix("./").rstrip("/")
    return ["**"] if plain in {"", "."} else [plain, f"{plain}/**"]


def _listed(value: object) -> list[str]:
    """`files` is a list, or a text with commas between."""
    if isinstance(value, str):
        return [part for part in value.replace("\n", ",").split(",") if part.strip()]
    return [part for part in value if isinstance(part, str)] if isinstance(value, list) else []


def _own(text: str) -> Section:
    return _of_ini(text) or {}


def _of_ini(text: str) -> Section | None:
    read = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        read.read_string(text)
    except configparser.Error:
        return None
    return dict(read["mypy"]) if read.has_section("mypy") else None


def _of_project(text: str) -> Section | None:
    try:
        tools = tomllib.loads(text).get("tool", {})
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    stated = tools.get("mypy") if isinstance(tools, dict) else None
    return stated if isinstance(stated, dict) else None


_PLACES: Final[tuple[tuple[str, Callable[[str], Section | None]], ...]] = (
    ("mypy.ini", _own),
    (".mypy.ini", _own),
    ("pyproject.toml", _of_project),
    ("setup.cfg", _of_ini),
)


def _text(file: Path) -> str:
    """Empty for what is no text that could be read."""
    try:
        return file.read_text(encoding="utf-8") if file.stat().st_size <= _LARGEST else ""
    except (OSError, UnicodeDecodeError):
        return ""
