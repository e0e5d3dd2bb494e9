"""A command that is missing has the remedy of who looked for it."""

import pytest

from gitops_auditor.pipelines.failures.explaining import explain

NPM = b"> shop@1.0.0 build\n> run-p build:*\n\nsh: 1: run-p: not found\n"
BASH = b"/usr/bin/bash: line 1: npm: command not found\n"


@pytest.mark.parametrize(
    ("log", "command", "remedy"),
    [(NPM, "run-p", "npm ci"), (BASH, "npm", "PIPELINE_JOB_FOLDERS")],
)
def test_what_npm_and_what_the_script_did_not_find_have_their_own_remedies(
    log: bytes, command: str, remedy: str
) -> None:
    found = explain(log, exit_code=127, reason="It ended with exit code 127.")
    assert found.cause == f"The command `{command}` is not installed."
    assert remedy in found.suggestion


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("sh: 0: Cannot fork", "could not start another process"),
        ("bash: fork: retry: Resource temporarily unavailable", "could not start another process"),
        ("RuntimeError: can't start new thread", "could not start another process"),
        ("Error: EMFILE: too many open files, open 'a'", "could not open another file"),
        ("cat: a: Too many open files", "could not open another file"),
    ],
)
def test_what_met_a_limit_of_the_machine_says_so(line: str, cause: str) -> None:
    assert cause in explain(line.encode(), exit_code=1).cause
