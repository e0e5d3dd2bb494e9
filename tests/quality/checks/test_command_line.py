"""What a command line calls shows without running it, and is never guessed."""

import pytest

from gitops_auditor.quality.checks.command_line import read_command_line


@pytest.mark.parametrize(
    ("command", "calls", "is_single"),
    [
        ("ruff check", [("ruff", "check")], True),
        ("./node_modules/.bin/prettier --check", [("prettier", "--check")], True),
        ("npx --yes eslint .", [("eslint", ".")], True),
        ("python3 -m pytest -q", [("pytest", "-q")], True),
        ("A=1 uv run ruff check", [("ruff", "check")], True),
        ("poetry run python -m mypy", [("mypy",)], True),
        ("ruff check > out.txt 2>&1", [("ruff", "check")], True),
        ("a && b", [("a",), ("b",)], False),
        ("a | b", [("a",), ("b",)], False),
        ("a; b", [("a",), ("b",)], False),
        ("a &", [("a",)], False),
        ("(a)", [("a",)], False),
        ("a\nb", [("a",), ("b",)], False),
        ("a $(b)", [("a", "$"), ("b",)], False),
        ("a `b`", [("a", "`b`")], False),
        ("a # b", [("a",)], False),
        ("a \\", [], False),
        ("a 'b", [], False),
        ("", [], False),
        ("echo 'a && b'", [("echo", "a && b")], True),
    ],
)
def test_calls_are_the_programs_with_their_arguments(
    command: str, calls: list[tuple[str, ...]], is_single: bool
) -> None:
    line = read_command_line(command)
    assert [(call.program, *call.arguments) for call in line.calls] == calls
    assert line.is_single is is_single


def test_a_line_may_place_files_itself() -> None:
    assert read_command_line('a "$@" b').places_files
    assert read_command_line('a "${@}"').places_files
    assert not read_command_line("a $1").places_files
