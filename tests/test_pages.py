"""Lists that are read page by page are read whole and in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.pages import PageParams, cut_page, encode_cursor, offset_of, start_of


@given(st.lists(st.text(min_size=1, max_size=5), max_size=12, unique=True), st.integers(1, 5))
def test_the_pages_of_a_list_are_together_the_list(names: list[str], limit: int) -> None:
    ordered = sorted(names)
    read: list[str] = []
    cursor = None
    for _ in range(len(names) + 1):
        params = PageParams(limit=limit, cursor=cursor)
        rest = [name for name in ordered if name > (start_of(params) or "")]
        page = cut_page(rest[: limit + 1], params, lambda one: (one,), len(names))
        assert len(page.items) <= limit
        assert page.total == len(names)
        read += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert (read, cursor) == (ordered, None)


def test_the_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="not one of this list"):
        start_of(PageParams(cursor=encode_cursor("a", "b")))


@pytest.mark.parametrize("position", ["text", -1, 2**60])
def test_a_cursor_that_is_no_place_in_a_numbered_list_is_refused(position: str | int) -> None:
    with pytest.raises(InvalidRequest):
        offset_of(PageParams(cursor=encode_cursor(position)))
