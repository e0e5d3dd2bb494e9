from gitops_auditor.pipelines.jobs.seen_secrets import MAX_RUNS, SeenSecrets


def test_secrets_of_a_run_add_up_and_stay_apart_from_those_of_others() -> None:
    seen = SeenSecrets()
    seen.with_new("run1", ["a"])
    assert seen.with_new("run2", ["b"]) == {"b"}
    assert seen.with_new("run1", ["c"]) == {"a", "c"}


def test_only_so_many_runs_are_remembered() -> None:
    seen = SeenSecrets()
    seen.with_new("first", ["a"])
    for number in range(MAX_RUNS):
        seen.with_new(f"run{number}", [])
    assert seen.with_new("first", []) == frozenset()
