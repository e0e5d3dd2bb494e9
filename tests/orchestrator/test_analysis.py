from pathlib import Path

from gitops_auditor.orchestrator.analysis import analyze
from gitops_auditor.services import Services
from tests.factories.family import ACTOR, PHASES, open_family


async def untold(_done: float, _total: float | None, _message: str) -> None:
    """Nobody listens."""


async def test_repositories_are_ordered_by_the_lines_in_which_they_ask_for_one_another(
    services: Services, tmp_path: Path
) -> None:
    await open_family(services, tmp_path / "family")
    async with services.audit.operation(ACTOR, "scan_dependencies", {}):
        await services.dependencies.scan(progress=untold)
    members = [name for phase in PHASES for name in phase]
    found = analyze([*members, *members], await services.dependencies.edges())
    assert found.order == PHASES
    assert found.cycles == []
    assert found.total == 7
    [line] = [one for one in found.dependencies if one.source == "acme/web"]
    assert (line.target, line.name, line.constraint) == ("acme/libweb", "libweb", "^1.0.0")
    assert (line.file, line.line) == ("package.json", 6)
