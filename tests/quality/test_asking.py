"""One gate is asked: what the base has too is left out, what breaks is told."""

from pathlib import Path

import pytest
from typing_extensions import override

from gitops_auditor.config import Settings
from gitops_auditor.errors import Unavailable
from gitops_auditor.quality.asking import Asker
from gitops_auditor.quality.evidence import Evidence, Subject
from gitops_auditor.quality.gate import Gate
from gitops_auditor.quality.known import Known
from gitops_auditor.quality.refusal import Refusal
from gitops_auditor.storage.database import Database
from tests.quality.asked import LineCheck, asked, lint, subject

GOOD = "good\n" * 8


def asker(database: Database, settings: Settings, check: LineCheck) -> Asker:
    return Asker({"mcp": check}, Known(database), settings)


async def test_a_file_that_was_only_renamed_has_nothing_new(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    asking = asker(database, settings, LineCheck())
    base = {"old.py": f"{GOOD}bad 1\nbad 2\n", "same.py": "bad\n"}
    head = subject(tmp_path / "head", {"new.py": f"\n{GOOD}bad 1\nbad 2\n", "same.py": "bad\n"})
    before = subject(tmp_path / "base", base, renamed={"old.py": "new.py"})
    answer = await asking.ask(asked(), head, before, reuse=True)
    assert (answer.evidence.verdict, answer.new) == ("passed", 0)
    untold = subject(tmp_path / "untold", base)
    other = await asking.ask(asked(), head, untold, reuse=True)
    assert (other.evidence.verdict, other.new) == ("failed", 2)


async def test_what_a_renamed_file_has_more_is_new(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    asking = asker(database, settings, LineCheck())
    head = subject(tmp_path / "head", {"new.py": f"bad 2\n{GOOD}bad 1\n"})
    before = subject(tmp_path / "base", {"old.py": f"{GOOD}bad 1\n"}, renamed={"old.py": "new.py"})
    answer = await asking.ask(asked(), head, before, reuse=True)
    assert (answer.evidence.verdict, answer.new) == ("failed", 1)
    assert [(one.file, one.line) for one in answer.evidence.findings] == [("new.py", 1)]


async def test_findings_of_a_base_without_such_files_are_all_new(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    asking = asker(database, settings, LineCheck())
    head = subject(tmp_path / "head", {"a.py": "bad\n"})
    answer = await asking.ask(asked(), head, subject(tmp_path / "base", {"b": ""}), reuse=True)
    assert (answer.evidence.verdict, answer.new) == ("failed", 1)


async def test_a_base_is_looked_at_once(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    check = LineCheck()
    asking = asker(database, settings, check)
    before = subject(tmp_path / "base", {"old.py": "bad\n"}, renamed={"old.py": "a.py"})
    for name in ("one", "two"):
        head = subject(tmp_path / name, {"a.py": f"{name}\nbad\n"})
        assert (await asking.ask(asked(), head, before, reuse=True)).new == 0
    assert [one.name for one in check.looked] == ["one", "base", "two"]


async def test_a_base_that_cannot_be_looked_at_is_an_error(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    class Forgetful(LineCheck):
        @override
        async def look(self, gate: Gate, subject: Subject, seconds: float) -> Evidence:
            if subject.root.name == "base":
                raise Unavailable("No linter today.", hint="Wait.")
            return await super().look(gate, subject, seconds)

    asking = asker(database, settings, Forgetful())
    head = subject(tmp_path / "head", {"a.py": "bad\n"})
    answer = await asking.ask(asked(), head, subject(tmp_path / "base", {}), reuse=True)
    assert (answer.evidence.verdict, answer.key, answer.new) == ("error", None, None)
    assert "No linter today." in answer.evidence.reason


async def test_a_gate_that_may_not_be_trusted_is_not_asked(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    check = LineCheck()
    refused = asked(refused=Refusal("Nobody signed it.", "unsigned"))
    here = subject(tmp_path / "head", {})
    answer = await asker(database, settings, check).ask(refused, here, None, reuse=True)
    assert (answer.evidence.verdict, answer.evidence.reason) == ("error", "Nobody signed it.")
    assert (check.looked, answer.key) == ([], None)


@pytest.mark.parametrize(
    ("failure", "reason", "fix"),
    [
        (Unavailable("No linter today.", hint="Wait."), "No linter today.", "Wait."),
        (TimeoutError(), "It did not end within 9 seconds.", ""),
        (ValueError("secret"), "The check itself broke (ValueError); see the platform's log.", ""),
    ],
)
async def test_what_breaks_is_an_error_and_is_not_reused(
    database: Database,
    settings: Settings,
    tmp_path: Path,
    failure: Exception,
    reason: str,
    fix: str,
) -> None:
    asking = asker(database, settings, LineCheck(failure))
    here = subject(tmp_path / "head", {"a.py": ""})
    answer = await asking.ask(asked(lint(timeout=9)), here, None, reuse=True)
    evidence = answer.evidence
    assert (evidence.verdict, evidence.reason, evidence.fix) == ("error", reason, fix)
    assert answer.key is None


async def test_answers_are_known_by_all_that_they_depend_on(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    files = {"a.py": "bad\n", "b.py": ""}
    one, other = subject(tmp_path / "one", files), subject(tmp_path / "other", files)
    part = subject(tmp_path / "part", files, files=("a.py",))
    asking = asker(database, settings, LineCheck())
    newer = asker(database, settings, LineCheck(tool="2.0"))
    answers = [
        await asking.ask(asked(), one, None, reuse=True),
        await asking.ask(asked(), one, other, reuse=True),
        await asking.ask(asked(), other, None, reuse=True),
        await asking.ask(asked(), part, None, reuse=True),
        await asking.ask(asked(lint(fail_threshold="low")), one, None, reuse=True),
        await newer.ask(asked(), one, None, reuse=True),
    ]
    keys = {answer.key for answer in answers}
    assert None not in keys
    assert len(keys) == len(answers)
    again = await asking.ask(asked(), one, None, reuse=True)
    assert again.key == answers[0].key


async def test_an_answer_that_may_be_another_one_the_next_time_has_no_key(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    asking = asker(database, settings, LineCheck(tool=None))
    answer = await asking.ask(asked(), subject(tmp_path / "head", {"a.py": ""}), None, reuse=True)
    assert (answer.evidence.verdict, answer.key) == ("passed", None)
