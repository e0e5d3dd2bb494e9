"""Requirements files of pip and pip-tools, and constraints files.

pip documentation, chapter "Requirements File Format".
"""

import re
from collections.abc import Iterator

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path, weaker
from gitops_auditor.dependencies.manifests.name_scope import group_scope
from gitops_auditor.dependencies.manifests.python_names import (
    git_address,
    python_requirement,
)
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.repository_path import outside_path
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    ManifestFacts,
    Problem,
    Reference,
    Scope,
)

_COMMENT = re.compile(r"(?:^|\s+)#.*$")
_OPTIONS = re.compile(r"\s+--?[A-Za-z].*$")
_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s+|=)(.+)")
_LOCAL = re.compile(r"\.{0,2}/|\.{1,2}(?:\[|$)|file:|.*\.(?:whl|tar\.gz|zip)$")
_CLAIMED = re.compile(
    r"(?:^|/)(?:[^/]*requirements?[^/]*|[^/]*constraints[^/]*|requirements/[^/]+|reqs/[^/]+)"
    r"\.(?:txt|in|pip|lock|old)$"
)
_CONSTRAINTS_CONFIDENCE = 0.8
_MAX_PROBLEMS = 20


def read_requirements(file: ManifestFile) -> ManifestFacts:
    """Every requirement of a requirements file.

    Included files (`-r`, `-c`) are read as files of their own. A constraints file binds only what
    something else asks for, so its lines have less confidence.
    """
    scope = _file_scope(file.path)
    confidence = _CONSTRAINTS_CONFIDENCE if "constraints" in file.name else 1.0
    declarations: list[Declaration] = []
    problems: list[Problem] = []
    for line, text in _logical_lines(file.text):
        requirement = _requirement_part(text)
        if not requirement or _is_local(requirement):
            declarations.extend(_outside(file.path, requirement, line, scope))
            continue
        found = python_requirement(requirement, line=line, scope=scope, confidence=confidence)
        if found is not None:
            declarations.append(found)
        elif len(problems) < _MAX_PROBLEMS:
            problems.append(Problem(f"Not a requirement: {requirement[:80]}", line, 1))
    return ManifestFacts(tuple(declarations), problems=tuple(problems))


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their number, continued lines joined and comments taken off."""
    start, parts = 0, []
    for number, line in enumerate(text.splitlines(), start=1):
        start = start or number
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            parts.append(line[:-1])
            continue
        joined = _COMMENT.sub("", "".join([*parts, line])).strip()
        if joined:
            yield start, joined
        start, parts = 0, []
    rest = "".join(parts).strip()
    if rest:
        yield start, rest


def _requirement_part(text: str) -> str:
    """The requirement of a line, without options of pip; empty when the line is only an option."""
    editable = _EDITABLE.match(text)
    if editable:
        return editable.group(1).strip().strip("\"'")
    if text.startswith("-"):
        return ""
    return _OPTIONS.sub("", text).strip()


def _is_local(requirement: str) -> bool:
    return (
        _LOCAL.match(requirement) is not None
        and git_address(requirement) is None
        and ("://" not in requirement or requirement.startswith("file:"))
    )


def _outside(path: str, requirement: str, line: int, scope: Scope) -> Iterator[Declaration]:
    """A folder of another repository that is checked out beside this one."""
    target = requirement.removeprefix("file:").partition("[")[0].strip()
    outside = outside_path(path, target)
    if outside:
        reference = Reference("repository", outside)
        kind = ConstraintKind.PATH
        yield Declaration(
            DependencyType.PYTHON, requirement, reference, target, kind, scope, 1.0, line
        )


def _file_scope(path: str) -> Scope:
    stem = path.rpartition("/")[2].rpartition(".")[0]
    return weaker(scope_of_path(path), group_scope(stem))


def _claims(path: str) -> bool:
    return _CLAIMED.search(path) is not None


READER = ManifestReader(
    name="python-requirements",
    read=read_requirements,
    claim_suffixes=(".txt", ".in", ".pip", ".lock", ".old"),
    claims=_claims,
)
