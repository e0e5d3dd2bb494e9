"""What a release measured is what the next one is compared with."""

import pytest

from gitops_auditor.pages import PageParams
from tests.factories.gates import ACTOR, GatedProject
from tests.factories.git import commit, git, write_files

GATE = {"name": "Speed", "baseline": "previous_release", "tolerance": 10}


async def measured(gated: GatedProject, seconds: float, tag: str = "") -> str:
    await commit(gated.path, {"benchmarks.json": f'{{"start": {seconds}}}'})
    if tag:
        await git(gated.path, "tag", tag)
    return tag or "main"


async def known(gated: GatedProject) -> dict[str, float]:
    rows = await gated.services.quality.baselines.list(gated.repository_id, PageParams())
    return {one.name: one.metrics["start"] for one in rows.items}


async def test_a_release_is_recorded_when_it_is_validated(gated: GatedProject) -> None:
    await gated.state(GATE)
    first = await gated.only(await measured(gated, 1.0, "v1.0.0"))
    assert first.status == "skipped"
    second = await gated.only(await measured(gated, 1.05, "v1.1.0"))
    assert (second.status, second.metrics["baseline"]) == ("passed", "v1.0.0")
    third = await gated.only(await measured(gated, 1.1))
    assert (third.status, third.metrics["baseline"]) == ("passed", "v1.1.0")
    assert await known(gated) == {"v1.0.0": 1.0, "v1.1.0": 1.05}


async def test_a_release_that_is_too_slow_does_not_become_the_measure(gated: GatedProject) -> None:
    await gated.state(GATE)
    await gated.only(await measured(gated, 1.0, "v1.0.0"))
    slow = await gated.only(await measured(gated, 2.0, "v1.1.0"))
    assert slow.status == "failed"
    later = await gated.only(await measured(gated, 2.0))
    assert (later.status, later.metrics["baseline"]) == ("failed", "v1.0.0")


async def test_a_slow_release_that_somebody_let_pass_becomes_the_measure(
    gated: GatedProject,
) -> None:
    await gated.state(GATE)
    await gated.only(await measured(gated, 1.0, "v1.0.0"))
    slow = await gated.only(await measured(gated, 2.0, "v1.1.0"))
    async with gated.services.audit.operation(ACTOR, "override_gate", {}):
        await gated.services.quality.overrides.create(slow.id, "It checks more now.", ACTOR)
    assert (await gated.only("v1.1.0")).status == "warning"
    assert await known(gated) == {"v1.0.0": 1.0, "v1.1.0": 2.0}


@pytest.mark.parametrize("ref", ["WORKTREE", "STAGED"])
async def test_what_nobody_committed_is_compared_with_the_last_release(
    gated: GatedProject, ref: str
) -> None:
    await gated.state(GATE)
    await gated.only(await measured(gated, 1.0, "v1.0.0"))
    write_files(gated.path, {"benchmarks.json": '{"start": 3}'})
    await git(gated.path, "add", "--all")
    result = await gated.only(ref)
    assert (result.status, result.metrics.get("baseline")) == ("failed", "v1.0.0")


async def test_a_tag_that_is_no_version_is_not_recorded(gated: GatedProject) -> None:
    await gated.state(GATE)
    await gated.only(await measured(gated, 1.0, "nightly"))
    assert await known(gated) == {}
