"""The tools of the server `code-linter`."""

from typing import Final

from gitops_auditor.linters.code_linter import CodeLinter
from gitops_auditor.linters.fixing import Fixes
from gitops_auditor.linters.running import ToolRunner
from gitops_auditor.linters.servers.answers import (
    Answer,
    Inventory,
    fixes_text,
    inventory_text,
)
from gitops_auditor.linters.servers.arguments import CheckFormat, FixFiles, LintFiles, ListTools
from gitops_auditor.linters.servers.offering import Offer, Place, Told, judged

INSTRUCTIONS: Final = """\
Lints and checks the format of files in Python, JavaScript, TypeScript, shell, YAML, Dockerfiles and
more, with the tools that are installed; list_linters says which. No file is ever changed: fix_files
answers with a diff. An answer passes only when every tool that is for a file looked at it."""


class CodeLinterTools:
    """Calls the linters."""

    def __init__(self, runner: ToolRunner) -> None:
        self._linter = CodeLinter(runner)

    def offers(
        self,
    ) -> tuple[Offer[LintFiles] | Offer[CheckFormat] | Offer[FixFiles] | Offer[ListTools], ...]:
        """In the order in which they are listed."""
        return (
            Offer(
                "lint_files",
                "Lint files",
                "Find mistakes in files of a folder. Says for each the line, the rule and the fix, "
                "and of each linter whether it looked.",
                LintFiles,
                Answer,
                self._lint_files,
            ),
            Offer(
                "check_format",
                "Check the format",
                "Find the files of a folder that are not as their formatter leaves them.",
                CheckFormat,
                Answer,
                self._check_format,
            ),
            Offer(
                "fix_files",
                "Correct files",
                "Answer with a diff of what linters would correct, for `git apply` in the folder; "
                "name formatters in `tools` to format too. Changes no file.",
                FixFiles,
                Fixes,
                self._fix_files,
            ),
            Offer(
                "list_linters",
                "List linters",
                "List the linters and formatters, with what they are for, their versions, and how "
                "to install those that are missing.",
                ListTools,
                Inventory,
                self._list_linters,
            ),
        )

    async def _lint_files(self, place: Place, given: LintFiles) -> Told:
        report = await self._linter.lint_files(
            place.root,
            place.files,
            given.config,
            given.tools,
            fix=given.fix,
            progress=place.progress,
        )
        return judged(report, given)

    async def _check_format(self, place: Place, given: CheckFormat) -> Told:
        report = await self._linter.check_format(
            place.root, place.files, given.formatter, progress=place.progress
        )
        return judged(report, given)

    async def _fix_files(self, place: Place, given: FixFiles) -> Told:
        fixes = await self._linter.fix_files(place.root, place.files, given.tools)
        return Told(fixes, fixes_text(fixes))

    async def _list_linters(self, place: Place, given: ListTools) -> Told:
        here = place.root if given.root is not None else None
        inventory = Inventory(tools=await self._linter.list_linters(here))
        return Told(inventory, inventory_text(inventory))
