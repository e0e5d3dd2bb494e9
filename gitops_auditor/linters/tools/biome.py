"""Biome's linter: JavaScript, TypeScript, JSON and CSS of repositories that use no other linter."""

from pathlib import Path
from typing import Final

from gitops_auditor.formats.findings import Severity
from gitops_auditor.linters.tool import Ended, Invocation, Program, Purpose, Reading, Request
from gitops_auditor.linters.tools import biome_output, biome_report, javascript, machine_made

SEVERITIES: Final[dict[str, Severity]] = {
    "parse": "high",
    "lint/security": "high",
    "lint/correctness": "medium",
    "lint/suspicious": "medium",
    "lint/correctness/noUndeclaredVariables": "high",
    "lint/correctness/noUnusedVariables": "low",
    "lint/correctness/noUnusedImports": "low",
    "lint/suspicious/noDebugger": "high",
    "lint/suspicious/noDuplicateObjectKeys": "high",
    "lint/suspicious/noRedeclare": "high",
}
"""By rule, else by group; the other groups are matters of style, and low."""

FACE: Final = biome_output.Face("lint", ("json", "summary"))


class Biome:
    """Takes the repository's biome.json; without one it has its recommended rules."""

    name: Final = "biome"
    purpose: Final[Purpose] = "lint"
    languages: Final = ("JavaScript", "TypeScript", "JSON", "CSS")
    programs: Final = ("biome",)
    install: Final = "install it with: npm install --global @biomejs/biome"

    def takes(self, file: str) -> bool:
        """Files of Biome's languages."""
        return biome_output.takes(file)

    def is_wanted(self, request: Request) -> bool:
        """Unless ESLint is what the repository uses."""
        return javascript.uses_biome(request.root) or not javascript.uses_eslint(request.root)

    def folders(self, request: Request) -> tuple[Path, ...]:
        """The repository's own Biome knows the rules that its configuration names."""
        return javascript.own_programs(request.root)

    def selected(self, request: Request) -> tuple[str, ...]:
        """What people wrote."""
        return machine_made.written_by_people(request.root, request.files)

    def command(self, program: Program, request: Request) -> Invocation:
        """Lint without writing."""
        return Invocation(biome_output.command_line(program, request, FACE))

    def read(self, ended: Ended, request: Request) -> Reading:
        """One finding a diagnostic of a rule."""
        return biome_report.reading(ended, request, SEVERITIES)

    def fix(self, program: Program, request: Request) -> Invocation:
        """Apply what Biome calls safe."""
        return Invocation(biome_output.correction(program, request, FACE), writable=True)

    def fixed(self, ended: Ended, request: Request) -> None:  # noqa: ARG002 - it names no files
        """What it cannot correct is left as it is."""
        biome_output.corrected(ended)


BIOME: Final = Biome()
