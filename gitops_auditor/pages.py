"""Lists come in pages: `limit` items, and a cursor for the rest."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from gitops_auditor.errors import InvalidRequest

Item = TypeVar("Item")
Other = TypeVar("Other")
LARGEST_PAGE = 200
_LARGEST_OFFSET = 2**53


class PageParams(BaseModel, defer_build=True):
    """How much of a list to answer with."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    limit: int = Field(50, ge=1, le=LARGEST_PAGE, description="Most items to answer with.")
    cursor: str | None = Field(
        None,
        max_length=500,
        description="next_cursor of the previous page; leave out for the first.",
    )


class Page(BaseModel, Generic[Item], defer_build=True):
    """A part of a list. `next_cursor` is null on the last page; `total` counts the whole list where
    counting it is cheap.
    """

    items: list[Item]
    total: int | None = None
    next_cursor: str | None = None

    def of(self, view: Callable[[Item], Other]) -> "Page[Other]":
        """The same page with each item seen through `view`."""
        return Page(
            items=[view(item) for item in self.items],
            total=self.total,
            next_cursor=self.next_cursor,
        )


def encode_cursor(*position: str | int) -> str:
    """The opaque cursor for a position in an ordering."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> list[str | int]:
    """The position that `encode_cursor` was given; InvalidRequest when it is not one of ours."""
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        position = None
    if not isinstance(position, list) or len(position) != length or not _plain(position):
        raise _foreign_cursor()
    return position


def offset_of(params: PageParams) -> int:
    """Where the page of a list that is ordered by number begins; 0 for the first.

    Raises InvalidRequest for the cursor of another list.
    """
    if params.cursor is None:
        return 0
    (number,) = decode_cursor(params.cursor, 1)
    if not isinstance(number, int) or not 0 <= number <= _LARGEST_OFFSET:
        raise _foreign_cursor()
    return number


def start_of(params: PageParams) -> str | None:
    """Where the page of a list that is ordered by one id begins, after it; None for the first.

    Raises InvalidRequest for the cursor of another list.
    """
    return str(decode_cursor(params.cursor, 1)[0]) if params.cursor else None


def cut_page(
    found: Sequence[Item],
    params: PageParams,
    position: Callable[[Item], tuple[str | int, ...]],
    total: int | None = None,
) -> Page[Item]:
    """The page of what was found, of which one item more was asked for than the page has.

    `position` says where in the order of the list an item is.
    """
    shown = list(found[: params.limit])
    more = encode_cursor(*position(shown[-1])) if len(found) > len(shown) else None
    return Page(items=shown, total=total, next_cursor=more)


def slice_page(items: Sequence[Item], params: PageParams) -> Page[Item]:
    """The page of a list that is at hand as a whole, in its order."""
    start = offset_of(params)
    end = start + params.limit
    more = encode_cursor(end) if end < len(items) else None
    return Page(items=list(items[start:end]), total=len(items), next_cursor=more)


def _plain(position: list[object]) -> bool:
    return all(isinstance(part, str | int) and not isinstance(part, bool) for part in position)


def _foreign_cursor() -> InvalidRequest:
    return InvalidRequest(
        "The cursor is not one of this list.", hint="Start again without a cursor."
    )
