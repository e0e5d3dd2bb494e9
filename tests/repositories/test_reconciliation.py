"""Laws of comparing what is on disk with what is registered."""

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.repositories.inspection import Facts
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.naming import is_id
from gitops_auditor.repositories.reconciliation import Plan, Reconciliation

WORKSPACE = Path("/workspace")
NOW = datetime(2026, 1, 1, tzinfo=UTC)

origins = st.sampled_from(
    [
        None,
        "https://github.com/own/name",
        "git@github.com:Own/Name.git",
        "https://gitlab.com/own/name",
        "https://github.com/own/other",
        "/srv/git/x",
    ]
)
facts = st.builds(
    Facts,
    path=st.sampled_from(["a", "a b", "a;b", "own/name", "own/other", "own", "x/a", "ü"]).map(
        WORKSPACE.joinpath
    ),
    origin_url=origins,
    default_branch=st.sampled_from([None, "main"]),
    head_sha=st.sampled_from([None, "1" * 40, "2" * 40]),
)
found_lists = st.lists(facts, max_size=8, unique_by=lambda item: item.path)


def _apply(plan: Plan, known: list[Repository]) -> list[Repository]:
    by_id = {item.id: item for item in known}
    assert not by_id.keys() & {repository_id for repository_id, _ in plan.added}
    pairs = [*plan.added, *((item.id, found) for item, found in plan.updated)]
    for repository_id, found in pairs:
        by_id[repository_id] = Repository(
            id=repository_id,
            name=repository_id,
            path=str(found.path),
            origin_url=found.origin_url,
            default_branch=found.default_branch,
            head_sha=found.head_sha,
            created_at=NOW,
            updated_at=NOW,
        )
    return list(by_id.values())


def _plan(known: list[Repository], found: list[Facts]) -> Plan:
    present = {str(item.path) for item in found}
    return Reconciliation(known, [], present.__contains__).run(WORKSPACE, found)


@given(found_lists)
def test_everything_found_is_accounted_for_once_under_an_id_of_its_own(found: list[Facts]) -> None:
    plan = _plan([], found)
    ids = [repository_id for repository_id, _ in plan.added]
    assert len(plan.added) + len(plan.skipped) == len(found)
    assert len({repository_id.lower() for repository_id in ids}) == len(ids)
    assert all(is_id(repository_id) for repository_id in ids)
    assert not plan.updated
    assert not plan.missing


@given(found_lists)
def test_a_second_look_finds_nothing_to_do(found: list[Facts]) -> None:
    first = _plan([], found)
    second = _plan(_apply(first, []), found)
    assert not second.changes_anything
    assert sorted(second.unchanged) == sorted(repository_id for repository_id, _ in first.added)
    assert not second.missing


@given(found_lists, found_lists)
def test_after_any_change_a_further_look_finds_nothing_to_do(
    before: list[Facts], after: list[Facts]
) -> None:
    known = _apply(_plan([], before), [])
    changed = _plan(known, after)
    settled = _plan(_apply(changed, known), after)
    assert not settled.changes_anything
    assert settled.missing == changed.missing


def test_a_checkout_in_the_workspace_takes_the_place_of_one_elsewhere() -> None:
    origin = "https://github.com/own/name"
    earlier = Repository(
        id="own/name",
        name="name",
        path="/elsewhere/name",
        origin_url=origin,
        created_at=NOW,
        updated_at=NOW,
    )
    here = Facts(WORKSPACE / "name", origin, "main", "1" * 40)
    plan = Reconciliation([earlier], [], lambda _: True).run(WORKSPACE, [here])
    assert plan.updated == [(earlier, here)]
    assert (plan.added, plan.skipped) == ([], [])
