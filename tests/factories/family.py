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
    host: str = "https://example.org",
) -> Family:
    """Make and register the family; `files` are further files by member, `host` has their origins.

    A plan publishes in the bare repositories, unless the host is a forge.
    """
    family = Family(services, folder)
    for name, needs in NEEDS.items():
        work = folder / "work" / name
        await make_repository(work, {**manifest(name, needs), **(files or {}).get(name, {})})
        await git(folder, "clone", "--quiet", "--bare", str(work), str(family.remote(name)))
        url = f"{host}/acme/{name}.git"
        await git(family.remote(name), "remote", "set-url", "origin", url)
        async with services.audit.operation(ACTOR, "register_repository", {}):
            await services.repositories.register_path(family.remote(name), LOCAL)
    return family


def manifest(name: str, needs: Sequence[str]) -> dict[str, str]:
    """A package that needs others of the family, and left-pad as all do."""
    dependencies = {"left-pad": "^1.2.0", **dict.fromkeys(needs, "^1.0.0")}
    package = {"name": name, "version": "1.0.0", "dependencies": dependencies}
    return {"package.json": json.dumps(package, indent=2) + "\n", "README.md": f"# {name}\n"}
