"""The tools of the server `security-scanner`."""

from typing import Final

from gitops_auditor.linters.running import ToolRunner
from gitops_auditor.linters.security_scanner import SecurityScanner
from gitops_auditor.linters.servers.answers import (
    Answer,
    Inventory,
    inventory_text,
)
from gitops_auditor.linters.servers.arguments import (
    ListTools,
    ScanDependencies,
    ScanFiles,
    ScanSecrets,
)
from gitops_auditor.linters.servers.offering import Offer, Place, Told, judged

INSTRUCTIONS: Final = """\
Scans code for weaknesses and secrets, and dependencies for known vulnerabilities, with the tools
that are installed; list_scanners says which. Secrets that are found are not repeated. An answer
passes only when every tool that is for a file looked at it."""


class SecurityScannerTools:
    """Calls the scanners."""

    def __init__(self, runner: ToolRunner) -> None:
        self._scanner = SecurityScanner(runner)

    def offers(
        self,
    ) -> tuple[
        Offer[ScanFiles] | Offer[ScanDependencies] | Offer[ScanSecrets] | Offer[ListTools], ...
    ]:
        """In the order in which they are listed."""
        return (
            Offer(
                "scan_files",
                "Scan files",
                "Find weaknesses in the code of a folder, such as injections and bad cryptography, "
                "and secrets too when `parts` says so.",
                ScanFiles,
                Answer,
                self._scan_files,
            ),
            Offer(
                "scan_secrets",
                "Scan for secrets",
                "Find passwords, keys and tokens in files of a folder; they are not repeated.",
                ScanSecrets,
                Answer,
                self._scan_secrets,
            ),
            Offer(
                "scan_dependencies",
                "Scan dependencies",
                "Find dependencies of a folder with known vulnerabilities. Asks advisory databases "
                "over the network; where they cannot be reached the answer is an error.",
                ScanDependencies,
                Answer,
                self._scan_dependencies,
                open_world=True,
            ),
            Offer(
                "list_scanners",
                "List scanners",
                "List the scanners, with what they are for, their versions, and how to install "
                "those that are missing.",
                ListTools,
                Inventory,
                self._list_scanners,
            ),
        )

    async def _scan_files(self, place: Place, given: ScanFiles) -> Told:
        report = await self._scanner.scan_files(
            place.root,
            place.files,
            given.config,
            given.tools,
            parts=given.parts,
            progress=place.progress,
        )
        return judged(report, given)

    async def _scan_secrets(self, place: Place, given: ScanSecrets) -> Told:
        report = await self._scanner.scan_secrets(
            place.root, place.files, given.tools, progress=place.progress
        )
        return judged(report, given)

    async def _scan_dependencies(self, place: Place, given: ScanDependencies) -> Told:
        report = await self._scanner.scan_dependencies(
            place.root, given.tools, progress=place.progress
        )
        return judged(report, given)

    async def _list_scanners(self, place: Place, given: ListTools) -> Told:
        here = place.root if given.root is not None else None
        inventory = Inventory(tools=await self._scanner.list_scanners(here))
        return Told(inventory, inventory_text(inventory))
