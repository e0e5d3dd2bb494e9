"""Plans cut to what a conversation can hold. Pure: what is left out is said."""

import json
from collections.abc import Sequence
from typing import Final

from gitops_auditor.orchestrator.rehearsal import Rehearsal
from gitops_auditor.orchestrator.views import PlanDetails, RepositoryProgress

MOST_CHARACTERS: Final = 80_000
"""Of a plan as JSON: about 20,000 tokens."""

MOST_REASONS: Final = 100
MOST_STEPS: Final = 80
MOST_FILES: Final = 20
MOST_FILES_OF_ONE: Final = 200
WORTH_A_LOOK: Final = ("failed", "errored", "not_undone", "running")


def abridged(details: PlanDetails) -> PlanDetails:
    """The plan with as many of its repositories as fit: first those in which something failed or
    runs. A note says how many are left out; a diff that is too long is cut.
    """
    most = MOST_FILES_OF_ONE if len(details.repositories) == 1 else MOST_FILES
    short = details.model_copy(
        update={
            "risk_reasons": _some(details.risk_reasons, MOST_REASONS, "reasons"),
            "notes": _some(details.notes, MOST_REASONS, "notes"),
            "repositories": [
                one.model_copy(update={"files": _some(one.files, most, "files")})
                for one in details.repositories
            ],
        }
    )
    return short if _size(short) <= MOST_CHARACTERS else _cut(short)


def abridged_rehearsal(rehearsal: Rehearsal) -> Rehearsal:
    """The rehearsal with at most eighty steps in each list; its sentence has how many there are."""
    lists = ("done", "undone", "by_hand", "stays")
    if all(len(getattr(rehearsal, name)) <= MOST_STEPS for name in lists):
        return rehearsal
    cut = {name: getattr(rehearsal, name)[:MOST_STEPS] for name in lists}
    sentence = f"{rehearsal.sentence} Of each list the first {MOST_STEPS} are told."
    return rehearsal.model_copy(update={**cut, "sentence": sentence})


def _some(sentences: Sequence[str], most: int, what: str) -> list[str]:
    more = len(sentences) - most
    return [*sentences[:most], *([f"and {more} more {what}"] if more > 0 else [])]


def _cut(details: PlanDetails) -> PlanDetails:
    bare = details.model_copy(update={"repositories": [], "diff": None})
    shown = _fitting(details.repositories, MOST_CHARACTERS - _size(bare))
    left_out = len(details.repositories) - len(shown)
    notes = [*details.notes]
    if left_out:
        notes.append(
            f"{left_out} of {len(details.repositories)} repositories are left out here:"
            " ask for one with repository_id."
        )
    kept = details.model_copy(update={"repositories": shown, "notes": notes})
    if kept.diff is None:
        return kept
    without = kept.model_copy(update={"diff": None})
    diff = _shortened(kept.diff, MOST_CHARACTERS - _size(without))
    is_cut = kept.diff_truncated or len(diff) < len(kept.diff)
    return kept.model_copy(update={"diff": diff, "diff_truncated": is_cut})


def _fitting(
    repositories: Sequence[RepositoryProgress], characters: int
) -> list[RepositoryProgress]:
    """In their order, as many as fit, those worth a look before the others."""
    ranked = sorted(range(len(repositories)), key=lambda one: not _is_notable(repositories[one]))
    chosen: list[int] = []
    left = characters
    for one in ranked:
        left -= len(repositories[one].model_dump_json()) + 1
        if left < 0 and chosen:
            break
        chosen.append(one)
    return [repositories[one] for one in sorted(chosen)]


def _is_notable(repository: RepositoryProgress) -> bool:
    return (
        bool(repository.by_hand)
        or repository.status == "failed"
        or any(step.startswith(WORTH_A_LOOK) for step in repository.steps)
    )


def _shortened(diff: str, characters: int) -> str:
    """The beginning that, written as JSON, is not longer than that."""
    text = diff
    while len(json.dumps(text, ensure_ascii=False)) > max(characters, 2):
        text = text[: len(text) * 9 // 10]
    return text


def _size(details: PlanDetails) -> int:
    return len(details.model_dump_json())
