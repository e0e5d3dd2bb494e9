from gitops_auditor.pipelines.jobs.seen_secrets import MAX_RUNS, SeenSecrets

TEXT = "first-one second-one third-one"


def test_secrets_of_a_run_add_up_and_stay_apart_from_those_of_others() -> None:
    seen = SeenSecrets()
    seen.with_new("run1", ["first-one"])
    assert seen.with_new("run2", ["second-one"]).mask(TEXT) == "first-one *** third-one"
    assert seen.with_new("run1", ["third-one"]).mask(TEXT) == "*** second-one ***"
    assert seen.with_new("run1", []).mask(TEXT) == "*** second-one ***"


def test_only_so_many_runs_are_remembered() -> None:
    seen = SeenSecrets()
    seen.with_new("first", ["first-one"])
    for number in range(MAX_RUNS):
        seen.with_new(f"run{number}", [])
    assert seen.with_new("first", []).mask(TEXT) == TEXT
