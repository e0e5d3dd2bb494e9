"""What tests of names and heads share: registered repositories, and a git that counts."""

from datetime import UTC, datetime
from pathlib import Path

from typing_extensions import override

from gitops_auditor.repositories.git_process import Command, Executable, Output, Sink
from gitops_auditor.repositories.models import Repository

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Counted(Executable):
    """The real git, with a count of its processes."""

    def __init__(self) -> None:
        super().__init__()
        self.ran: list[str] = []

    @override
    async def run(
        self, command: Command, *, stdout: Sink | None = None, stderr: Sink | None = None
    ) -> Output:
        self.ran.append(command.name)
        return await super().run(command, stdout=stdout, stderr=stderr)


def known(path: Path | None, **values: str | None) -> Repository:
    shown = str(path) if path is not None else None
    fields = {"id": "acme/it", "name": "it", "path": shown, **values}
    return Repository.model_validate({**fields, "created_at": NOW, "updated_at": NOW})
