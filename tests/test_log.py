"""Logs: where they go, and what they never show."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from gitops_auditor.log import configure_logging, get_logger


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    # Logs go to the standard error of the test, which ends with it.
    yield
    structlog.reset_defaults()
    logging.basicConfig(force=True)


def test_a_line_is_one_json_object_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", human=False)
    get_logger("tests").info("something happened", number=7)
    shown = capsys.readouterr()
    line = json.loads(shown.err)
    assert shown.out == ""
    assert (line["component"], line["event"], line["number"]) == ("tests", "something happened", 7)


def test_lines_below_the_level_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning", human=False)
    get_logger("tests").info("nothing to see")
    assert capsys.readouterr().err == ""


def test_a_component_may_have_a_level_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning", human=False, components={"pipelines": "debug"})
    get_logger("pipelines").debug("a job begins")
    get_logger("tests").info("nothing to see")
    assert [json.loads(one)["event"] for one in capsys.readouterr().err.splitlines()] == [
        "a job begins"
    ]


def test_a_component_can_be_quieter_than_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("debug", human=False, components={"pipelines": "error"})
    get_logger("pipelines").warning("nothing to see")
    assert capsys.readouterr().err == ""


def test_a_traceback_does_not_show_local_variables(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", human=False)
    try:
        password = "hunter" + str(2)
        raise RuntimeError(len(password))
    except RuntimeError:
        get_logger("tests").exception("it broke")
    shown = capsys.readouterr().err
    assert "RuntimeError" in shown
    assert "hunter2" not in shown


def test_people_get_readable_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", human=True)
    get_logger("tests").warning("look here")
    assert "look here" in capsys.readouterr().err


def test_libraries_are_heard_from_warning_up_unless_debugging() -> None:
    for level, heard in (
        ("info", logging.WARNING),
        ("error", logging.ERROR),
        ("debug", logging.DEBUG),
    ):
        configure_logging(level, human=False)
        assert logging.getLogger("alembic").getEffectiveLevel() == heard
