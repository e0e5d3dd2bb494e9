"""The logs in `logs` were written by the tools themselves; only the folders were renamed."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitops_auditor.pipelines.failures import Explanation, explain

LOGS = Path(__file__).parent / "logs"


def explained(name: str, *, exit_code: int = 1, token_budget: int = 1_000) -> Explanation:
    log = (LOGS / f"{name}.log").read_bytes()
    reason = f"It ended with exit code {exit_code}."
    return explain(log, exit_code=exit_code, reason=reason, token_budget=token_budget)


@pytest.mark.parametrize(
    ("log", "kind", "cause", "place"),
    [
        ("pytest", "test", "test_total_adds_prices failed: assert 4 == 3", "test_shop.py:6"),
        ("pytest_short_colour", "test", "failed: assert 4 == 3. And 2 more.", "test_shop.py:6"),
        ("pytest_summary", "test", "test_total_adds_prices failed", "test_shop.py"),
        ("pytest_collection", "test", "No module named 'nothing_like_this'", "test_bad.py:1"),
        ("unittest", "test", "test_total failed: AssertionError: 2 != 1", "test_case.py:4"),
        ("traceback", "crash", "RuntimeError: no configuration", "crash.py:6"),
        ("syntax_error", "crash", "SyntaxError: invalid syntax", "syn.py:1"),
        ("mypy", "check", 'expected "str")  [return-value]', "shop.py:6"),
        ("ruff", "check", "E401 [*] Multiple imports on one line", "test_case.py:1:1"),
        ("ruff_format", "check", "would be reformatted", "test_case.py:2:1"),
        ("jest", "test", "adds two numbers failed: expect(received)", "sum.test.js:4:58"),
        ("vitest", "test", "adds two numbers failed: AssertionError", "v.test.mjs:2:48"),
        ("mocha", "test", "sum adds two numbers failed", "sum.test.js:5:28"),
        ("node_test_spec", "test", "strictly equal: -1 !== 3", "sum.test.js:4:1"),
        ("node_test_tap", "test", "strictly equal: -1 !== 3", "sum.test.js:4:1"),
        ("node_crash", "crash", "TypeError: Cannot read properties", "crash.js:2:34"),
        ("node_missing_module", "crash", "Cannot find module './nowhere.js'", "missing.js:1:1"),
        ("tsc", "check", "TS2322: Type 'string'", "a.ts:2:30"),
        ("tsc_pretty", "check", "TS2322: Type 'string'", "a.ts:2:30"),
        ("eslint", "check", "never used (no-unused-vars). And 1 more.", "lint.js:1:7"),
        ("gcc", "check", "a.c:4: expected ", "a.c:4:3"),
        ("make", "check", "a.c:4: expected ", "a.c:4:3"),
        ("javac", "check", "String cannot be converted to int", "Shop.java:2"),
        ("cargo", "check", "error[E0308]: mismatched types", "src/lib.rs:1:31"),
        ("cargo_test", "test", "left: 2; right: 1", "src/lib.rs:3:13"),
    ],
)
def test_the_cause_and_the_place_are_those_that_the_tool_printed(
    log: str, kind: str, cause: str, place: str
) -> None:
    found = explained(log)
    assert found.kind == kind
    assert cause in found.cause
    first = found.locations[0]
    parts = (first.file, first.line, first.column)
    assert ":".join(str(one) for one in parts if one is not None) == place


@pytest.mark.parametrize(
    ("log", "kind", "cause"),
    [
        ("gcc_link", "check", "undefined reference to `missing'"),
        ("npm_missing_script", "command", 'Missing script: "nowhere"'),
        ("npm_ci", "dependency", "package-lock.json is missing or out of date"),
        ("npm_e404", "dependency", "npm could not install the dependencies (E404)"),
        ("command_not_found", "command", "The command `nosuchcommand` is not installed."),
        ("unbound", "command", "The variable NOPE is not set."),
        ("no_such_file", "command", "There is no file or folder `./missing.sh`."),
        ("permission", "command", "Permission to use `./x.sh` was denied."),
        ("git_ref", "repository", "pathspec 'nothing-here' did not match"),
        ("docker", "container", "Cannot connect to the Docker daemon"),
    ],
)
def test_what_could_not_be_done_is_said_with_a_remedy(log: str, kind: str, cause: str) -> None:
    found = explained(log)
    assert found.kind == kind
    assert cause in found.cause
    assert found.suggestion


def test_all_failing_tests_have_their_places() -> None:
    places = [(one.file, one.line) for one in explained("pytest").locations]
    assert places == [("test_shop.py", 6), ("test_shop.py", 10), ("test_shop.py", 14)]


def test_the_excerpt_shows_the_failing_line_without_colours() -> None:
    shown = explained("pytest_short_colour").excerpt
    assert "E   assert 4 == 3" in shown
    assert "\x1b" not in shown


def test_the_folder_of_the_checkout_is_left_out_everywhere() -> None:
    for log in LOGS.iterdir():
        found = explained(log.stem)
        assert "/checkout/" not in f"{found.cause}{found.excerpt}{found.locations}", log.stem


def test_the_failing_test_wins_over_what_npm_says_of_it() -> None:
    log = (LOGS / "jest.log").read_bytes() + b"npm error Lifecycle script `test` failed\n"
    assert explain(log, exit_code=1).kind == "test"


def test_a_compile_error_wins_over_the_error_of_make() -> None:
    found = explained("make", exit_code=2)
    assert "make: ***" not in found.cause


def test_a_command_that_is_missing_wins_when_the_exit_code_says_so() -> None:
    noise = b"a.py:1: error: something that was let pass\n"
    log = noise + (LOGS / "command_not_found.log").read_bytes()
    assert explain(log, exit_code=127).kind == "command"
    assert explain(log, exit_code=1).kind == "check"


def test_the_exception_that_nothing_caught_wins_over_those_before_it() -> None:
    assert "JSONDecodeError" not in explained("traceback").cause


def test_output_of_a_build_step_of_docker_is_read_like_any_other() -> None:
    log = b"#12 0.512 src/a.ts(2,30): error TS2322: Not assignable.\n"
    tail = b'ERROR: failed to solve: process "/bin/sh -c npm run build" did not complete\n'
    found = explain(log + tail, exit_code=1)
    assert found.locations[0][:3] == ("src/a.ts", 2, 30)


@pytest.mark.parametrize(
    ("log", "cause", "place"),
    [
        (
            "--- FAIL: TestTotal (0.00s)\n    shop_test.go:9: got 4, want 3\nFAIL\n",
            "TestTotal failed: got 4, want 3.",
            ("shop_test.go", 9),
        ),
        (
            "# shop\n./shop.go:4:9: undefined: missing\nFAIL shop [build failed]\n",
            "shop.go:4: undefined: missing.",
            ("shop.go", 4),
        ),
        (
            "panic: no price\n\ngoroutine 1 [running]:\n\t/srv/shop/main.go:5 +0x18\n",
            "/srv/shop/main.go:5: no price",
            ("/srv/shop/main.go", 5),
        ),
        (
            "[ERROR] Failures: \n[ERROR]   ShopTest.total:12 expected: <3> but was: <4>\n",
            "ShopTest.total failed: expected: <3> but was: <4>.",
            ("ShopTest.java", 12),
        ),
        (
            "[ERROR] src/main/java/Shop.java:[7,20] cannot find symbol\n",
            "src/main/java/Shop.java:7: cannot find symbol.",
            ("src/main/java/Shop.java", 7),
        ),
        (
            "ShopTest > total FAILED\n    java.lang.AssertionError at ShopTest.java:12\n",
            "ShopTest > total failed: java.lang.AssertionError.",
            ("ShopTest.java", 12),
        ),
    ],
)
def test_the_documented_formats_of_go_maven_and_gradle_are_read(
    log: str, cause: str, place: tuple[str, int]
) -> None:
    """Neither is at hand where these tests are written: the texts follow their documentation."""
    found = explain(log.encode(), exit_code=1)
    assert cause in found.cause
    assert found.locations[0][:2] == place


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("It ran longer than its 5 seconds.", "timeout"),
        ("It was ended: it used more than 64 MiB of memory.", "memory"),
        ("It was ended: it wrote more than 64 MiB into its folders.", "disk"),
        ("It was ended: it ran more than 10 processes at once.", "limit"),
        ("The coverage is 53.1 %, below the 80 % that are asked for.", "coverage"),
        ("It did not set version: write NAME=value to $GITOPS_OUTPUT.", "outputs"),
    ],
)
def test_what_the_platform_decided_is_the_cause_whatever_the_log_says(
    reason: str, kind: str
) -> None:
    found = explain(b"a.py:1: error: passed over\nlast line\n", exit_code=None, reason=reason)
    assert (found.cause, found.kind) == (reason, kind)
    assert found.excerpt.endswith("last line")


@pytest.mark.parametrize(
    "line",
    [
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
        'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space',
    ],
)
def test_a_program_that_ran_out_of_memory_is_recognised(line: str) -> None:
    assert explain(line.encode(), exit_code=134).kind == "memory"


def test_a_killed_process_that_said_nothing_is_explained_by_its_exit_code() -> None:
    found = explain(b"", exit_code=137, reason="It was ended by SIGKILL.")
    assert found.kind == "memory"
    assert "killed" in found.cause


def test_a_log_with_nothing_known_gives_its_last_lines() -> None:
    log = "".join(f"step {number}\n" for number in range(500))
    found = explain(log.encode(), exit_code=3, token_budget=100)
    assert found.kind == "unknown"
    assert found.excerpt.endswith("step 499")
    assert found.cause == "It ended with exit code 3. The last it said: step 499"


def test_notes_of_the_platform_are_not_taken_for_output() -> None:
    log = b"[gitops-auditor] error: this is ours\nreal output\n"
    assert "ours" not in explain(log, exit_code=1).cause


def test_the_middle_of_a_long_log_is_passed_over() -> None:
    middle = b"a.py:1: error: in the middle\n" * 100_000
    log = b"x\n" * 100_000 + middle + b"y\n" * 400_000 + b"b.py:2: error: at the end\n"
    found = explain(log, exit_code=1)
    assert found.locations[0].file == "b.py"


def test_what_a_progress_bar_overwrote_is_not_shown() -> None:
    log = b"10%\r20%\r100%\nb.py:2: error: bad\n"
    assert explain(log, exit_code=1).excerpt == "100%\nb.py:2: error: bad"


@given(budget=st.integers(20, 2_000), name=st.sampled_from(sorted(p.stem for p in LOGS.iterdir())))
def test_the_excerpt_stays_within_its_budget(budget: int, name: str) -> None:
    assert len(explained(name, token_budget=budget).excerpt) <= budget * 4


def test_a_long_test_keeps_its_beginning_and_what_it_came_to() -> None:
    source = "".join(f"        step({number})\n" for number in range(300))
    log = (
        f"=== FAILURES ===\n___ test_long ___\n{source}>       assert a\nE       assert False\n\n"
        "test_long.py:9: AssertionError\n=== short test summary info ===\n"
    )
    shown = explain(log.encode(), exit_code=1, token_budget=60).excerpt
    assert shown.startswith("___ test_long ___")
    assert "E       assert False" in shown


_PIECES = st.sampled_from(
    [
        b"Traceback (most recent call last):\n",
        b'  File "a.py", line 3, in f\n',
        b"= FAILURES =\n",
        b"=== FAILURES ===\n",
        b"___ test_x ___\n",
        b"E   boom\n",
        b"a.py:1:2: error: x\n",
        b"  1:2  error  x  rule\n",
        b"src/a.js\n",
        b"not ok 1 - x\n",
        b"  error: |-\n",
        b"test at a.js:1:2\n",
        b"  1 failing\n",
        b"  1) x\n",
        b"FAIL: x (y)\n",
        b"-----\n",
        b"error[E0001]: x\n",
        b" --> a.rs:1:2\n",
        b"--- FAIL: T (0.00s)\n",
        b"goroutine 1\npanic: x\n",
        b"Node.js v20.\n",
        b"Error: x\n",
        b"\x1b[31m",
        b"\r",
        b"\xff\xfe\x00",
        b"((((((((:1:2",
        b"/0192f3c4a5b6c7d8e9f00a1b/checkout/",
    ]
)


@given(st.lists(st.one_of(_PIECES, st.binary(max_size=40)), max_size=40))
@example([b"FAIL: x (y)\n", b"-----\n"])
@example([b"* What went wrong:\n"])
@settings(deadline=None)
def test_any_bytes_are_explained(pieces: list[bytes]) -> None:
    found = explain(b"".join(pieces), exit_code=1, token_budget=50)
    assert found.cause
    assert len(found.excerpt) <= 200


@pytest.mark.parametrize(
    "line",
    [
        b"a" * 1_000,
        b"a:1:" * 250,
        b"/a" * 500,
        b" ___ " * 200,
        b"= " * 500,
        b"a: [Error/" * 100,
        b"ERROR a::b - " * 80,
        b"at (at (at (" * 80,
        b"   1:1 error  a  a  a  " * 40,
        b"bash: line 1: " * 70,
    ],
)
def test_hostile_lines_are_matched_in_bounded_steps(line: bytes) -> None:
    """Every pattern that backtracked would make this end at the time-out of the test."""
    assert explain((line + b"\n") * 2_000, exit_code=1).cause
