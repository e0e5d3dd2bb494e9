"""Declarations of a git repository at a ref."""

import re

from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    Reference,
    Scope,
)

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")


def git_declaration(name: str, identity: str, ref: str, *, line: int, scope: Scope) -> Declaration:
    """A dependency on repository `identity` (`host/owner/name`), at `ref` when one is given."""
    reference = Reference("repository", identity.lower())
    return Declaration(DependencyType.GIT, name, reference, ref, ref_kind(ref), scope, 1.0, line)


def ref_kind(ref: str) -> ConstraintKind:
    """How a git ref binds: a full object id is a commit, any other name moves."""
    if not ref:
        return ConstraintKind.NONE
    if "$" in ref or "{" in ref:
        return ConstraintKind.DYNAMIC
    return ConstraintKind.COMMIT if _COMMIT.match(ref) else ConstraintKind.TAG
