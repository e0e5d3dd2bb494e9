"""What is known of programs is used against them: silence and odd exit codes are no pass."""

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gitops_auditor.quality.checks.command_line import read_command_line
from gitops_auditor.quality.checks.judging import judge
from gitops_auditor.quality.checks.known_command import KnownCommand
from gitops_auditor.quality.checks.known_commands import KNOWN, known_command
from gitops_auditor.quality.checks.running import Ran

SPEAKING = [one for one in KNOWN if one.proof]

CLEAN = {
    "ruff check": "All checks passed!\n",
    "ruff format": "3 files already formatted\n",
    "mypy": "Success: no issues found in 3 source files\n",
    "bandit": "Test results:\n\tNo issues identified.\n\n\tTotal lines of code: 9\n"
    "Files skipped (0):\n",
    "pip-audit": "No known vulnerabilities found\n",
    "black": "All done!\n3 files would be left unchanged.\n",
    "pylint": "\nYour code has been rated at 10.00/10\n",
    "prettier": "Checking formatting...\nAll matched files use Prettier code style!\n",
    "biome check": "Checked 3 files in 4ms. No fixes applied.\n",
    "npm audit": "found 0 vulnerabilities\n",
    "markdownlint-cli2": "Linting: 3 file(s)\nSummary: 0 error(s)\n",
    "zizmor": "No findings to report. Good job!\n",
    "semgrep": "Ran 5 rules on 3 files: 0 findings.\n",
    "gitleaks dir": "INF scanned ~51 bytes (51 bytes) in 4.96ms\nINF no leaks found\n",
    "detect-secrets scan": '{\n  "results": {},\n  "generated_at": ""\n}\n',
    "cargo clippy": "    Finished `dev` profile [unoptimized] target(s) in 0.05s\n",
    "pytest": "collected 2 items\n\n===== 2 passed in 0.02s =====\n",
    "jest": "Tests:       3 passed, 3 total\n",
    "vitest": "      Tests  3 passed (3)\n",
    "mocha": "  3 passing (5ms)\n",
    "tox": "  py311: OK (1.00 seconds)\n  congratulations :) (1.05 seconds)\n",
    "cargo test": "test result: ok. 3 passed; 0 failed\n",
    "go test": "ok  \texample.org/m\t0.003s\n",
}


def verdict(command: str, code: int, output: str) -> str:
    return judge(Ran(code, output), read_command_line(command)).verdict


@pytest.mark.parametrize(("command", "output"), CLEAN.items())
def test_what_a_program_prints_when_all_is_well_passes(command: str, output: str) -> None:
    assert verdict(command, 0, output) == "passed"


@pytest.mark.parametrize("known", SPEAKING, ids=lambda one: one.name)
def test_a_program_that_says_nothing_did_not_look(known: KnownCommand) -> None:
    assert verdict(known.name, 0, "") == "error"
    assert verdict(known.name, 0, "\n" * 100) == "error"


@pytest.mark.parametrize("known", KNOWN, ids=lambda one: one.name)
def test_an_exit_code_that_is_none_of_its_own_is_an_error(known: KnownCommand) -> None:
    odd = next(code for code in range(200, 256) if code not in known.failed)
    assert verdict(known.name, odd, CLEAN.get(known.name, "")) == "error"
    assert verdict(known.name, 127, CLEAN.get(known.name, "")) == "error"


@given(
    command=st.sampled_from(sorted(CLEAN)),
    code=st.sampled_from([0, 1, 2, 3, 101, 127, 137]),
    cut=st.integers(0, 200),
)
@hypothesis_settings(max_examples=1_000)
def test_output_that_is_cut_off_passes_only_when_the_proof_is_whole(
    command: str, code: int, cut: int
) -> None:
    output = CLEAN[command][:cut]
    known = known_command(read_command_line(command).calls[0])
    assert known is not None
    if verdict(command, code, output) == "passed":
        assert code == 0
        assert known.has_proof is not None
        assert known.has_proof.search(output)


TRAPS = [
    ("pip-audit", "No known vulnerabilities found\nName Skip Reason\n---- ----\n"),
    ("gitleaks dir", "INF scanned ~0 bytes (0) in 1ms\nINF no leaks found\n"),
    ("gitleaks detect", "INF 0 commits scanned.\nINF no leaks found\n"),
    ("prettier --check", "[error] No files matching the pattern\n" + CLEAN["prettier"]),
    ("prettier --check", "[error] No parser and no file path given, couldn't infer a parser.\n"),
    ("jest --passWithNoTests", "No tests found, exiting with code 0\n"),
    ("vitest run --passWithNoTests", "No test files found, exiting with code 0\n"),
    ("tox", "  py311: SKIP (0.1 seconds)\n  congratulations :) (0.2 seconds)\n"),
    ("pytest", "===== 3 skipped in 0.01s =====\n"),
    ("pytest", "===== 2 deselected in 0.01s =====\n"),
    ("go test ./...", "?   \texample.org/m\t[no test files]\n"),
    ("go vet ./...", 'go: warning: "./..." matched no packages\n'),
    ("semgrep scan", "Ran 0 rules on 3 files: 0 findings.\n"),
    ("semgrep scan", "Ran 5 rules on 0 files: 0 findings.\n"),
    ("npm test", "\u2139 tests 0\n"),
    ("npm test", "No tests found, exiting with code 0\n"),
    ("biome lint", "Checked 0 files in 4ms. No fixes applied.\n"),
    ("cd web && eslint .", "  0:0  warning  File ignored because of a matching ignore pattern.\n"),
    ("make lint; ruff check", "warning: No Python files found under the given path(s)\n"),
    ("npx --yes prettier --check .", ""),
    ("uv run ruff check", ""),
    ("PYTHONPATH=. python3.11 -m pytest", ""),
]


@pytest.mark.parametrize(("command", "output"), TRAPS)
def test_no_trap_of_an_exit_code_of_zero_passes(command: str, output: str) -> None:
    assert verdict(command, 0, output) == "error"


@pytest.mark.parametrize(
    ("command", "output", "expected"),
    [
        ("semgrep scan", "Ran 5 rules on 3 files: 2 findings.\n", "failed"),
        ("detect-secrets scan", '{\n  "results": {\n    "a": []\n', "failed"),
        ("gitleaks dir --exit-code 0", "INF scanned ~5 bytes\nWRN leaks found: 2\n", "failed"),
        ("bandit --exit-zero -r .", "\tTotal lines of code: 3\n>> Issue: [B101]\n", "failed"),
        ("hadolint --no-fail a", "a:1 DL3006 error: Tag it\n", "failed"),
    ],
)
def test_findings_count_though_the_exit_code_is_zero(
    command: str, output: str, expected: str
) -> None:
    assert verdict(command, 0, output) == expected


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("gitleaks dir nope", "FTL stat nope: no such file or directory\n"),
        ("npm audit", "npm error code ENOLOCK\n"),
        ("npm audit", "npm warn audit 405 Method Not Allowed\nnpm error audit endpoint\n"),
        ("shellcheck", "Usage: shellcheck [OPTIONS...] FILES...\n"),
        ("npx eslint .", "npm error could not determine executable to run\n"),
        ("npx eslint .", "npm error network request to the registry failed\n"),
        ("uvx ruff check", "error: Failed to fetch: ...\n"),
        ("eslint .", ""),
        ("tsc", ""),
        ("mypy .", ""),
        ("npm run lint", 'npm error Missing script: "lint"\n'),
    ],
)
def test_an_exit_code_of_one_without_findings_is_an_error(command: str, output: str) -> None:
    assert verdict(command, 1, output) == "error"
