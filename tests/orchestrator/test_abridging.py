"""How much of a plan is told at once."""

from gitops_auditor.orchestrator.abridging import MOST_CHARACTERS, abridged, abridged_rehearsal
from gitops_auditor.orchestrator.records import FileChange, GateEvidence, Plan
from gitops_auditor.orchestrator.rehearsal import rehearse
from gitops_auditor.orchestrator.views import details_of
from gitops_auditor.server.results import MOST_CHARACTERS as MOST_OF_A_RESULT
from tests.orchestrator.plans import plan_of

FILE = FileChange(path="services/web/package.json", status="M", added=3, removed=3)
NAMES = [f"organisation/repository-with-a-name-{number}" for number in range(200)]


def large(files: int = 6) -> Plan:
    """Two hundred repositories in ten phases, with files, gates and notes."""
    plan = plan_of(*(tuple(NAMES[start : start + 20]) for start in range(0, 200, 20)))
    renderings = []
    for one in plan.renderings:
        evidence = GateEvidence(
            repository_id=one.repository_id,
            gate_type="post_phase",
            commit=one.commit,
            validation_id="8" * 24,
            status="passed",
            passed=True,
            reason="3 gates passed, 1 warned: Changelog.",
        )
        more = {"files": [FILE] * files, "gates": [evidence], "notes": ["npm wrote the lock."]}
        renderings.append(one.model_copy(update=more))
    return plan.model_copy(update={"renderings": renderings})


def test_a_small_plan_is_told_whole() -> None:
    details = details_of(plan_of(("acme/lib",), ("acme/app",)), None)
    assert abridged(details) == details


def test_a_large_plan_is_cut_to_what_a_result_holds_and_says_so() -> None:
    details = details_of(large(), None)
    assert len(details.model_dump_json()) > MOST_OF_A_RESULT
    told = abridged(details)
    assert MOST_CHARACTERS * 0.9 < len(told.model_dump_json()) < MOST_OF_A_RESULT
    left_out = 200 - len(told.repositories)
    assert told.notes[-1].startswith(f"{left_out} of 200 repositories are left out")
    assert [one.repository_id for one in told.repositories] == NAMES[: len(told.repositories)]


def test_where_something_failed_is_never_left_out() -> None:
    plan = large()
    steps = [
        one.model_copy(update={"status": "failed", "reason": "It was refused."})
        if one.repository_id == NAMES[-1]
        else one
        for one in plan.steps
    ]
    told = abridged(details_of(plan.model_copy(update={"steps": steps}), None))
    assert told.repositories[-1].repository_id == NAMES[-1]
    assert len(told.repositories) < len(NAMES)


def test_a_long_diff_is_cut_and_says_so() -> None:
    diff = '+\t"name"\n' * 20_000
    told = abridged(details_of(large(files=500), NAMES[0], diff))
    assert told.diff_truncated
    assert told.diff
    assert diff.startswith(told.diff)
    assert MOST_CHARACTERS * 0.8 < len(told.model_dump_json()) <= MOST_CHARACTERS
    assert told.repositories[0].files[-1] == "and 300 more files"


def test_a_rehearsal_of_a_large_plan_fits_and_says_how_much_there_is() -> None:
    whole = rehearse(large().model_copy(update={"steps": large().steps * 3}), 10)
    told = abridged_rehearsal(whole)
    assert len(told.model_dump_json()) < MOST_OF_A_RESULT < len(whole.model_dump_json())
    assert told.undone == whole.undone[:80]
    assert told.sentence.startswith(whole.sentence)
    assert told.sentence.endswith("the first 80 are told.")
    small = rehearse(plan_of(("acme/lib",)), 1)
    assert abridged_rehearsal(small) == small
