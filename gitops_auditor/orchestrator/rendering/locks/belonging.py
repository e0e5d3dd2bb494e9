"""Which lock files belong to a manifest: the one beside it, or its workspace's."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from gitops_auditor.orchestrator.rendering.locks.ecosystem import Ecosystem


class Belonging(NamedTuple):
    """A lock file of an edited manifest.

    `marker` is the file that has to say so, as `ecosystem.workspace` tells, for a lock file of a
    folder above; empty for one beside the manifest.
    """

    ecosystem: Ecosystem
    path: str
    marker: str = ""

    @property
    def folder(self) -> str:
        """The lock file's folder, empty for the root."""
        return folder_of(self.path)


def belonging(
    ecosystems: Sequence[Ecosystem], paths: Collection[str], changed: Collection[str]
) -> list[Belonging]:
    """The lock files among `paths` that may belong to a changed manifest, in order of their paths.

    One that is surely of a manifest is told once, without a marker.
    """
    found: dict[tuple[int, str], Belonging] = {}
    for manifest in sorted(changed):
        for number, one in _of(ecosystems, paths, manifest):
            known = found.get((number, one.path))
            if known is None or not one.marker:
                found[number, one.path] = one
    return sorted(found.values(), key=lambda one: one.path)


def _of(
    ecosystems: Sequence[Ecosystem], paths: Collection[str], manifest: str
) -> Iterator[tuple[int, Belonging]]:
    name = PurePosixPath(manifest).name
    for number, ecosystem in enumerate(ecosystems):
        if ecosystem.manifests.fullmatch(name):
            one = _nearest(ecosystem, paths, manifest)
            if one is not None:
                yield number, one


def _nearest(ecosystem: Ecosystem, paths: Collection[str], manifest: str) -> Belonging | None:
    own = folder_of(manifest)
    marker = ecosystem.workspace
    for folder in _upwards(own):
        lock = beside(folder, ecosystem.lock)
        if lock not in paths:
            continue
        if folder == own:
            return Belonging(ecosystem, lock)
        return Belonging(ecosystem, lock, beside(folder, marker.file)) if marker else None
    return None


def _upwards(folder: str) -> Iterator[str]:
    yield folder
    while folder:
        folder = folder_of(folder)
        yield folder


def folder_of(path: str) -> str:
    """The folder of a path in a repository, empty for the root."""
    return path.rpartition("/")[0]


def beside(folder: str, name: str) -> str:
    """The path of a file in a folder, which is empty for the root."""
    return f"{folder}/{name}" if folder else name
