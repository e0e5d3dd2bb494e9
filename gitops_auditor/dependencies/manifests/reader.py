"""What a manifest module offers: the files it claims and the function that reads one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from gitops_auditor.dependencies.models import ManifestFacts


@dataclass(frozen=True)
class ManifestFile:
    """One file of a commit: its path inside the repository and its bytes."""

    path: str
    content: bytes

    @cached_property
    def text(self) -> str:
        """The content as UTF-8; bytes that are not are replaced, so that line numbers stay true."""
        return self.content.decode("utf-8-sig", errors="replace")

    @cached_property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class ManifestReader:
    """A kind of manifest.

    A file is claimed when its name is in `names`, or ends with one of `suffixes`, or when `claims`
    says so of its full path. `claims` is asked only for names that end in one of `claim_suffixes`.
    """

    name: str
    read: Callable[[ManifestFile], ManifestFacts]
    names: frozenset[str] = frozenset()
    suffixes: tuple[str, ...] = ()
    claim_suffixes: tuple[str, ...] = ()
    claims: Callable[[str], bool] | None = None
