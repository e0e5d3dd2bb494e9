"""Compares repositories found on disk with those registered. Pure: decides, and changes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gitops_auditor.repositories.git_urls import canonical_name
from gitops_auditor.repositories.inspection import Facts
from gitops_auditor.repositories.models import Repository, Skipped
from gitops_auditor.repositories.naming import distinguished, id_from_name, id_from_url


@dataclass
class Plan:
    """What to write. `added` pairs an id with facts, `updated` a known repository with new ones."""

    added: list[tuple[str, Facts]] = field(default_factory=list)
    updated: list[tuple[Repository, Facts]] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def changes_anything(self) -> bool:
        """Whether there is something to write."""
        return bool(self.added or self.updated)


class Reconciliation:
    """One comparison. `exists` tells whether a repository is still at a registered path.

    A repository keeps its id as long as its path or its remote stays; a checkout in the workspace
    at hand takes the place of one elsewhere. Those that were removed from the registry keep their
    ids and paths from coming back.
    """

    def __init__(
        self,
        active: Sequence[Repository],
        removed: Sequence[Repository],
        exists: Callable[[str], bool],
    ) -> None:
        self._active = active
        self._by_path = {item.path: item for item in active if item.path}
        # Forges do not tell upper from lower case in names.
        self._ids = {item.id.lower() for item in active}
        self._removed_ids = {item.id.lower() for item in removed}
        self._removed_paths = {item.path for item in removed if item.path}
        self._exists = exists
        self._known_by_remote: dict[str, Repository] = {}
        self._found_by_remote: dict[str, Facts] = {}
        self._plan = Plan()

    def run(self, workspace: Path, found: Sequence[Facts]) -> Plan:
        """Decide for each repository found under `workspace`, and name those that are gone."""
        facts_by_path = {str(facts.path): facts for facts in found}
        self._index_remotes(facts_by_path)
        for facts in found:
            known = self._by_path.get(str(facts.path))
            if known is not None:
                self._refresh(known, facts)
            else:
                self._place(workspace, facts)
        self._name_missing(workspace, facts_by_path)
        return self._plan

    def _index_remotes(self, facts_by_path: dict[str, Facts]) -> None:
        for known in self._active:
            # What is on disk now counts, not what was there at the last look.
            facts = facts_by_path.get(known.path or "")
            origin = facts.origin_url if facts is not None else known.origin_url
            for url in (origin, known.clone_url):
                remote = canonical_name(url) if url else None
                if remote is not None:
                    self._known_by_remote.setdefault(remote, known)

    def _refresh(self, known: Repository, facts: Facts) -> None:
        if _differs(known, facts):
            self._plan.updated.append((known, facts))
        else:
            self._plan.unchanged.append(known.id)

    def _place(self, workspace: Path, facts: Facts) -> None:
        natural = _natural_id(workspace, facts)
        remote = canonical_name(facts.origin_url) if facts.origin_url else None
        twin = self._found_by_remote.get(remote or "")
        known = self._known_by_remote.get(remote or "")
        if natural.lower() in self._removed_ids or str(facts.path) in self._removed_paths:
            self._skip(facts, "it was removed from the registry; register its path to restore it")
        elif twin is not None:
            self._skip(facts, f"it is another checkout of the repository at {twin.path}")
        elif known is None:
            self._add(natural, remote, facts)
        elif self._gives_way(known, workspace):
            self._claim(remote, facts)
            self._plan.updated.append((known, facts))
        else:
            self._skip(facts, f"it is another checkout of {known.id}, registered at {known.path}")

    def _gives_way(self, known: Repository, workspace: Path) -> bool:
        # Whoever names a workspace means the checkouts in it, not those of an earlier one.
        if known.path is None or not self._exists(known.path):
            return True
        return not Path(known.path).is_relative_to(workspace)

    def _add(self, natural: str, remote: str | None, facts: Facts) -> None:
        repository_id = natural
        for source in (remote or str(facts.path), str(facts.path)):
            if repository_id.lower() not in self._ids:
                break
            repository_id = distinguished(natural, source)
        self._ids.add(repository_id.lower())
        self._claim(remote, facts)
        self._plan.added.append((repository_id, facts))

    def _claim(self, remote: str | None, facts: Facts) -> None:
        if remote is not None:
            self._found_by_remote[remote] = facts

    def _skip(self, facts: Facts, reason: str) -> None:
        self._plan.skipped.append(Skipped(path=str(facts.path), reason=reason))

    def _name_missing(self, workspace: Path, facts_by_path: dict[str, Facts]) -> None:
        moved = {known.id for known, _ in self._plan.updated}
        self._plan.missing = sorted(
            known.id
            for path, known in self._by_path.items()
            if path not in facts_by_path
            and known.id not in moved
            and Path(path).is_relative_to(workspace)
        )


def _natural_id(workspace: Path, facts: Facts) -> str:
    from_origin = id_from_url(facts.origin_url) if facts.origin_url else None
    if from_origin is not None:
        return from_origin
    relative = facts.path.relative_to(workspace)
    return id_from_name(str(relative) if relative.parts else facts.path.name)


def _differs(known: Repository, facts: Facts) -> bool:
    return (known.origin_url, known.head_sha) != (facts.origin_url, facts.head_sha) or (
        known.default_branch is None and facts.default_branch is not None
    )
