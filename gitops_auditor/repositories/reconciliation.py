"""Compares repositories found on disk with those registered. Pure: decides, and changes nothing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gitops_auditor.repositories.inspection import Facts
from gitops_auditor.repositories.models import Repository, Skipped
from gitops_auditor.repositories.naming import (
    distinguished,
    id_from_name,
    id_from_url,
    same_remote,
)


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


class Registered:
    """The repositories known so far. `removed` ones keep their ids and paths from coming back."""

    def __init__(
        self,
        active: Iterable[Repository],
        removed: Iterable[Repository],
        exists: Callable[[str], bool],
    ) -> None:
        # Forges do not tell upper from lower case in names.
        self._by_id = {repository.id.lower(): repository for repository in active}
        self._by_path = {item.path: item for item in self._by_id.values() if item.path}
        self._removed_ids = {repository.id.lower() for repository in removed}
        self._removed_paths = {item.path for item in removed if item.path}
        self._exists = exists

    def reconcile(self, workspace: Path, found: Sequence[Facts]) -> Plan:
        """Decide for each repository found under `workspace`, and name those that are gone."""
        plan = Plan()
        taken: dict[str, Facts] = {}
        for facts in found:
            self._decide(workspace, facts, taken, plan)
        seen = {str(facts.path) for facts in found}
        plan.missing = sorted(
            item.id
            for path, item in self._by_path.items()
            if path not in seen
            and Path(path).is_relative_to(workspace)
            and item not in [known for known, _ in plan.updated]
        )
        return plan

    def _decide(self, workspace: Path, facts: Facts, taken: dict[str, Facts], plan: Plan) -> None:
        known = self._by_path.get(str(facts.path))
        if known is not None:
            self._refresh(known, facts, plan)
            return
        natural = _natural_id(workspace, facts)
        reason, moved = self._obstacle(natural, facts, taken)
        if reason is not None:
            plan.skipped.append(Skipped(path=str(facts.path), reason=reason))
        elif moved is not None:
            taken[moved.id.lower()] = facts
            plan.updated.append((moved, facts))
        else:
            free = self._free_id(natural, facts, taken)
            taken[free.lower()] = facts
            plan.added.append((free, facts))

    def _refresh(self, known: Repository, facts: Facts, plan: Plan) -> None:
        if _differs(known, facts):
            plan.updated.append((known, facts))
        else:
            plan.unchanged.append(known.id)

    def _obstacle(
        self, natural: str, facts: Facts, taken: dict[str, Facts]
    ) -> tuple[str | None, Repository | None]:
        """Why this repository is not added, or the known one that it turns out to be."""
        if natural.lower() in self._removed_ids or str(facts.path) in self._removed_paths:
            return "it was removed from the registry; register its path to bring it back", None
        twin = taken.get(natural.lower())
        if twin is not None and same_remote(twin.origin_url, facts.origin_url):
            return f"it is another checkout of {natural}, found at {twin.path}", None
        known = self._by_id.get(natural.lower())
        if known is None or not _same_origin(known, facts):
            return None, None
        if known.path is not None and not self._exists(known.path):
            return None, known
        return f"it is another checkout of {known.id}, registered at {known.path}", None

    def _free_id(self, natural: str, facts: Facts, taken: dict[str, Facts]) -> str:
        if natural.lower() not in self._by_id and natural.lower() not in taken:
            return natural
        return distinguished(natural, facts.origin_url or str(facts.path))


def _natural_id(workspace: Path, facts: Facts) -> str:
    from_origin = id_from_url(facts.origin_url) if facts.origin_url else None
    if from_origin is not None:
        return from_origin
    relative = facts.path.relative_to(workspace)
    return id_from_name(str(relative) if relative.parts else facts.path.name)


def _same_origin(known: Repository, facts: Facts) -> bool:
    return same_remote(known.origin_url, facts.origin_url) or same_remote(
        known.clone_url, facts.origin_url
    )


def _differs(known: Repository, facts: Facts) -> bool:
    return (known.origin_url, known.head_sha) != (facts.origin_url, facts.head_sha) or (
        known.default_branch is None and facts.default_branch is not None
    )
