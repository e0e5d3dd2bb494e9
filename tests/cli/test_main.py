"""What every command has in common: exit statuses, messages, help."""

import errno
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from gitops_auditor import __version__
from gitops_auditor.cli.commands import program
from tests.cli.conftest import Cli


def subcommands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, by its words."""
    children: Mapping[str, Any] = getattr(command, "commands", {})
    if not children:
        yield path, command
    for name, child in children.items():
        yield from subcommands(child, (*path, name))


COMMANDS = dict(subcommands(get_command(program())))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_says_what_the_command_and_each_option_do(cli: Cli, words: tuple[str, ...]) -> None:
    ended = cli(*words, "--help")
    assert ended.status == 0
    shown = " ".join(ended.out.replace("│", " ").split())
    assert f"Usage: gitops-auditor {' '.join(words)} " in shown
    for parameter in COMMANDS[words].params:
        sentence = getattr(parameter, "help", None) or ""
        assert len(sentence.split()) >= 2, parameter.name
        assert sentence.endswith("."), parameter.name
        assert sentence.split()[0] in shown, parameter.name
    assert (COMMANDS[words].help or "").rstrip().endswith(".")


def test_help_of_the_program_lists_every_command(cli: Cli) -> None:
    shown = cli("--help").out
    listed = {words[0] for words, found in COMMANDS.items() if not found.hidden}
    assert "scan" in listed
    assert all(name in shown for name in listed)
    assert cli("-h").out == shown


def test_the_version_is_told(cli: Cli) -> None:
    assert cli("--version").out == f"gitops-auditor {__version__}\n"


@pytest.mark.parametrize("arguments", [(), ("repos",), ("token",), ("audit",), ("maintenance",)])
def test_a_group_without_a_command_shows_its_help(cli: Cli, arguments: tuple[str, ...]) -> None:
    ended = cli(*arguments)
    assert ended.status == 2
    assert "Usage:" in ended.out
    assert ended.err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("scna",), "error: No such command 'scna'. Did you mean 'scan'?\n"),
        (("nothing",), "error: No such command 'nothing'.\n  See `gitops-auditor --help`.\n"),
        (("scan", "--fast"), "error: No such option: --fast\n"),
        (("impact",), "error: Missing argument 'repository'.\n"),
        (("impact", "a", "--depth", "0"), "error: Invalid value for '--depth': "),
        (("repos", "remove", "a", "b"), "error: Got unexpected extra argument"),
        (("stdio", "--fast"), "See `gitops-auditor stdio --help`.\n"),
    ],
)
def test_wrong_usage_is_told_on_standard_error_with_status_2(
    cli: Cli, arguments: tuple[str, ...], message: str
) -> None:
    ended = cli(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert message in ended.err


def test_an_expected_failure_is_message_and_hint_with_status_1(cli: Cli) -> None:
    ended = cli("impact", "acme/nothing")
    assert (ended.status, ended.out) == (1, "")
    message, hint = ended.err.splitlines()
    assert message.startswith("error: ")
    assert hint.startswith("  ")


def test_a_message_carries_no_control_characters_to_the_terminal(cli: Cli) -> None:
    ended = cli("impact", "acme/\x1b[2Jnothing")
    assert ended.status == 1
    assert "\x1b" not in ended.err


def break_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("gitops_auditor.storage.schema.upgrade", fail)


def test_a_bug_leaves_a_report_and_no_traceback_with_status_3(
    cli: Cli, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_with(monkeypatch, ZeroDivisionError("a bug"))
    ended = cli("migrate")
    assert (ended.status, ended.out) == (3, "")
    (report,) = (data_dir / "logs").iterdir()
    assert str(report) in ended.err
    assert "Traceback" not in ended.err
    told = report.read_text("utf-8")
    assert told.startswith(f"gitops-auditor {__version__}\nTraceback")
    assert "ZeroDivisionError: a bug" in told


def test_a_bug_in_a_long_operation_leaves_a_report_too(
    cli: Cli, workspace: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("repos", "discover", str(workspace))
    monkeypatch.setattr("gitops_auditor.dependencies.scanning.Scan.run", lambda *_: 1 / 0)
    ended = cli("scan")
    assert ended.status == 3
    assert len(list((data_dir / "logs").iterdir())) == 1


def test_a_bug_found_with_wrong_settings_is_reported_in_the_current_folder(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITOPS_PORT", "many")
    monkeypatch.setattr("gitops_auditor.http_api.openapi.openapi_document", lambda _: 1 / 0)
    assert cli("openapi").status == 3
    assert len(list(tmp_path.glob("crash-*.log"))) == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), typer.Abort()])
def test_an_interrupt_is_no_failure_to_report(
    cli: Cli, data_dir: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    break_with(monkeypatch, error)
    ended = cli("migrate")
    assert (ended.status, ended.out, ended.err) == (130, "", "")
    assert not (data_dir / "logs").exists()


def test_a_full_disk_is_told_as_such(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    break_with(monkeypatch, OSError(errno.ENOSPC, "No space left on device"))
    ended = cli("migrate")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("error: There is no space left")
