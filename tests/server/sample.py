"""A few operations that show each behaviour of the adapter, on a real event log."""

from datetime import UTC, datetime

import anyio
from pydantic import BaseModel, Field

from gitops_auditor.errors import NotFound
from gitops_auditor.identity import Role
from gitops_auditor.operations import Context, NoParams, OperationCatalog, Params, Toolset
from gitops_auditor.pages import Page, PageParams
from gitops_auditor.server.results import MOST_CHARACTERS

SECRET = "s3cret-in-a-traceback"
STARTED = datetime(2026, 1, 1, tzinfo=UTC)

toolset = Toolset("sample", "Sample", "Operations for tests.")


class Echoed(BaseModel):
    text: str
    request_id: str


class Echo(Params):
    text: str = Field(description="What to say back.", max_length=200_000)


class Item(BaseModel):
    id: str
    name: str


class Ref(Params):
    repository_id: str = Field(description="Repository id.")


class Waiter:
    """A rendezvous between a test and the operation that waits."""

    def __init__(self) -> None:
        self.entered = anyio.Event()
        self.cancelled = anyio.Event()


waiter = Waiter()


@toolset.operation("GET /api/echo")
async def echo_text(ctx: Context, params: Echo) -> Echoed:
    """Say the text back."""
    return Echoed(text=params.text, request_id=ctx.request_id)


@toolset.operation("GET /api/broken")
async def break_down(ctx: Context, params: NoParams) -> Echoed:
    """Fail in a way nobody expected."""
    raise RuntimeError(SECRET)


@toolset.operation("GET /api/large")
async def get_large(ctx: Context, params: PageParams) -> Echoed:
    """Answer with more than a conversation can hold."""
    return Echoed(text="x" * (MOST_CHARACTERS + 1), request_id=ctx.request_id)


@toolset.operation("GET /api/wait")
async def wait_forever(ctx: Context, params: NoParams) -> Echoed:
    """Wait until cancelled."""
    waiter.entered.set()
    try:
        await anyio.sleep_forever()
    finally:
        waiter.cancelled.set()
    return Echoed(text="", request_id=ctx.request_id)


@toolset.operation("GET /api/count")
async def count_up(ctx: Context, params: NoParams) -> Echoed:
    """Count to three, telling so."""
    for done in (0, 1, 1, 2, 3):
        await ctx.progress(done, 3, f"step {done}")
    return Echoed(text="3", request_id=ctx.request_id)


@toolset.operation("GET /api/secret", role=Role.ADMIN)
async def read_secret(ctx: Context, params: NoParams) -> Echoed:
    """Something for administrators."""
    return Echoed(text="secret", request_id=ctx.request_id)


@toolset.operation("GET /api/repositories")
async def list_repositories(ctx: Context, params: PageParams) -> Page[Item]:
    """List the repositories, two a page."""
    ids = ["acme/api", "acme/web", "zeta/base"]
    start = int(params.cursor or 0)
    following = str(start + 2) if start + 2 < len(ids) else None
    items = [Item(id=name, name=name) for name in ids[start : start + 2]]
    return Page(items=items, total=len(ids), next_cursor=following)


@toolset.operation("GET /api/repositories/{repository_id:path}")
async def get_repository(ctx: Context, params: Ref) -> Item:
    """Get one repository."""
    if params.repository_id == "missing":
        raise NotFound("There is no repository missing.", hint="List the repositories.")
    if params.repository_id == "broken":
        raise RuntimeError(SECRET)
    return Item(id=params.repository_id, name=params.repository_id)


CATALOG = OperationCatalog([toolset], {"say_text": "echo_text"})
