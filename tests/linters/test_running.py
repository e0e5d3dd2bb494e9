"""Tools over files: each is given those it is for, confined, and ends in time."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import anyio
import pytest
from typing_extensions import override

from gitops_auditor.config import load_settings
from gitops_auditor.errors import NotFound, Refused
from gitops_auditor.execution.process import Processes
from gitops_auditor.execution.sandbox import Sandbox
from gitops_auditor.execution.supervision.orders import Isolation
from gitops_auditor.formats.findings import Finding
from gitops_auditor.linters.running import ToolRunner
from gitops_auditor.linters.tool import (
    Ended,
    Exacting,
    Invocation,
    Program,
    Purpose,
    Reading,
    Request,
    Tool,
    UnreadableOutput,
)
from gitops_auditor.linters.tools.ruff import RUFF
from tests.factories.runs import run_settings
from tests.linters.running import files_in, only

SECONDS = 60.0


@dataclass(frozen=True)
class Shell:
    """A tool that is a line of shell; what it prints are the names of the files it looked at."""

    script: str
    programs: tuple[str, ...] = ("sh",)
    name: str = "shell"
    ending: str = ".txt"
    purpose: Purpose = "lint"
    languages: tuple[str, ...] = ("text",)
    install: str = "install it with: apt install dash"

    def takes(self, file: str) -> bool:
        return file.endswith(self.ending)

    def is_wanted(self, request: Request) -> bool:
        return not (request.root / "unwanted").exists()

    def command(self, program: Program, request: Request) -> Invocation:
        argv = (str(program.path), "-c", self.script, "sh", *request.files)
        return Invocation(argv, planted={"planted": "ours"})

    def read(self, ended: Ended, _request: Request) -> Reading:
        said = ended.stdout.decode().split()
        found = [name.removeprefix("bad:") for name in said if name.startswith("bad:")]
        findings = [
            Finding(tool="shell", rule="r", severity="low", message="m", file=name, line=1)
            for name in found
        ]
        return Reading(findings, files=len(said))


LISTS: Final = 'for one in "$@"; do echo "$one"; done'


async def test_a_tool_is_given_only_the_files_it_is_for_and_passes(
    runner: ToolRunner, root: Path
) -> None:
    files = files_in(root, {"a.txt": "", "b/c.txt": "", "d.rs": "", "Makefile": ""})
    report = await runner.run([Shell(LISTS)], Request(root, files), SECONDS)
    assert report.tools == (only(report, "passed"),)
    assert (report.files, only(report).files) == (4, 2)
    assert report.unchecked == {".rs": 1, "Makefile": 1}
    assert report.passed


async def test_a_tool_without_files_is_skipped_and_that_is_no_pass(
    runner: ToolRunner, root: Path
) -> None:
    report = await runner.run([Shell(LISTS)], Request(root, files_in(root, {"a.rs": ""})), SECONDS)
    assert only(report, "skipped").reason == "There is no file for it."
    assert not report.passed


async def test_a_tool_that_the_folder_does_not_ask_for_is_skipped_and_its_files_are_unchecked(
    runner: ToolRunner, root: Path
) -> None:
    files = files_in(root, {"a.txt": "", "unwanted": ""})
    report = await runner.run([Shell(LISTS)], Request(root, files), SECONDS)
    assert only(report).status == "skipped"
    assert report.unchecked == {".txt": 1, "unwanted": 1}


async def test_a_missing_program_is_absent_and_says_how_to_install_it(
    runner: ToolRunner, root: Path
) -> None:
    tool = Shell(LISTS, programs=("no-such-program",))
    report = await runner.run([tool], Request(root, files_in(root, {"a.txt": ""})), SECONDS)
    reason = "shell is not installed; install it with: apt install dash"
    assert (only(report, "absent").reason, report.passed) == (reason, False)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (LISTS + "; kill -SEGV $$", "SIGSEGV"),
        ('echo "$1"', "looked at 1 of 2"),
        ("", "looked at 0 of 2"),
        (LISTS + "; echo more", "looked at 3 of 2"),
        ("echo a.txt; echo bad:other.txt", "spoke of other.txt"),
    ],
)
async def test_a_tool_whose_word_cannot_be_taken_is_an_error(
    runner: ToolRunner, root: Path, script: str, reason: str
) -> None:
    files = files_in(root, {"a.txt": "", "b.txt": ""})
    report = await runner.run([Shell(script)], Request(root, files), SECONDS)
    assert reason in only(report, "error").reason


async def test_a_tool_that_does_not_end_is_ended_and_an_error(
    runner: ToolRunner, root: Path
) -> None:
    files = files_in(root, {"a.txt": ""})
    report = await runner.run([Shell("sleep 60")], Request(root, files), 1.0)
    assert "longer than" in only(report, "error").reason
    (root / "a.txt").write_bytes(bytes(3 * 2**20))
    report = await runner.run([Shell("sleep 60")], Request(root, files), 1.0)
    assert "The largest file that it was given is a.txt, of 3 MiB." in only(report).reason


async def test_a_tool_that_prints_without_end_is_ended_and_an_error(
    runner: ToolRunner, root: Path
) -> None:
    files = files_in(root, {"a.txt": ""})
    report = await runner.run([Shell("yes")], Request(root, files), SECONDS)
    assert "output" in only(report, "error").reason


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing.txt", "does not exist"),
        ("link.txt", "is a link"),
        ("linked/a.txt", "behind a link"),
        ("../a.txt", "not a plain path"),
        ("/etc/a.txt", "not a plain path"),
        ("./a.txt", "not a plain path"),
        ("folder.txt", "not a plain file"),
        ("a\n.txt", "cannot be shown"),
    ],
)
async def test_a_file_that_is_no_plain_one_of_the_root_is_an_error_of_its_tool(
    runner: ToolRunner, root: Path, name: str, reason: str
) -> None:
    files_in(root, {"a.txt": "", "folder.txt/a.txt": ""})
    (root / "link.txt").symlink_to("a.txt")
    (root / "linked").symlink_to("folder.txt")
    report = await runner.run([Shell("echo bad:a.txt")], Request(root, ("a.txt", name)), SECONDS)
    one = only(report, "error")
    assert reason in one.reason
    assert [each.file for each in one.findings] == ["a.txt"], "the others are looked at"


class Choosing(Shell):
    """A tool that is not for files that say so."""

    def selected(self, request: Request) -> tuple[str, ...]:
        return tuple(one for one in request.files if not (request.root / one).read_text("utf-8"))


async def test_a_tool_is_not_given_files_that_it_leaves_out_itself(
    runner: ToolRunner, root: Path
) -> None:
    files = files_in(root, {"a.txt": "", "b.txt": "leave me out"})
    report = await runner.run([Choosing(LISTS)], Request(root, files), SECONDS)
    one = only(report, "passed")
    assert (one.files, one.reason) == (1, "It leaves out 1 of the files.")
    report = await runner.run([Choosing(LISTS)], Request(root, ("b.txt",)), SECONDS)
    assert "leaves out all" in only(report, "skipped").reason


@dataclass(frozen=True)
class Surveyed(Shell):
    """A tool that leaves out files whose name begins so, says so when asked, and counts starts."""

    reads_all: Literal[True] = True
    started: list[str] = field(default_factory=list)

    @override
    def command(self, program: Program, request: Request) -> Invocation:
        self.started.append("command")
        return super().command(program, request)

    @override
    def read(self, ended: Ended, request: Request) -> Reading:
        said = tuple(ended.stdout.decode().split())
        if said != request.files:
            raise UnreadableOutput("It did not look at all of them.")
        return Reading([], files=len(said))

    def may_leave_out(self, request: Request) -> bool:
        return request.files != ()

    def survey(self, program: Program, request: Request) -> Invocation:
        self.started.append("survey")
        return super().command(program, request)

    def surveyed(self, ended: Ended, request: Request) -> tuple[str, ...]:
        return tuple(one for one in request.files if one in ended.stdout.decode().split())


LEAVES_OUT: Final = 'for one in "$@"; do case "$one" in out*) ;; *) echo "$one" ;; esac; done'


async def test_a_tool_whose_report_names_all_files_is_asked_only_then_which_it_leaves_out(
    runner: ToolRunner, root: Path
) -> None:
    files = files_in(root, {"a.txt": "", "out.txt": ""})
    tool = Surveyed(LEAVES_OUT)
    assert isinstance(tool, Exacting)
    report = await runner.run([tool], Request(root, ("a.txt",)), SECONDS)
    assert only(report, "passed").files == 1
    assert tool.started == ["command"]
    report = await runner.run([tool], Request(root, files), SECONDS)
    assert (only(report, "passed").files, only(report).reason) == (
        1,
        "It leaves out 1 of the files.",
    )
    assert tool.started[1:] == ["command", "survey", "command"]


@dataclass(frozen=True)
class Silent(Shell):
    """A tool that is asked what it leaves out where it may leave out something."""

    started: list[str] = field(default_factory=list)

    def may_leave_out(self, request: Request) -> bool:
        return (request.root / "configuration").exists()

    def survey(self, program: Program, request: Request) -> Invocation:
        self.started.append("survey")
        return self.command(program, request)

    def surveyed(self, ended: Ended, _request: Request) -> tuple[str, ...]:
        return tuple(ended.stdout.decode().split())


async def test_a_tool_without_configuration_is_not_asked_what_that_leaves_out(
    runner: ToolRunner, root: Path
) -> None:
    request = Request(root, files_in(root, {"a.txt": ""}))
    tool = Silent(LISTS)
    only(await runner.run([tool], request, SECONDS), "passed")
    assert tool.started == []
    files_in(root, {"configuration": ""})
    only(await runner.run([tool], request, SECONDS), "passed")
    assert tool.started == ["survey"]


@pytest.mark.parametrize("config", ["../outside", "link", "missing"])
async def test_a_configuration_outside_of_the_root_is_refused(
    runner: ToolRunner, root: Path, config: str
) -> None:
    files = files_in(root, {"a.txt": ""})
    (root / "link").symlink_to("/etc/passwd")
    with pytest.raises(Refused):
        await runner.run([Shell(LISTS)], Request(root, files, config), SECONDS)


async def test_a_tool_reads_the_root_and_writes_only_into_a_folder_that_is_removed(
    runner: ToolRunner, root: Path, runs_in: Path
) -> None:
    script = 'echo x > $HOME/x; cat "$HOME/planted" >&2; echo $HOME >&2; (echo y > y) 2>/dev/null'
    files = files_in(root, {"a.txt": ""})
    report = await runner.run([Shell(script + "; exit 9")], Request(root, files), SECONDS)
    said = only(report, "error").reason.split("It said: ")[1].split()
    assert said[0].startswith("ours")
    assert not (runs_in / said[0].removeprefix("ours")).exists()
    assert not (root / "y").exists()


async def test_progress_tells_of_each_tool_and_reports_keep_the_order_of_the_tools(
    runner: ToolRunner, root: Path
) -> None:
    told: list[tuple[int, int]] = []
    tools: list[Tool] = [Shell("sleep 0.3;" + LISTS, name="slow"), Shell(LISTS, name="fast")]
    request = Request(root, files_in(root, {"a.txt": ""}))
    report = await runner.run(tools, request, SECONDS, lambda done, of, _: told.append((done, of)))
    assert told == [(1, 2), (2, 2)]
    assert [one.tool for one in report.tools] == ["slow", "fast"]


@dataclass(frozen=True)
class Timed(Shell):
    """A tool that tells when it began and when it ended."""

    spans: list[tuple[int, int]] = field(default_factory=list)

    @override
    def read(self, ended: Ended, request: Request) -> Reading:
        begin, end = ended.stderr.split()
        self.spans.append((int(begin), int(end)))
        return super().read(ended, request)


async def test_no_more_tools_run_at_once_than_there_are_processors(
    runner: ToolRunner, root: Path
) -> None:
    script = f"date +%s%N >&2; sleep 0.1; {LISTS}; date +%s%N >&2"
    spans: list[tuple[int, int]] = []
    processors = os.cpu_count() or 1
    tools = [Timed(script, name=f"tool{at}", spans=spans) for at in range(2 * processors)]
    await runner.run(tools, Request(root, files_in(root, {"a.txt": ""})), SECONDS)
    assert len(spans) == 2 * processors
    for begin, _ in spans:
        assert sum(1 for one, end in spans if one <= begin < end) <= processors


class Landlocked(Sandbox):
    """A sandbox of a machine without bubblewrap."""

    @override
    async def level(self) -> Isolation:
        return Isolation.LANDLOCK


async def test_tools_are_confined_by_landlock_too(runs_in: Path, root: Path) -> None:
    settings = load_settings({}, data_dir=runs_in / "data", **run_settings(runs_in))
    (runs_in / "other").write_text("secret", encoding="utf-8")
    script = f"cat {runs_in}/other; echo y > y; echo x > $HOME/x && {LISTS}"
    request = Request(root, files_in(root, {"a.txt": "", "b.py": "import os\n"}))
    async with Processes.open() as processes:
        runner = ToolRunner(Landlocked(settings, processes), settings)
        report = await runner.run([Shell(script), RUFF], request, SECONDS)
    assert [one.status for one in report.tools] == ["passed", "failed"]
    assert not (root / "y").exists()


async def test_a_folder_of_jobs_that_is_missing_is_named_before_any_tool_starts(
    runs_in: Path, root: Path
) -> None:
    gone = runs_in / "gone"
    settings = load_settings(
        {}, data_dir=runs_in / "data", job_folders=(gone,), **run_settings(runs_in)
    )
    request = Request(root, files_in(root, {"a.txt": ""}))
    async with Processes.open() as processes:
        runner = ToolRunner(Landlocked(settings, processes), settings)
        with pytest.raises(NotFound, match=f"no folder {gone}"):
            await runner.run([Shell("true")], request, SECONDS)


async def test_findings_keep_their_fingerprints_when_lines_move(
    runner: ToolRunner, root: Path
) -> None:
    async def fingerprint(text: str) -> str:
        request = Request(root, files_in(root, {"a.py": text}))
        report = await runner.run([RUFF], request, SECONDS)
        return only(report, "failed").findings[0].fingerprint

    first = await fingerprint("import os\n")
    assert first == await fingerprint("# A comment.\n\n\nimport os\n") != ""


async def test_whoever_cancels_waits_until_nothing_of_the_tool_is_left(
    runner: ToolRunner, root: Path
) -> None:
    request = Request(root, files_in(root, {"a.txt": ""}))
    with anyio.move_on_after(0.5) as scope:
        await runner.run([Shell("sleep 4711")], request, SECONDS)
    assert scope.cancelled_caught
    assert not _running("sleep\x004711")


def _running(command: str) -> bool:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if command in (process / "cmdline").read_text(encoding="utf-8", errors="replace"):
                return True
        except OSError:
            continue
    return False
