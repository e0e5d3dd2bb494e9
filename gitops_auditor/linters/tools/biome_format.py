"""Biome's formatter, for repositories that use no other one."""

from pathlib import Path
from typing import Final

from gitops_auditor.linters.tool import Ended, Invocation, Program, Purpose, Reading, Request
from gitops_auditor.linters.tools import biome_output, javascript

FACE: Final = biome_output.Face("biome-format", "format", ("format",), {})


class BiomeFormat:
    """Takes the repository's biome.json, and its .editorconfig where that says so."""

    name: Final = "biome-format"
    purpose: Final[Purpose] = "format"
    languages: Final = ("JavaScript", "TypeScript", "JSON", "CSS")
    programs: Final = ("biome",)
    install: Final = "install it with: npm install --global @biomejs/biome"

    def takes(self, file: str) -> bool:
        """Files of Biome's languages."""
        return biome_output.takes(file)

    def is_wanted(self, root: Path) -> bool:
        """Unless Prettier is what the repository uses."""
        return javascript.uses_biome(root) or not javascript.uses_prettier(root)

    def folders(self, request: Request) -> tuple[Path, ...]:
        """The repository's own Biome formats as its people see it."""
        return javascript.own_programs(request.root)

    def command(self, program: Program, request: Request) -> Invocation:
        """Format without writing."""
        return Invocation(biome_output.command_line(program, request, FACE))

    def read(self, ended: Ended, request: Request) -> Reading:
        """One finding a file that is not formatted."""
        return biome_output.reading(ended, request, FACE)

    def fix(self, program: Program, request: Request) -> Invocation:
        """Write the files as they should be."""
        return Invocation(biome_output.correction(program, request, FACE), writable=True)

    def fixed(self, ended: Ended, request: Request) -> None:  # noqa: ARG002 - it names no files
        """What it cannot correct is left as it is."""
        biome_output.corrected(ended)


BIOME_FORMAT: Final = BiomeFormat()
