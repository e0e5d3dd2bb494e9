"""What a constraint becomes when another version is wanted, in the form that it has. Pure."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from gitops_auditor.dependencies.models import ConstraintKind, Declaration, DependencyType
from gitops_auditor.dependencies.versions import allows, order, parse
from gitops_auditor.orchestrator.rendering.bump import pins
from gitops_auditor.orchestrator.rendering.bump.clauses import (
    clauses,
    last_alternative,
    rewritten,
)
from gitops_auditor.orchestrator.rendering.bump.refusals import downgrade, not_in_form
from gitops_auditor.orchestrator.rendering.bump.wanted import Wanted, is_older, parse_wanted

_VARIABLE: Final = re.compile(r"[${}]")
_DIGIT: Final = re.compile(r"\d")
_TAGGED: Final = frozenset({"image", "repository", "config"})
_NOTHING_TO_RAISE: Final[Mapping[ConstraintKind, str]] = {
    ConstraintKind.NONE: "asks for any version",
    ConstraintKind.WORKSPACE: "takes what lies in the workspace",
    ConstraintKind.CATALOG: "takes its version from a catalog",
    ConstraintKind.PATH: "takes a folder",
    ConstraintKind.URL: "takes an address",
    ConstraintKind.DYNAMIC: "takes a version that is computed",
}


class Target(NamedTuple):
    """What is to be written; equal to what stands there when `kept` says why."""

    constraint: str
    kept: str = ""


def target(declaration: Declaration, version: str) -> Target:
    """The constraint that asks for `version`.

    Raises WorkFailed for an older version, for a commit or digest that is not known, and when the
    form does not admit the version.
    """
    now, kind = declaration.constraint, declaration.constraint_kind
    if kind in _NOTHING_TO_RAISE or not now.strip() or now.strip() in {"*", "x", "X", "+"}:
        return Target(now, _NOTHING_TO_RAISE.get(kind, _NOTHING_TO_RAISE[ConstraintKind.NONE]))
    wanted = parse_wanted(version)
    if _VARIABLE.search(now):
        return Target(now, _NOTHING_TO_RAISE[ConstraintKind.DYNAMIC])
    if kind is ConstraintKind.RANGE and not _DIGIT.search(now):
        return Target(now, f"names no version ({now})")
    if kind is ConstraintKind.TAG and wanted.numbers and not pins.is_version_tag(now):
        return Target(now, f"follows {now}")
    raised = _raised(declaration, wanted)
    return Target(raised) if raised != now else Target(now, f"asks for {now} already")


def _raised(declaration: Declaration, wanted: Wanted) -> str:
    now, kind = declaration.constraint, declaration.constraint_kind
    ecosystem = declaration.reference.namespace
    if pins.is_digest(now):
        return pins.digest(now, wanted)
    if kind is ConstraintKind.COMMIT and ecosystem != "go":
        return pins.commit(now, wanted)
    if kind is ConstraintKind.TAG or (ecosystem in _TAGGED and kind is not ConstraintKind.RANGE):
        return _tagged(declaration, wanted)
    if not wanted.numbers or (ecosystem not in _TAGGED and order(ecosystem, wanted.bare) is None):
        raise not_in_form(now, wanted.text)
    if ecosystem == "go":
        return _checked(ecosystem, now, pins.go_version(declaration.name, now, wanted), wanted, now)
    if ecosystem == "maven":
        raised = pins.maven_version(now, wanted)
        return _checked(ecosystem, now, raised, wanted, pins.maven_floor(now))
    return _compared(ecosystem, now, wanted)


def _tagged(declaration: Declaration, wanted: Wanted) -> str:
    if declaration.reference.namespace == "image":
        return pins.image_tag(declaration.constraint, wanted)
    follows = declaration.type is DependencyType.CI
    return pins.git_tag(declaration.constraint, wanted, follows_major=follows)


def _compared(ecosystem: str, now: str, wanted: Wanted) -> str:
    alternative = last_alternative(now)
    found = clauses(alternative)
    if not found:
        raise not_in_form(now, wanted.text)
    raised = rewritten(ecosystem, alternative, wanted)
    if raised == alternative and alternative != now:
        raised = now if allows(parse(ecosystem, now, ConstraintKind.RANGE), wanted.bare) else raised
    if raised != now:
        for clause in found:
            if clause.is_floor and is_older(ecosystem, wanted.bare, clause.version):
                raise downgrade(now, wanted.text)
    return _checked(ecosystem, now, raised, wanted, "")


def _checked(ecosystem: str, now: str, raised: str, wanted: Wanted, floor: str) -> str:
    """What was made, when it admits the version and is not older than what stands there."""
    if raised != now and floor and is_older(ecosystem, wanted.bare, floor):
        raise downgrade(now, wanted.text)
    if allows(parse(ecosystem, raised, ConstraintKind.RANGE), wanted.bare) is False:
        raise not_in_form(now, wanted.text)
    return raised
