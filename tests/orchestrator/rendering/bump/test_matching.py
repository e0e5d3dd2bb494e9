"""Which declarations a name means."""

import pytest

from gitops_auditor.dependencies.models import (
    NAMESPACES,
    ConstraintKind,
    Declaration,
    DependencyType,
    Reference,
    Scope,
)
from gitops_auditor.orchestrator.changes import BumpDependency
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.rendering.bump.matching import matcher, require_one_kind
from gitops_auditor.orchestrator.rendering.names_in_files import needle


def declared(type_: DependencyType, name: str, reference: Reference | None = None) -> Declaration:
    reference = reference or Reference(NAMESPACES[type_], name)
    return Declaration(type_, name, reference, "1", ConstraintKind.EXACT, Scope.RUNTIME, 1.0, 1)


PYTHON, DOCKER, CI = DependencyType.PYTHON, DependencyType.DOCKER, DependencyType.CI
HOOK, GO, NPM = DependencyType.PRE_COMMIT, DependencyType.GO, DependencyType.NPM


HOOKS, FORK = (Reference("repository", f"github.com/acme/{name}") for name in ("hooks", "libcore"))


@pytest.mark.parametrize(
    ("declaration", "name"),
    [
        (declared(PYTHON, "Lib.Core"), "lib_core"),
        (declared(DOCKER, "python"), "docker.io/library/python"),
        (declared(CI, "Acme/Actions"), "github.com/acme/actions"),
        (declared(HOOK, "https://github.com/acme/hooks", HOOKS), "acme/hooks"),
        (declared(GO, "github.com/acme/lib/v2"), "github.com/acme/lib"),
        (declared(NPM, "renamed", Reference("npm", "libcore")), "libcore"),
        (declared(PYTHON, "libcore", FORK), "libcore"),
    ],
)
def test_a_name_is_known_in_each_of_its_spellings(declaration: Declaration, name: str) -> None:
    assert matcher(BumpDependency(name=name, version="2"))(declaration)


@pytest.mark.parametrize(
    ("declaration", "name"),
    [
        (declared(NPM, "libcore-extra"), "libcore"),
        (declared(DOCKER, "ghcr.io/acme/python"), "python"),
        (declared(CI, "other/actions"), "acme/actions"),
        (declared(GO, "github.com/acme/lib"), "github.com/acme/lib/v2"),
    ],
)
def test_another_name_is_not_taken_for_it(declaration: Declaration, name: str) -> None:
    assert not matcher(BumpDependency(name=name, version="2"))(declaration)


def test_the_type_tells_things_of_one_name_apart() -> None:
    both = [declared(NPM, "redis"), declared(PYTHON, "redis")]
    with pytest.raises(WorkFailed, match="npm, python"):
        require_one_kind(BumpDependency(name="redis", version="2"), both)
    asked = BumpDependency(name="redis", version="2", type=PYTHON)
    require_one_kind(asked, both)
    assert [matcher(asked)(one) for one in both] == [False, True]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("lib_core", b"core"),
        ("github.com/acme/lib/v2", b"lib"),
        ("https://github.com/acme/Hooks.git", b"hooks"),
        ("com.acme.build:com.acme.build.gradle.plugin", b"build"),
        ("v2", b"v2"),
    ],
)
def test_a_telling_word_of_a_name_is_in_every_file_that_declares_it(name: str, word: bytes) -> None:
    assert needle(name) == word
