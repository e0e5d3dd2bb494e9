"""Gates that are asked about real folders, by real programs."""

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from typing_extensions import override

from gitops_auditor.config import Settings
from gitops_auditor.execution.environment import job_environment
from gitops_auditor.execution.job_user import hand_over
from gitops_auditor.execution.process import Processes
from gitops_auditor.execution.shells import shell
from gitops_auditor.quality.checks.commands import CommandCheck
from gitops_auditor.quality.checks.output import KeptOutput
from gitops_auditor.quality.checks.running import CommandLines, Ran
from gitops_auditor.quality.evidence import Check, Evidence, Subject
from gitops_auditor.quality.gate import Gate
from tests.execution.jobs import NOBODY, FixedSandbox
from tests.factories.git import write_files
from tests.factories.npm_tools import FOLDER as NPM
from tests.factories.programs import run_program

COMMIT = "c0ffee"
VENV = Path(__file__).parents[3] / ".venv" / "bin"


def make_subject(
    folder: Path,
    files: Mapping[str, str | bytes],
    *,
    changed: Sequence[str] | None = None,
    user: tuple[int, int] | None = None,
    **facts: Any,
) -> Subject:
    """A checkout with these files."""
    root, home = folder / "checkout", folder / "home"
    for path in (root, home):
        path.mkdir(parents=True)
    write_files(root, files)
    for path in (root, home):
        hand_over(path, user)
    files_asked = None if changed is None else tuple(changed)
    return Subject(
        "r1", "pre_merge", COMMIT, "7ree", root.resolve(), home.resolve(), files_asked, **facts
    )


def gate(**fields: Any) -> Gate:
    """A gate of a definition."""
    return Gate.model_validate({"name": "Gate", **fields})


async def look(check: Check, asked: Gate, subject: Subject, seconds: float = 40) -> Evidence:
    """The answer of a check, which has a bound."""
    with anyio.fail_after(seconds + 20):
        return await check.look(asked, subject, seconds)


class OwnUser(CommandLines):
    """Runs commands as the user of the tests: that of jobs may not reach their programs."""

    @override
    async def run(
        self, gate: Gate, subject: Subject, seconds: float, arguments: Sequence[str] = ()
    ) -> Ran:
        ended = await run_program(
            [*shell(), gate.command or "", "gate", *arguments],
            environment=job_environment(self.inherited, {}, home=str(subject.home)),
            folder=subject.root,
            seconds=seconds,
        )
        kept = KeptOutput()
        kept.take("stdout", ended.output.encode())
        code = ended.status if ended.status >= 0 else 128 - ended.status
        killed = (
            f"It was ended by {signal.Signals(-ended.status).name}." if ended.status < 0 else ""
        )
        return Ran(code, kept.text, 0.1, killed)


@dataclass
class Commands:
    """Asks gates of commands in folders of their own, with the programs of the project."""

    folder: Path
    processes: Processes
    settings: Settings
    asked: int = 0

    def check(self) -> CommandCheck:
        programs = os.pathsep.join([str(VENV), str(NPM), os.environ["PATH"]])
        sandbox = FixedSandbox(self.processes)
        return CommandCheck(OwnUser(sandbox, self.settings, {"PATH": programs}))

    def job_subject(self, files: Mapping[str, str | bytes]) -> Subject:
        """A checkout that belongs to the user of jobs."""
        return self.subject(files, user=NOBODY)

    def confined(self) -> CommandCheck:
        """As jobs run: by another user, and without most of the machine."""
        return CommandCheck(CommandLines.open(self.settings, FixedSandbox(self.processes)))

    def subject(self, files: Mapping[str, str | bytes], **facts: Any) -> Subject:
        self.asked += 1
        return make_subject(self.folder / str(self.asked), files, **facts)

    async def run(
        self,
        command: str,
        files: Mapping[str, str | bytes],
        changed: Sequence[str] | None = None,
        /,
        **fields: Any,
    ) -> Evidence:
        """The answer of the project's programs."""
        subject = self.subject(files, changed=changed)
        return await look(self.check(), gate(command=command, **fields), subject)
