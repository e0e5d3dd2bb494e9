"""Kills a process that carries out a plan on real repositories, and looks what became of it.

`python -m tests.orchestrator.whole_crashes FOLDER GOAL` prints, as JSON, how often a process that
nobody kills comes by each point; then it reads scenarios from standard input, a JSON array
`[point, occurrence, seconds, pushes]` a line, and prints a JSON object for each. The process is
killed at an occurrence of a named point, or after some seconds when the point is empty; when
`pushes`, somebody pushes to one of the branches before the next process goes on.

The plan is of the family, six repositories in four phases. The goals: `merge` and `undo` with git
alone, `request` and `close` with pull requests on a fake GitHub; those that are undone are so since
the gates of the third phase are red.
"""

import importlib
import json
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import anyio
import httpx2
from pydantic import SecretStr

from gitops_auditor.config import Settings, load_settings
from gitops_auditor.orchestrator.effects.names import branch_of
from gitops_auditor.orchestrator.records import Plan
from gitops_auditor.orchestrator.running.commands import PlanRuns
from gitops_auditor.orchestrator.running.driver import PlanDriver
from gitops_auditor.orchestrator.store import plans as store
from gitops_auditor.orchestrator.store.driving import PlanJournal
from gitops_auditor.services import Services, open_services
from tests.factories.databases import migrated_sqlite
from tests.factories.family import ACTOR, NEEDS, Family, Snapshot, open_family
from tests.factories.git import git
from tests.factories.runs import run_settings
from tests.fakes.github_objects import BareRepository
from tests.fakes.github_rest import TOKEN, GitHubFake
from tests.orchestrator.running.crashing import Bomb, forked, ledger_faults
from tests.orchestrator.running.world import Desk
from tests.orchestrator.whole import RED, Coordination, branched, merged

FINISH_SECONDS: Final = 60.0
UNDONE: Final = frozenset({"undo", "close"})
ON_GITHUB: Final = frozenset({"request", "close"})


@dataclass(frozen=True)
class Verdict:
    """What became of one scenario. `wrong` is all that is not as it should be, a sentence each.

    `again`: effects that were begun once more by the second process.
    """

    scenario: str
    killed: bool
    pushed: bool
    status: str
    again: int
    wrong: list[str]
    seconds: float


@dataclass(frozen=True)
class Place:
    """The folder of a scenario, always the same one: repositories are known by their paths."""

    folder: Path
    goal: str

    @property
    def world(self) -> Path:
        """All that a plan changes."""
        return self.folder / "world"

    @property
    def github(self) -> Path:
        """The repositories of the fake."""
        return self.world / "github"

    def settings(self, url: str) -> Settings:
        """Those of every process; `url` is where the fake GitHub answers."""
        asks = {"github_api_url": url, "github_token": SecretStr(TOKEN)} if url else {}
        return load_settings(
            {},
            data_dir=self.world / "data",
            database=SecretStr(f"sqlite:///{self.world / 'test.db'}"),
            **{**run_settings(self.world), **asks},
        ).model_copy(update={"github_actions_enabled": bool(url)})

    def family(self, services: Services) -> Family:
        """The members."""
        return Family(services, self.world / "family")

    async def snapshot(self, services: Services) -> Snapshot:
        """Every reference of every member, where it is published."""
        if self.goal not in ON_GITHUB:
            return await self.family(services).snapshot()
        found = {}
        for name in NEEDS:
            hosted = GitHubFake(self.github).add(f"acme/{name}")
            for branch, commit in hosted.git.branches().items():
                found[f"{name} refs/heads/{branch}"] = commit
        return found

    def remote(self, name: str) -> Path:
        """Where a member is published."""
        if self.goal in ON_GITHUB:
            return GitHubFake(self.github).add(f"acme/{name}").git.path
        return self.world / "family" / f"{name}.git"


async def prepare(place: Place, url: str) -> None:
    """Make the family and a plan that has a goal."""
    place.world.mkdir(parents=True, exist_ok=True)
    await migrated_sqlite(place.world)
    host = "https://github.com" if place.goal in ON_GITHUB else "https://example.org"
    files = {"web": {".gitops/quality-gates.yaml": RED}} if place.goal in UNDONE else {}
    async with open_services(place.settings(url)) as services:
        family = await open_family(services, place.world / "family", files, host)
        if place.goal in ON_GITHUB:
            for name in NEEDS:
                await git(family.remote(name), "push", "-q", str(place.remote(name)), "main")
        before = await place.snapshot(services)
        delivery = "pull_request" if place.goal in ON_GITHUB else "merge"
        coordination = Coordination(services, family)
        plan = await coordination.plan(delivery=delivery, rollback="all")
        await _runs(services).execute(plan.id, ACTOR)
        known = {"plan": plan.id, "before": before}
        (place.world / "known.json").write_text(json.dumps(known), encoding="utf-8")


def _runs(services: Services) -> PlanRuns:
    """Commands that start no process."""
    return PlanRuns(
        _journal(services),
        services.audit,
        services.plans.freshness,
        Desk(),
        (),
        services.plans.driver.carry_out,
    )


def _journal(services: Services) -> PlanJournal:
    return PlanJournal(services.database, services.events, services.audit)


def _known(place: Place) -> tuple[str, Snapshot]:
    found = json.loads((place.world / "known.json").read_text(encoding="utf-8"))
    return found["plan"], found["before"]


@asynccontextmanager
async def driven(place: Place, url: str, bomb: Bomb) -> AsyncIterator[Services]:
    """Drive the plan until it has no goal, then give the platform that did."""
    async with open_services(place.settings(url)) as services:
        parts = replace(services.plans.driver._parts, fault=bomb)
        with anyio.fail_after(FINISH_SECONDS):
            await PlanDriver(parts).carry_out(_known(place)[0])
        yield services


async def carry_out(place: Place, url: str, bomb: Bomb, note: str = "") -> None:
    """Drive the plan; with a `note` what was counted and loaded is written there."""
    async with driven(place, url, bomb):
        pass
    if note:
        ours = [one for one in sys.modules if one.partition(".")[0] in ("gitops_auditor", "httpx2")]
        known = {"counts": bomb.counts, "modules": sorted(ours)}
        (place.folder / note).write_text(json.dumps(known), encoding="utf-8")


async def finish(place: Place, url: str, pushed: dict[str, str], told: Verdict) -> None:
    """Drive the plan to its end and write down what there is then."""
    started = time.monotonic()
    async with driven(place, url, Bomb("", 0)) as services:
        took = time.monotonic() - started
        verdict = await judge(place, services, pushed, replace(told, seconds=took))
    (place.folder / "verdict.json").write_text(json.dumps(asdict(verdict)), encoding="utf-8")


async def judge(place: Place, services: Services, pushed: dict[str, str], told: Verdict) -> Verdict:
    """Compare everything with what the goal wants."""
    plan_id, before = _known(place)
    plan = await services.plans.plans.get(plan_id)
    async with services.database.read() as connection:
        lines = await store.ledger(connection, plan_id)
    wrong = status_faults(place, plan, is_pushed=bool(pushed))
    # What was begun, killed and then in the way of a push is undone without having been done.
    failed = {one.position for one in lines if one.entry == "failed"} if pushed else set()
    steps = [one for one in plan.steps if one.position not in failed]
    wrong += ledger_faults(plan.model_copy(update={"steps": steps}), lines)
    wrong += [one.message for one in (await services.audit.verify()).problems]
    expected = {**expected_references(place, plan, before), **pushed}
    present = await place.snapshot(services)
    if present != expected:
        wrong.append(f"References: {sorted(present.items() ^ expected.items())}")
    if place.goal in ON_GITHUB:
        url = services.settings.github_api_url
        wrong += [one for name in NEEDS for one in request_faults(place, plan, url, name)]
    intents = Counter(one.position for one in lines if one.entry == "intent")
    again = sum(count - 1 for count in intents.values())
    return replace(told, status=plan.status, again=again, wrong=wrong)


def status_faults(place: Place, plan: Plan, *, is_pushed: bool) -> list[str]:
    """What is wrong with how the plan says it stands."""
    statuses = [one.status for one in plan.phases]
    if place.goal not in UNDONE:
        wanted = plan.status == "completed" and statuses == ["completed"] * 4
    elif is_pushed:
        over = {"rolled_back", "partly_rolled_back", "not_started"}
        wanted = plan.status == "held" and {*statuses} <= over
    else:
        wanted = plan.status == "held" and statuses == [*["rolled_back"] * 3, "not_started"]
    if wanted and plan.goal is None:
        return []
    return [f"The plan is {plan.status}, its phases are {statuses}: {plan.reason}"]


def expected_references(place: Place, plan: Plan, before: Snapshot) -> Snapshot:
    """What there should be where nobody pushed."""
    if place.goal in UNDONE:
        return before
    if place.goal in ON_GITHUB:
        return branched(plan, before)
    return merged(plan, before, 1, 2, 3, 4)


def request_faults(place: Place, plan: Plan, url: str, name: str) -> list[str]:
    """What is wrong with the pull requests of a member: one was made, and it is as it should be."""
    asked = f"{url}/repos/acme/{name}/pulls?state=all"
    answer = httpx2.get(asked, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=FINISH_SECONDS)
    states = [one["state"] for one in answer.json()]
    if place.goal == "request":
        return [] if states == ["open"] else [f"{name} has pull requests {states}."]
    steps = [one for one in plan.steps if one.repository_id == f"acme/{name}"]
    was_made = any(one.kind == "pull_request" and one.result is not None for one in steps)
    is_fine = states == ["closed"] if was_made else states in ([], ["closed"])
    return [] if is_fine else [f"{name} has pull requests {states}."]


def push(place: Place) -> dict[str, str]:
    """Somebody pushes to the branch of api that the plan changes, if it is there."""
    branch = branch_of(_known(place)[0]) if place.goal in ON_GITHUB else "main"
    remote = BareRepository(place.remote("api"))
    tip = remote.ref(f"refs/heads/{branch}")
    if tip is None:
        return {}
    person = {"name": "Ada", "email": "ada@example.org", "date": "2026-01-02T00:00:00Z"}
    tree = remote.git("rev-parse", f"{tip}^{{tree}}")
    made = remote.write_commit(tree, [tip], "Not by the plan", person, person)
    remote.update(f"refs/heads/{branch}", made, tip)
    return {f"api refs/heads/{branch}": made}


@contextmanager
def github(place: Place) -> Iterator[str]:
    """The address of a fake GitHub in a process of its own; none where git alone is used."""
    if place.goal not in ON_GITHUB:
        yield ""
        return
    reading, writing = os.pipe()
    server = forked(_serve(place, writing))
    os.close(writing)
    try:
        with os.fdopen(reading, encoding="utf-8") as answer:
            url = answer.readline().strip()
        yield url
    finally:
        os.kill(server, signal.SIGKILL)
        os.waitpid(server, 0)


async def _serve(place: Place, writing: int) -> None:
    fake = GitHubFake(place.github)
    for name in NEEDS:
        fake.add(f"acme/{name}")
    async with fake.serve() as url:
        os.write(writing, f"{url}\n".encode())
        os.close(writing)
        await anyio.sleep_forever()


def play(place: Place, scenario: tuple[str, int, float, bool]) -> str:
    """One scenario in a copy of the prepared folder; the verdict as JSON."""
    point, occurrence, seconds, pushes = scenario
    _lay(place)
    with github(place) as url:
        pid = forked(carry_out(place, url, Bomb(point, occurrence)))
        if not point:
            time.sleep(seconds)
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        pushed = push(place) if pushes else {}
        name = f"{point} {occurrence}" if point else f"{seconds:.3f} s"
        told = Verdict(name, os.WIFSIGNALED(status), bool(pushed), "", 0, ["Not ended."], 0)
        os.waitpid(forked(finish(place, url, pushed, told)), 0)
    verdict = place.folder / "verdict.json"
    found = verdict.read_text("utf-8") if verdict.exists() else json.dumps(asdict(told))
    verdict.unlink(missing_ok=True)
    return found


def _lay(place: Place) -> None:
    shutil.rmtree(place.world, ignore_errors=True)
    shutil.copytree(place.folder / "prepared", place.world, symlinks=True)


def main() -> None:
    """See the module's docstring."""
    place = Place(Path(sys.argv[1]).resolve(), sys.argv[2])
    with github(place) as url:
        os.waitpid(forked(prepare(place, url)), 0)
    place.world.rename(place.folder / "prepared")
    _lay(place)
    with github(place) as url:
        os.waitpid(forked(carry_out(place, url, Bomb("", 0), "noted.json")), 0)
    noted = json.loads((place.folder / "noted.json").read_text(encoding="utf-8"))
    for module in noted["modules"]:
        importlib.import_module(module)
    print(json.dumps(noted["counts"]), flush=True)
    for line in sys.stdin:
        print(play(place, json.loads(line)), flush=True)


if __name__ == "__main__":
    main()
