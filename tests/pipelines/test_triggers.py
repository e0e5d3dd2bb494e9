import pytest

from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.trigger_models import Event
from gitops_auditor.pipelines.triggers import firing, matches

HEAD = "name: x\nstages: [{name: s, jobs: [{name: j, script: x}]}]\ntriggers: "
EXAMPLE = "[{push: {branches: [main, develop]}}, {pull_request: {types: [opened, synchronize]}}]"


@pytest.mark.parametrize(
    ("triggers", "event", "fires", "words"),
    [
        (EXAMPLE, {"type": "push", "branch": "develop"}, True, "matches"),
        (EXAMPLE, {"type": "push", "branch": "feature/x"}, False, "main, develop"),
        (EXAMPLE, {"type": "push", "tag": "v1"}, False, "a tag was pushed"),
        (EXAMPLE, {"type": "pull_request", "action": "opened"}, True, "matches"),
        (EXAMPLE, {"type": "pull_request", "action": "closed"}, False, "'closed'"),
        (EXAMPLE, {"type": "schedule", "cron": "0 0 * * *"}, False, "no schedule trigger"),
        (EXAMPLE, {"type": "manual"}, True, "by hand"),
        (EXAMPLE, {"type": "plan"}, True, "plan"),
        ("[]", {"type": "manual"}, True, "by hand"),
        ("push", {"type": "push", "branch": "any/thing"}, True, ""),
        ("push", {"type": "push", "tag": "any"}, True, ""),
        ("{push: {tags: 'v*'}}", {"type": "push", "tag": "v1"}, True, ""),
        ("{push: {tags: 'v*'}}", {"type": "push", "tag": "x"}, False, "'x'"),
        ("{push: {tags: 'v*'}}", {"type": "push", "branch": "main"}, False, "a branch was pushed"),
        ("{push: {tags: v1, branches: a}}", {"type": "push", "branch": "a"}, True, ""),
        (
            "{push: {paths: ['src/**', '!src/docs/**']}}",
            {"type": "push", "branch": "a", "changed_paths": ["src/docs/x", "README"]},
            False,
            "No changed file",
        ),
        (
            "{push: {paths: ['src/**', '!src/docs/**']}}",
            {"type": "push", "branch": "a", "changed_paths": ["src/docs/x", "src/a"]},
            True,
            "",
        ),
        ("{push: {paths: ['src/**']}}", {"type": "push", "branch": "a"}, True, ""),
        ("[{push: [a]}, {push: [b]}]", {"type": "push", "branch": "b"}, True, ""),
        (
            "{pull_request: {branches: main}}",
            {"type": "pull_request", "action": "opened", "base_branch": "dev", "branch": "main"},
            False,
            "'dev'",
        ),
        ("pull_request", {"type": "pull_request", "action": "reopened"}, True, ""),
        ("{schedule: '0 3 * * *'}", {"type": "schedule", "cron": "0 3 * * *"}, True, ""),
        ("{schedule: '0 3 * * *'}", {"type": "schedule", "cron": "1 3 * * *"}, False, "0 3"),
        ("webhook", {"type": "webhook"}, True, ""),
    ],
)
def test_an_event_starts_the_pipeline_or_not(
    triggers: str, event: dict[str, object], fires: bool, words: str
) -> None:
    definition = parse_definition(HEAD + triggers)
    found = firing(definition.triggers, Event.model_validate(event))
    assert found.fires is fires
    assert words in found.reason


@pytest.mark.parametrize(
    ("globs", "name", "found"),
    [
        (("release/**", "!release/old"), "release/1", True),
        (("release/**", "!release/old"), "release/old", False),
        (("!x", "**"), "x", True),
        (("!x",), "y", False),
        (("**",), "y" * 5000, False),
    ],
)
def test_the_last_glob_that_applies_decides(globs: tuple[str, ...], name: str, found: bool) -> None:
    assert matches(globs, name) is found
