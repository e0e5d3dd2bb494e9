"""Six repositories that need one another, as bare remotes: four phases for whoever changes all."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gitops_auditor.identity import LOCAL
from gitops_auditor.services import Services
from tests.factories.git import git, make_repository

NEEDS: Final[Mapping[str, Sequence[str]]] = {
    "libcore": (),
    "libweb": ("libcore",),
    "libdb": ("libcore",),
    "api": ("libweb", "libdb"),
    "web": ("libweb",),
    "shop": ("api", "web"),
}
PHASES: Final = [
    ["acme/libcore"],
    ["acme/libdb", "acme/libweb"],
    ["acme/api", "acme/web"],
    ["acme/shop"],
]
ACTOR: Final = "test"
HOST: Final = "https://example.org"

Snapshot = dict[str, str]
"""What every reference of every member names, by `member reference`."""


@dataclass(frozen=True)
class Family:
    """The registered members; `folder` has a bare repository `NAME.git` for each."""

    services: Services
    folder: Path

    def remote(self, name: str) -> Path:
        """The bare repository of a member."""
        return self.folder / f"{name}.git"

    async def snapshot(self) -> Snapshot:
        """Every reference of every member."""
        found = {}
        for name in NEEDS:
            listed = await git(
                self.remote(name), "for-each-ref", "--format=%(refname) %(objectname)"
            )
            for line in listed.splitlines():
                reference, _, target = line.partition(" ")
                found[f"{name} {reference}"] = target
        return found

    async def file(self, name: str, path: str, ref: str = "main") -> str:
        """What a file of a member holds on a branch."""
        return await git(self.remote(name), "show", f"{ref}:{path}")


async def open_family(
    services: Services,
    folder: Path,
    files: Mapping[str, Mapping[str, str]] | None = None,
    host: str = HOST,
) -> Family:
    """Make and register the family; see `make_remotes`."""
    family = Family(services, folder)
    for remote in await make_remotes(folder, files, host):
        async with services.audit.operation(ACTOR, "register_repository", {}):
            await services.repositories.register_path(remote, LOCAL)
    return family


async def make_remotes(
    folder: Path, files: Mapping[str, Mapping[str, str]] | None = None, host: str = HOST
) -> list[Path]:
    """The bare repositories of all members, which nobody has registered yet.

    `files` are further files by member. `host` has their origins: a plan publishes in the bare
    repositories themselves, unless it is a forge.
    """
    remotes = []
    for name, needs in NEEDS.items():
        work, remote = folder / "work" / name, folder / f"{name}.git"
        await make_repository(work, {**manifest(name, needs), **(files or {}).get(name, {})})
        await git(folder, "clone", "--quiet", "--bare", str(work), str(remote))
        url = f"{host}/acme/{name}.git"
        await git(remote, "remote", "set-url", "origin", url)
        remotes.append(remote)
    return remotes


def manifest(name: str, needs: Sequence[str]) -> dict[str, str]:
    """A package that needs others of the family, and left-pad as all do."""
    dependencies = {"left-pad": "^1.2.0", **dict.fromkeys(needs, "^1.0.0")}
    package = {"name": name, "version": "1.0.0", "dependencies": dependencies}
    return {"package.json": json.dumps(package, indent=2) + "\n", "README.md": f"# {name}\n"}
