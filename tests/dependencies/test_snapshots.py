import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    ManifestFacts,
    Problem,
    Provision,
    Reference,
    Scope,
)
from gitops_auditor.dependencies.snapshots import (
    FileFacts,
    Gitlink,
    RepositoryFacts,
    UnreadableSnapshot,
    decode,
    encode,
    reader_version,
)

text = st.text(max_size=12)
lines = st.integers(0, 10_000)
references = st.builds(Reference, text, text)
problems = st.builds(Problem, text, lines, lines)
declarations = st.builds(
    Declaration,
    st.sampled_from(DependencyType),
    text,
    references,
    text,
    st.sampled_from(ConstraintKind),
    st.sampled_from(Scope),
    st.sampled_from([0.5, 0.8, 1.0]),
    lines,
)


def tuples(items: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(items, max_size=3).map(tuple)


manifests = st.builds(
    ManifestFacts,
    tuples(declarations),
    tuples(st.builds(Provision, references, text, lines)),
    tuples(problems),
    text,
    tuples(text),
    tuples(st.tuples(text, text)),
)
repositories = st.builds(
    RepositoryFacts,
    text,
    tuples(st.builds(FileFacts, text, text, manifests)),
    tuples(st.builds(Gitlink, text, text)),
    tuples(st.tuples(text, problems)),
)


@given(repositories)
def test_what_is_packed_comes_back_equal(facts: RepositoryFacts) -> None:
    assert decode(encode(facts)) == facts


def test_members_come_back_as_members() -> None:
    declared = Declaration(
        DependencyType.NPM, "x", Reference("npm", "x"), "^1", ConstraintKind.RANGE, Scope.CI, 1.0, 3
    )
    facts = RepositoryFacts("c", (FileFacts("p", "b", ManifestFacts((declared,))),))
    [found] = decode(encode(facts)).files[0].facts.declarations
    assert found.type is DependencyType.NPM
    assert found.constraint_kind is ConstraintKind.RANGE
    assert found.scope is Scope.CI


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"not compressed",
        zlib.compress(b"not json"),
        zlib.compress(b"[]"),
        zlib.compress(b'["c",[["p","b",[[["wat","x",["n","x"],"","none","ci",1,1]]]]],[],[]]'),
        zlib.compress(b'{"commit":1}'),
    ],
)
def test_bytes_that_are_no_snapshot_are_refused(packed: bytes) -> None:
    with pytest.raises(UnreadableSnapshot):
        decode(packed)


def test_the_version_is_the_same_within_one_installation() -> None:
    assert reader_version() == reader_version()
    assert len(reader_version()) == 16
