"""What a constraint becomes, and that it keeps its form."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gitops_auditor.dependencies.models import (
    NAMESPACES,
    ConstraintKind,
    Declaration,
    DependencyType,
    Reference,
    Scope,
)
from gitops_auditor.dependencies.versions import allows, parse
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.rendering.bump.constraints import target

NPM, PYTHON, DOCKER = DependencyType.NPM, DependencyType.PYTHON, DependencyType.DOCKER
CI, HOOK, GIT = DependencyType.CI, DependencyType.PRE_COMMIT, DependencyType.GIT
GO, RUST, JVM = DependencyType.GO, DependencyType.RUST, DependencyType.JVM
TERRAFORM, HELM = DependencyType.TERRAFORM, DependencyType.HELM
RANGE, EXACT = ConstraintKind.RANGE, ConstraintKind.EXACT
TAG, COMMIT = ConstraintKind.TAG, ConstraintKind.COMMIT
DIGEST = "sha256:" + "a" * 64
SHA, OTHER_SHA = "a" * 40, "b" * 40

Case = tuple[DependencyType, ConstraintKind, str, str, str]

RAISED: list[Case] = [
    (NPM, RANGE, "^1.2.0", "2.0", "^2.0.0"),
    (NPM, RANGE, "^1.2", "2.3.4", "^2.3.4"),
    (NPM, RANGE, "^1", "2.0.0", "^2"),
    (NPM, RANGE, "~1.2", "2.0", "~2.0"),
    (NPM, RANGE, "~1", "2.3.4", "~2"),
    (NPM, EXACT, "1.2.3", "2.0.0", "2.0.0"),
    (NPM, EXACT, "=1.2.3", "v2.0.0", "=2.0.0"),
    (NPM, EXACT, "v1.2.3", "2.0", "v2.0.0"),
    (NPM, RANGE, "1.x", "2.3.4", "2.x"),
    (NPM, RANGE, "1.2.x", "2.3.4", "2.3.x"),
    (NPM, RANGE, "1.2", "2.3.4", "2.3"),
    (NPM, RANGE, ">= 1.0.0 < 2.0.0", "2.3.4", ">= 2.3.4 < 3.0.0"),
    (NPM, RANGE, ">1.2", "2.0", ">=2.0"),
    (NPM, RANGE, "1.2.3 - 1.9", "2.3.4", "2.3.4 - 2.3"),
    (NPM, RANGE, "^1.0.0 || ^2.0.0", "3.1.0", "^3.1.0"),
    (NPM, RANGE, "^1.0.0", "2.0.0-rc.1", "^2.0.0-rc.1"),
    (NPM, RANGE, "<=1.9.9", "2.0.0", "<=2.0.0"),
    (PYTHON, RANGE, "~=1.4", "2.0", "~=2.0"),
    (PYTHON, RANGE, "~=1.4", "2.3.4", "~=2.3"),
    (PYTHON, RANGE, ">=1,<2", "2.0", ">=2.0,<3"),
    (PYTHON, RANGE, ">=1.4, <1.5, !=1.4.2", "2.3.4", ">=2.3.4, <2.4, !=1.4.2"),
    (PYTHON, RANGE, ">=1.2", "1.9.1", ">=1.9.1"),
    (PYTHON, RANGE, "<2", "2.1", "<3"),
    (PYTHON, EXACT, "==1.2.3", "2.0", "==2.0.0"),
    (PYTHON, EXACT, "===1.2", "2.0.1", "===2.0.1"),
    (PYTHON, RANGE, "==1.*", "2.3.4", "==2.*"),
    (PYTHON, RANGE, "^1.2", "2.0", "^2.0"),
    (RUST, RANGE, "1.2", "2.3.4", "2.3.4"),
    (RUST, RANGE, "1", "2.0.0", "2"),
    (RUST, RANGE, ">=1, <2", "2.3.4", ">=2.3.4, <3"),
    (RUST, EXACT, "=1.0.3", "1.0.9", "=1.0.9"),
    (TERRAFORM, RANGE, "~> 1.2", "2.3.4", "~> 2.3"),
    (TERRAFORM, EXACT, "1.2.3", "2.3.4", "2.3.4"),
    (TERRAFORM, RANGE, ">= 1.0, < 2.0", "2.3.4", ">= 2.3.4, < 3.0"),
    (HELM, RANGE, "~1.2.0", "2.3.4", "~2.3.4"),
    (HELM, RANGE, "1.x.x", "2.3.4", "2.x.x"),
    (JVM, EXACT, "1.0", "2.0", "2.0"),
    (JVM, RANGE, "[1.0,2.0)", "2.0", "[2.0,3.0)"),
    (JVM, RANGE, "(1.0, 2.0]", "2.5", "[2.5, 2.5]"),
    (JVM, RANGE, "[1.0,)", "2.0", "[2.0,)"),
    (JVM, RANGE, "1.+", "2.3", "2.+"),
    (JVM, EXACT, "1.2!!", "2.0", "2.0!!"),
    (GO, RANGE, "v1.2.3", "1.4", "v1.4.0"),
    (GO, COMMIT, "v0.0.0-20240101000000-0123456789ab", "0.3.0", "v0.3.0"),
    (GO, RANGE, "v2.0.0+incompatible", "3.1.0", "v3.1.0+incompatible"),
    (DOCKER, EXACT, "3.11-slim", "3.12", "3.12-slim"),
    (DOCKER, EXACT, "3.11-slim-bookworm", "3.12.4", "3.12-slim-bookworm"),
    (DOCKER, EXACT, "v1.2.3", "2.0.0", "v2.0.0"),
    (DOCKER, EXACT, "7", "8.0.1", "8"),
    (DOCKER, EXACT, "2026-06-29", "2027.1.2", "2027.1.2"),
    (DOCKER, EXACT, "3.11-slim", "3.12-alpine", "3.12-alpine"),
    (DOCKER, EXACT, f"3.11@{DIGEST}", f"3.12@{DIGEST}", f"3.12@{DIGEST}"),
    (CI, TAG, "v4", "5.0.1", "v5"),
    (CI, TAG, "v4", "5", "v5"),
    (CI, EXACT, "v4.1.0", "5.0", "v5.0.0"),
    (CI, COMMIT, SHA, OTHER_SHA, OTHER_SHA),
    (CI, TAG, "v4", OTHER_SHA, OTHER_SHA),
    (HOOK, EXACT, "v1.2.3", "2.0.0", "v2.0.0"),
    (GIT, EXACT, "lib-v1.2.0", "2.0.1", "lib-v2.0.1"),
    (GIT, RANGE, "^1.2.0", "2.0.0", "^2.0.0"),
]

KEPT: list[Case] = [
    (NPM, ConstraintKind.NONE, "*", "2.0", "any version"),
    (NPM, ConstraintKind.WORKSPACE, "workspace:^", "2.0", "workspace"),
    (NPM, ConstraintKind.CATALOG, "catalog:#lib", "2.0", "catalog"),
    (NPM, ConstraintKind.PATH, "file:../lib", "2.0", "folder"),
    (NPM, ConstraintKind.URL, "https://a.example/lib.tgz", "2.0", "address"),
    (NPM, TAG, "latest", "2.0.0", "follows latest"),
    (DOCKER, TAG, "latest", "2.0", "follows latest"),
    (DOCKER, ConstraintKind.DYNAMIC, "${TAG}", "2.0", "computed"),
    (PYTHON, RANGE, "=$(cat version)", "2.0", "computed"),
    (PYTHON, RANGE, "=*=openblas", "2.0", "no version"),
    (GIT, TAG, "main", "2.0", "follows main"),
    (NPM, RANGE, "^2.0.0", "2.0.0", "already"),
    (PYTHON, RANGE, "<3", "2.0", "already"),
]

REFUSED: list[Case] = [
    (NPM, RANGE, "^3.1.0", "2.0.0", "2.0.0 is older"),
    (PYTHON, EXACT, "==3.0", "2.0", "2.0 is older"),
    (DOCKER, EXACT, "3.12-slim", "3.11", "3.11 is older"),
    (CI, TAG, "v5", "4.2.0", "4.2.0 is older"),
    (JVM, RANGE, "[3.0,4.0)", "2.0", "2.0 is older"),
    (GO, RANGE, "v1.9.0", "1.2.0", "1.2.0 is older"),
    (GO, RANGE, "v1.9.0", "2.0.0", "another module path"),
    (DOCKER, EXACT, f"3.11@{DIGEST}", "3.12", "digest is not known"),
    (CI, COMMIT, SHA, "5.0", "commit id is not known"),
    (PYTHON, RANGE, "!=2.0", "2.0", "cannot be written"),
    (NPM, RANGE, "1.x", "2.0.0-rc.1", "cannot be written"),
    (NPM, RANGE, "^1.0.0", "newest", "cannot be written"),
]


def declaration(type_: DependencyType, kind: ConstraintKind, constraint: str) -> Declaration:
    reference = Reference(NAMESPACES[type_], "example.org/lib")
    return Declaration(type_, "example.org/lib", reference, constraint, kind, Scope.RUNTIME, 1.0, 1)


@pytest.mark.parametrize(("type_", "kind", "now", "version", "expected"), RAISED)
def test_a_constraint_keeps_its_form(
    type_: DependencyType, kind: ConstraintKind, now: str, version: str, expected: str
) -> None:
    assert target(declaration(type_, kind, now), version).constraint == expected


@pytest.mark.parametrize(("type_", "kind", "now", "version", "reason"), KEPT)
def test_what_states_no_version_stays_and_says_why(
    type_: DependencyType, kind: ConstraintKind, now: str, version: str, reason: str
) -> None:
    found = target(declaration(type_, kind, now), version)
    assert found.constraint == now
    assert reason in found.kept


@pytest.mark.parametrize(("type_", "kind", "now", "version", "reason"), REFUSED)
def test_what_cannot_be_raised_is_refused(
    type_: DependencyType, kind: ConstraintKind, now: str, version: str, reason: str
) -> None:
    with pytest.raises(WorkFailed, match=re.escape(reason)):
        target(declaration(type_, kind, now), version)


def test_a_go_module_path_with_its_major_version_takes_that_version() -> None:
    asked = declaration(GO, RANGE, "v2.0.0")._replace(name="example.org/lib/v2")
    assert target(asked, "2.4.1").constraint == "v2.4.1"
    with pytest.raises(WorkFailed, match="another module path"):
        target(asked, "3.0.0")


NUMBER = st.integers(0, 40)
VERSIONS = st.tuples(NUMBER, NUMBER, NUMBER)
FORMS = {
    NPM: ["^{0}", "~{0}", "{0}", ">={0} <{1}", "^{2}", "~{2}", "{2}.x", "{0} - {1}", ">{0}"],
    PYTHON: ["=={0}", "~={2}", ">={0},<{1}", ">={2}, !={0}", "==*", "^{0}", "=={2}.*", ">{0}"],
    RUST: ["{0}", "={0}", "~{2}", ">={0}, <{1}", "{2}"],
    TERRAFORM: ["~> {2}", ">= {0}, < {1}", "{0}", "= {0}", "~> {0}"],
    HELM: ["^{0}", "~{2}", "{2}.x", ">= {0} < {1}", "{0}"],
    JVM: ["{0}", "[{0},{1})", "[{0},)", "{2}.+", "[{0}, {1}]"],
}


@given(st.sampled_from(sorted(FORMS)), st.data())
def test_a_raised_constraint_admits_the_version_and_raising_it_again_changes_nothing(
    type_: DependencyType, data: st.DataObject
) -> None:
    old, new = sorted(data.draw(st.tuples(VERSIONS, VERSIONS)))
    assume(old != new)
    full = ".".join(map(str, old))
    beyond = f"{old[0] + 1}.0.0"
    form = data.draw(st.sampled_from(FORMS[type_]))
    now = form.format(full, beyond, ".".join(map(str, old[:2])))
    version = ".".join(map(str, new))
    raised = target(declaration(type_, RANGE, now), version).constraint
    assert allows(parse(NAMESPACES[type_], raised, RANGE), version)
    assert target(declaration(type_, RANGE, raised), version).constraint == raised
    kept = [re.findall(r"[<=~^!]+|[\[\](),|*+x]|>", one) for one in (now, raised)]
    assert kept[0] == kept[1] or ">" in kept[0]


@given(VERSIONS, VERSIONS, st.sampled_from(sorted(FORMS)), st.sampled_from(["^{}", "{}", ">={}"]))
def test_an_older_version_is_never_written(
    one: tuple[int, int, int], other: tuple[int, int, int], type_: DependencyType, form: str
) -> None:
    older, newer = sorted((one, other))
    assume(older != newer and not (type_ in {TERRAFORM, JVM} and form != "{}"))
    now = form.format(".".join(map(str, newer)))
    with pytest.raises(WorkFailed):
        target(declaration(type_, RANGE, now), ".".join(map(str, older)))
