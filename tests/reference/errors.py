"""errors.md: every failure that a caller can meet."""

import inspect

from gitops_auditor.errors import FAMILY
from gitops_auditor.http_api.errors import OWN_CODES, STATUS
from tests.reference.markdown import code, page, table

INTRODUCTION = """\
Over REST every failure has one body, `{"error", "code", "details", "request_id"}`. Over MCP a tool
answers with `isError` and the same body under `gitops-auditor/error` in `_meta`. The command line
prints the message and what to do next. `code` is stable; the sentence in `error` is for people."""
INTERNAL = "A fault of this program. `request_id` finds it in the log; nothing else is told."
LOST = "In the record of long-running work only: the process that ran it is gone."


def errors_page() -> str:
    """The page."""
    rows = [(code(one.code), str(STATUS[one.code]), inspect.getdoc(one) or "") for one in FAMILY]
    known = {one.code for one in FAMILY}
    rows += [
        (code(name), str(status), sentence)
        for status, (name, sentence) in OWN_CODES.items()
        if name not in known
    ]
    rows += [(code("internal"), "500", INTERNAL), (code("lost"), "", LOST)]
    return page("Errors", INTRODUCTION, table(("code", "HTTP status", "meaning"), rows))
