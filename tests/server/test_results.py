"""How long a result may be, and what happens to a longer one."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

from gitops_auditor.errors import TooLarge
from gitops_auditor.operations import Operation, Work
from gitops_auditor.server.results import MOST_CHARACTERS, tool_result
from gitops_auditor.tools import full_catalog


class Text(BaseModel):
    text: str


LONG = Text(text="x" * MOST_CHARACTERS)


@pytest.fixture
def reading() -> Operation:
    return full_catalog().get("list_repositories")


def test_a_result_just_within_the_limit_is_answered_whole(reading: Operation) -> None:
    within = Text(text="x" * (MOST_CHARACTERS - len('{"text":""}')))
    assert tool_result(reading, within).structured_content == {"text": within.text}


def test_a_longer_read_is_refused_with_what_narrows_it(reading: Operation) -> None:
    with pytest.raises(TooLarge, match="Narrow it with limit") as refused:
        tool_result(reading, LONG)
    assert refused.value.details["narrow_with"] == ["limit"]


def test_a_read_that_nothing_narrows_says_so(reading: Operation) -> None:
    with pytest.raises(TooLarge, match="Ask for its parts"):
        tool_result(replace(reading, params=Text), LONG)


def test_a_longer_result_of_work_is_left_out_and_can_be_read() -> None:
    scan = full_catalog().get("scan_dependencies")
    work = Work[Text](
        id="w1",
        operation=scan.name,
        status="success",
        result=LONG,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    structured = tool_result(scan, work).structured_content
    assert structured["result"] is None
    assert structured["status"] == "success"
    assert "gitops://work/w1" in structured["message"]


def test_a_write_is_answered_in_full_since_it_is_done() -> None:
    update = full_catalog().get("update_repository")
    assert tool_result(update, LONG).structured_content == {"text": LONG.text}
