"""Fixtures of the conformance suite that are ordinary operations."""

import anyio
from pydantic import BaseModel

from gitops_auditor.errors import Unavailable
from gitops_auditor.operations import Context, NoParams, Toolset

toolset = Toolset("conformance", "Conformance", "What the public conformance suite calls.")


class Done(BaseModel):
    done: bool = True


@toolset.operation("GET /api/conformance/error")
async def test_error_handling(ctx: Context, params: NoParams) -> Done:
    """Fail on purpose."""
    raise Unavailable("This tool fails for the test.", hint="Expect it.")


@toolset.operation("GET /api/conformance/progress")
async def test_tool_with_progress(ctx: Context, params: NoParams) -> Done:
    """Report progress three times, as far apart as the suite asks for."""
    for done in (0, 50, 100):
        await ctx.progress(done, 100, "")
        await anyio.sleep(0.05)
    return Done()


test_error_handling.__test__ = False  # type: ignore[attr-defined]
test_tool_with_progress.__test__ = False  # type: ignore[attr-defined]
