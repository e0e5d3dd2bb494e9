"""What a plan over many repositories promises on GitHub: a fake one, over real repositories."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest
from pydantic import SecretStr

from gitops_auditor.config import Settings
from gitops_auditor.orchestrator.effects.names import ORDER_CONTEXT, branch_of
from gitops_auditor.orchestrator.records import Plan
from gitops_auditor.pipelines.starting.deliveries import DeliveryInbox
from gitops_auditor.pipelines.starting.github_events import read_event
from gitops_auditor.services import Services, open_services
from gitops_auditor.triggering import trigger
from tests.factories.family import NEEDS
from tests.factories.git import git
from tests.factories.owned import owned
from tests.factories.runs import run_settings
from tests.fakes.github_rest import TOKEN, GitHubFake, Hosted, Pull
from tests.orchestrator.whole import RED, Coordination, open_coordination, phases_of

FILES = {"web": {".gitops/quality-gates.yaml": RED}, "api": {"CODEOWNERS": "* @ada\n"}}
SECONDS = 20.0


@dataclass(frozen=True)
class Site:
    """The family on GitHub."""

    fake: GitHubFake
    members: dict[str, Hosted]
    coordination: Coordination

    @property
    def services(self) -> Services:
        """The platform."""
        return self.coordination.services

    def references(self) -> dict[str, dict[str, str]]:
        """Every branch of every member."""
        return {name: hosted.git.branches() for name, hosted in self.members.items()}

    def pull(self, name: str) -> Pull:
        """The only pull request that was ever opened for a member."""
        (pull,) = self.members[name].pulls
        return pull

    def order(self, name: str) -> str:
        """What the pull request of a member last said of the order of merges."""
        statuses = self.members[name].statuses[self.pull(name).head_commit]
        last = [one for one in statuses if one["context"] == ORDER_CONTEXT][-1]
        return f"{last['state']}: {last['description']}"


@pytest.fixture
async def site(settings: Settings, runs_in: Path, tmp_path: Path) -> AsyncIterator[Site]:
    async with owned(open_site(settings, runs_in, tmp_path)) as opened:
        yield opened


@asynccontextmanager
async def open_site(settings: Settings, runs_in: Path, folder: Path) -> AsyncIterator[Site]:
    """The family, registered by clones of what is on GitHub."""
    fake = GitHubFake(folder / "github")
    async with fake.serve() as url:
        update = {
            **run_settings(runs_in),
            "github_actions_enabled": True,
            "github_api_url": url,
            "github_token": SecretStr(TOKEN),
        }
        async with (
            open_services(settings.model_copy(update=update)) as services,
            open_coordination(
                services, folder / "family", FILES, "https://github.com"
            ) as coordination,
        ):
            members = {name: fake.add(f"acme/{name}") for name in NEEDS}
            for name, hosted in members.items():
                await git(
                    coordination.family.remote(name), "push", "-q", str(hosted.git.path), "main"
                )
            yield Site(fake, members, coordination)


async def test_pull_requests_are_opened_in_order_and_say_what_they_wait_for(site: Site) -> None:
    before = site.references()
    plan = await site.coordination.plan(delivery="pull_request", quality_gates=("pre_deploy",))
    done = await site.coordination.execute(plan)
    assert done.status == "completed", done.reason
    branch = branch_of(plan.id)
    for one in plan.renderings:
        name = one.repository_id.partition("/")[2]
        assert site.references()[name] == {**before[name], branch: one.commit}
        assert site.pull(name).head_commit == one.commit
        waits = {f"https://github.com/acme/{need}/pull/1" for need in NEEDS[name]}
        assert {*re.findall(r"^Depends-On: (.*)$", site.pull(name).body, re.MULTILINE)} == waits
        assert f"GitOps-Plan: {plan.id}" in site.pull(name).body
    opened = sorted(NEEDS, key=lambda name: site.pull(name).created_at)
    assert [opened[0], *sorted(opened[1:3]), *sorted(opened[3:5]), opened[5]] == [
        "libcore", "libdb", "libweb", "api", "web", "shop",
    ]  # fmt: skip
    assert site.pull("api").reviewers == ["ada"]
    assert site.order("libcore") == "success: It waits for nothing"
    assert site.order("libweb") == "pending: Waits for acme/libcore#1"

    await merge(site, "libcore")
    await told(site, plan, "libcore")
    expected = "success: All that it waits for is merged"
    assert (site.order("libweb"), site.order("libdb")) == (expected, expected)
    assert site.order("api").startswith("pending: Waits for acme/libdb#1, acme/libweb#1")

    undone = await site.coordination.roll_back(plan, 1, 4)
    assert undone.status == "held"
    assert phases_of(undone) == ["partly_rolled_back", *["rolled_back"] * 3]
    assert "https://github.com/acme/libcore/pull/1 was merged into main" in undone.reason
    assert {site.pull(name).state for name in NEEDS} == {"closed"}
    assert site.pull("shop").comments == [
        f"The plan {plan.id} was undone, and this pull request is closed with it."
    ]
    after = site.references()
    assert {name: after[name] for name in NEEDS if name != "libcore"} == {
        name: before[name] for name in NEEDS if name != "libcore"
    }


async def test_pull_requests_are_merged_phase_by_phase(site: Site) -> None:
    for hosted in site.members.values():
        hosted.required.add(ORDER_CONTEXT)
    plan = await site.coordination.plan(quality_gates=("pre_deploy",))
    done = await site.coordination.execute(plan)
    assert done.status == "completed", done.reason
    merged = sorted(NEEDS, key=lambda name: site.pull(name).merged_at or "")
    assert [merged[0], *sorted(merged[1:3]), *sorted(merged[3:5]), merged[5]] == [
        "libcore", "libdb", "libweb", "api", "web", "shop",
    ]  # fmt: skip
    for hosted in site.members.values():
        assert b'"left-pad": "^2.0.0"' in (hosted.git.file("main", "package.json") or b"")


async def test_a_red_gate_closes_the_pull_requests_and_deletes_their_branches(site: Site) -> None:
    before = site.references()
    plan = await site.coordination.plan(delivery="pull_request", rollback="all")
    held = await site.coordination.execute(plan)
    assert (held.status, phases_of(held)) == ("held", [*["rolled_back"] * 3, "not_started"])
    assert held.reason.startswith("acme/web: Of 1 gate 1 failed (Changelog).")
    assert site.references() == before
    opened = {name: [one.state for one in hosted.pulls] for name, hosted in site.members.items()}
    assert opened == {**{name: ["closed"] for name in NEEDS}, "shop": []}
    listed = [one.result["url"] for one in held.steps if one.kind == "pull_request" and one.result]
    assert len(listed) == 5


async def merge(site: Site, name: str) -> None:
    """A person merges a pull request."""
    hosted, pull = site.members[name], site.pull(name)
    author = {"name": "Ada", "email": "ada@example.org", "date": "2026-01-02T00:00:00Z"}
    base = hosted.git.branches()["main"]
    pull.merge_commit = hosted.git.merge(base, pull.head_commit, "Merge", author)
    hosted.git.update("refs/heads/main", pull.merge_commit, base)
    pull.state, pull.merged_at = "closed", site.fake.tick()


async def told(site: Site, plan: Plan, name: str) -> None:
    """GitHub's webhook comes of a pull request that was merged, and is dealt with."""
    repository = {"full_name": f"acme/{name}"}
    head = {"ref": branch_of(plan.id), "sha": site.pull(name).head_commit, "repo": repository}
    base = {"ref": "main", "sha": "0" * 40, "repo": repository}
    requested = {"head": head, "base": base}
    payload = {"repository": repository, "action": "closed", "pull_request": requested}
    services = site.services
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(trigger, services)
            await DeliveryInbox(services.database).accept(
                "1", "pull_request", read_event("pull_request", payload), b"{}"
            )
            while site.order("libweb").startswith("pending"):
                await services.database.changes.wait(services.database.changes.version, 1.0)
            tasks.cancel_scope.cancel()
