"""The highest version seen of each definition, kept outside of the database and of repositories.

A signature says who wrote a definition, not that it is the present one: an older one is as well
signed. Who can only change the database or a repository cannot lower what is kept here.
"""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gitops_auditor.config import Settings
from gitops_auditor.errors import NotFound
from gitops_auditor.execution.secret_files import locked, read_private, replace_private
from gitops_auditor.quality.signing.canonical import MAX_VERSION, Target, TargetKind
from gitops_auditor.quality.signing.refusals import refused

FILE_NAME = "gate-floors.json"


class Floor(BaseModel, defer_build=True):
    """The highest version of one definition, and the digest of its payload."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: TargetKind
    repository: str
    name: str
    version: int = Field(ge=1, le=MAX_VERSION)
    digest: str

    @property
    def target(self) -> Target:
        """What the definition is for."""
        return Target(self.kind, self.repository, self.name)


class _File(BaseModel, defer_build=True):
    model_config = ConfigDict(extra="forbid")

    floors: list[Floor]


class Floors:
    """The file at `path`, private to its owner. All methods block, and raise Refused for a file
    that others can change or that is not as it was written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """The floors of an installation."""
        return cls(settings.data_dir / FILE_NAME)

    def exists(self) -> bool:
        """Whether any version was ever kept here."""
        return self.path.exists()

    def get(self, target: Target) -> Floor | None:
        """The floor of a definition, None when it was never seen."""
        return self._read().get(target)

    def names(self, kind: TargetKind, repository: str) -> frozenset[str]:
        """The names of all definitions of a repository that were ever seen."""
        targets = self._read()
        return frozenset(
            each.name for each in targets if (each.kind, each.repository) == (kind, repository)
        )

    def require(self, target: Target, version: int, digest: str) -> None:
        """Raise Refused for a version below the floor, and for another definition at the floor."""
        _require(self.get(target), target, version, digest)

    def raise_to(self, target: Target, version: int, digest: str) -> None:
        """Require the same, and keep the version as the floor. It is on the disk afterwards."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(self.path.with_suffix(".lock")):
            floors = self._read()
            before = floors.get(target)
            _require(before, target, version, digest)
            if before is None or before.version < version:
                floors[target] = _floor(target, version, digest)
                file = _File(floors=list(floors.values()))
                replace_private(self.path, file.model_dump_json(indent=1).encode(), 0o600)

    def _read(self) -> dict[Target, Floor]:
        try:
            file = _File.model_validate_json(read_private(self.path))
        except NotFound:
            return {}
        except ValidationError:
            raise refused(
                "tampered",
                f"The versions of gates in {self.path} cannot be read.",
                "Restore the file from a backup; without it older definitions are not known.",
            ) from None
        return {floor.target: floor for floor in file.floors}


def _floor(target: Target, version: int, digest: str) -> Floor:
    return Floor(
        kind=target.kind,
        repository=target.repository,
        name=target.name,
        version=version,
        digest=digest,
    )


def _require(floor: Floor | None, target: Target, version: int, digest: str) -> None:
    if floor is None or version > floor.version:
        return
    if version < floor.version:
        raise refused(
            "rolled_back",
            f"The definition {target} was rolled back from version {floor.version} to {version}.",
            f"Sign it as version {floor.version + 1} if that is what you want.",
            floor=floor.version,
            version=version,
        )
    if digest != floor.digest:
        raise refused(
            "rolled_back",
            f"Version {version} of the definition {target} was another one before.",
            f"Sign it as version {version + 1}.",
            floor=floor.version,
            version=version,
        )
