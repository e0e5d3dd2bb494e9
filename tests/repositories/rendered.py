"""What tests of rendered commits share: a store in a temporary folder, and what reads it."""

from pathlib import Path
from typing import NamedTuple

from gitops_auditor.repositories.boundaries import Boundaries
from gitops_auditor.repositories.checkouts import Checkouts
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.locations import Locations
from gitops_auditor.repositories.mirrors import Mirrors
from gitops_auditor.repositories.rendered import RenderedCommits
from gitops_auditor.repositories.rendered_store import RenderedStores
from gitops_auditor.repositories.revisions import Revisions
from tests.repositories.revisions import Counted

MOMENT = 1_767_225_600
ROOM = 2**20


class Rendering(NamedTuple):
    """The parts as the registry puts them together, with a git that counts its processes."""

    commits: RenderedCommits
    revisions: Revisions
    checkouts: Checkouts
    locations: Locations
    mirrors: Mirrors
    counted: Counted


def open_rendering(folder: Path) -> Rendering:
    """The parts over one folder; opened twice, as two processes would have it."""
    counted = Counted()
    git = Git(counted)
    mirrors = Mirrors(git, folder / "mirrors", ("file",), allow_private_hosts=True)
    locations = Locations(mirrors, Boundaries(()))
    stores = RenderedStores(folder / "rendered", locations, git)
    revisions = Revisions(git, locations, stores)
    commits = RenderedCommits(revisions, stores, counted, most_bytes=ROOM)
    checkouts = Checkouts(revisions, git, counted)
    return Rendering(commits, revisions, checkouts, locations, mirrors, counted)
