"""Changes by scripts: real scripts, confined, in checkouts of real repositories."""

import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from gitops_auditor.errors import Unavailable
from gitops_auditor.execution.ports import Sandbox
from gitops_auditor.orchestrator.changes import RunPipeline, RunScript
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.rendering.confined import ConfinedPrograms
from gitops_auditor.orchestrator.rendering.renderer import Rendered
from gitops_auditor.orchestrator.rendering.script import ScriptRenderer
from gitops_auditor.services import Services
from tests.factories.git import git
from tests.factories.owned import owned
from tests.orchestrator.plans import rendering
from tests.orchestrator.rendering.places import Places, open_places

FILES = {"README": "It\n", "src/a.txt": "1\n", "src/b.txt": "2\n"}
DISK = 2 * 2**20
INNER = "git init -q in; cd in; git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x"


@pytest.fixture
async def places(services: Services, runs_in: Path, tmp_path: Path) -> AsyncIterator[Places]:
    made = open_places(
        services, runs_in, tmp_path / "it", FILES, job_disk_bytes=DISK, job_log_bytes=100_000
    )
    async with owned(made) as opened:
        yield opened


def renderer(places: Places) -> ScriptRenderer:
    return ScriptRenderer(places.workspaces, places.programs, places.services.repositories.rendered)


async def rendered(places: Places, script: str, seconds: float = 30.0) -> Rendered:
    change = RunScript(script=script, timeout_seconds=seconds)
    return await renderer(places).render(places.request(change))


async def content(places: Places, commit: str, path: str) -> str:
    read = places.services.repositories.revisions.file
    found = await read(places.repository, commit, path, 1_000_000)
    assert found is not None
    return found.decode()


async def paths(places: Places, commit: str) -> list[str]:
    revisions = places.services.repositories.revisions
    return sorted(await revisions.paths(places.repository, commit))


def command_lines() -> set[bytes]:
    """Of all processes of the machine."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            found.add((process / "cmdline").read_bytes())
    return found


async def test_what_a_script_changes_is_committed_on_the_base(places: Places) -> None:
    made = await rendered(places, "sed -i s/1/one/ src/a.txt; rm src/b.txt; echo new > new.txt")
    assert await paths(places, made.commit) == ["README", "new.txt", "src/a.txt"]
    assert await content(places, made.commit, "src/a.txt") == "one\n"
    at = await places.services.repositories.revisions.holding(places.repository, made.commit)
    parents = await git(at, "show", "--no-patch", "--format=%P %ct %B", made.commit)
    assert parents.split(" ", 2)[:2] == [places.base, "1790000000"]
    assert not places.checkouts


async def test_equal_requests_give_equal_commits(places: Places) -> None:
    script = 'printf "%s\n" "$SOURCE_DATE_EPOCH" "$GITOPS_COMMIT" > stamp; chmod +x stamp'
    assert await rendered(places, script) == await rendered(places, script)


async def test_a_script_that_changes_nothing_gives_no_commit(places: Places) -> None:
    assert await rendered(places, "cat README") == Rendered("", "")


async def test_a_script_knows_its_repository_and_the_commits_of_earlier_ones(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITOPS_TOKEN", "treasure")
    script = 'cat "$GITOPS_EARLIER_COMMITS" > earlier; env | grep -E "GITOPS|treasure" > env'
    request = places.request(RunScript(script=script), {"acme/lib": rendering("acme/lib", 1)})
    made = await renderer(places).render(request)
    assert await content(places, made.commit, "earlier") == f'{{"acme/lib": "{"3" * 40}"}}'
    said = await content(places, made.commit, "env")
    assert f"GITOPS_REPOSITORY={places.repository.id}\n" in said
    assert f"GITOPS_COMMIT={places.base}\n" in said
    assert "treasure" not in said
    assert made.unverified == (
        "The script was not run together with the trees of 1 earlier repositories.",
    )


async def test_a_script_that_fails_says_so_with_its_last_lines(places: Places) -> None:
    script = "seq 1 10000; echo see https://me:secret@example.org/x; false | cat; echo not here"
    with pytest.raises(WorkFailed) as caught:
        await rendered(places, script)
    message = caught.value.message
    assert "It ended with exit code 1." in message
    assert "see https://***@example.org/x" in message
    assert "secret" not in message
    assert "not here" not in message
    assert len(message) < 5_000
    assert not places.checkouts


async def test_a_script_that_takes_too_long_says_so(places: Places) -> None:
    with pytest.raises(WorkFailed, match=r"did not finish within 0\.3 seconds"):
        await rendered(places, "echo begun; while :; do :; done", seconds=0.3)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (f"head -c {4 * DISK} /dev/zero > large", "It was ended: it wrote more than"),
        ("yes | head -c 1000000", "of output"),
        (INNER, "cannot be committed"),
    ],
)
async def test_a_script_that_goes_too_far_fails(places: Places, script: str, why: str) -> None:
    with pytest.raises(WorkFailed, match=why):
        await rendered(places, script)
    assert not places.checkouts


async def test_what_it_leaves_in_the_git_folder_is_not_given_to_git(places: Places) -> None:
    mark = places.settings.data_dir / "mark"
    script = f"""
git -c user.name=a -c user.email=a@b commit -q --allow-empty -m theirs
mkdir -p .git/hooks .git/info
for hook in pre-commit post-commit post-index-change; do
    printf '#!/bin/sh\ntouch {mark}\n' > .git/hooks/$hook
    chmod +x .git/hooks/$hook
done
git config core.fsmonitor "touch {mark}"
git config filter.x.clean "touch {mark}; cat"
echo '* filter=x' | tee .gitattributes > .git/info/attributes
echo README > .git/info/exclude
echo changed > README
"""
    made = await rendered(places, script)
    assert await content(places, made.commit, "README") == "changed\n"
    assert await paths(places, made.commit) == [".gitattributes", *sorted(FILES)]
    assert not mark.exists()
    at = await places.services.repositories.revisions.holding(places.repository, made.commit)
    assert await git(at, "rev-parse", f"{made.commit}^") == places.base


async def test_a_link_out_of_the_checkout_is_committed_as_a_link(places: Places) -> None:
    made = await rendered(places, "ln -s /etc/passwd out; rm -r src; ln -s /etc src")
    at = await places.services.repositories.revisions.holding(places.repository, made.commit)
    listed = await git(at, "ls-tree", made.commit)
    assert [line.split()[0] for line in listed.splitlines()] == ["100644", "120000", "120000"]
    assert await git(at, "cat-file", "blob", f"{made.commit}:out") == "/etc/passwd"


async def test_what_it_left_running_is_ended_before_the_commit(places: Places) -> None:
    script = "(setsid sh -c 'while :; do sleep 7.25; echo late > late.txt; done' &) ; echo x > x"
    made = await rendered(places, script)
    assert await paths(places, made.commit) == sorted([*FILES, "x"])
    assert b"sleep\x007.25\x00" not in command_lines()


@pytest.mark.skipif(os.geteuid() != 0, reason="run the tests as root for this")
async def test_it_does_not_run_as_root(places: Places) -> None:
    made = await rendered(places, "id -u > id")
    assert await content(places, made.commit, "id") != "0\n"


async def test_a_sandbox_that_does_not_start_is_no_failure_of_the_script(places: Places) -> None:
    async def broken() -> Sandbox:
        raise Unavailable("No process can be made.", hint="Try again.")

    programs = ConfinedPrograms(places.settings, broken)
    commits = places.services.repositories.rendered
    change = places.request(RunScript(script="true"))
    with pytest.raises(Unavailable):
        await ScriptRenderer(places.workspaces, programs, commits).render(change)
    assert not places.checkouts


async def test_only_scripts_are_rendered_by_it(places: Places) -> None:
    with pytest.raises(TypeError):
        await renderer(places).render(places.request(RunPipeline(pipeline="x")))


async def test_a_script_with_a_null_character_is_refused(places: Places) -> None:
    with pytest.raises(WorkFailed, match="null character"):
        await rendered(places, "echo \0")


async def test_folders_of_dead_processes_go_with_the_first_rendering(places: Places) -> None:
    assert places.settings.workspaces is not None
    left = places.settings.workspaces / ".rendering" / "0123456789abcdef-1"
    left.mkdir(parents=True)
    await rendered(places, "true")
    assert not left.exists()
