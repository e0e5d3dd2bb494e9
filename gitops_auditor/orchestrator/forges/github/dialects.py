"""What is asked of GitHub, each by its REST form and by the tools that may serve it instead.

Two servers' dialects are known: `@modelcontextprotocol/server-github` and GitHub's own
`github-mcp-server`. A tool serves only if its schema takes everything that is asked with.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from gitops_auditor.errors import JsonValue

Arguments = Mapping[str, JsonValue]
_NOTHING: Final[Arguments] = MappingProxyType({})


class ToolForm(NamedTuple):
    """A tool, its names of the arguments beside owner and repo, and what it is always given."""

    tool: str
    arguments: Mapping[str, str]
    fixed: Arguments = _NOTHING


class Call(NamedTuple):
    """One thing to ask for. `what` continues "GitHub could not ...".

    `path` follows that of the repository and has arguments in braces; the others go into the query
    of a GET and the body of anything else, in the form that `body` gives them.
    """

    what: str
    method: str
    path: str
    tools: tuple[ToolForm, ...] = ()
    body: Callable[[Arguments], Arguments] = dict


def _reviewers(arguments: Arguments) -> Arguments:
    """REST keeps teams apart, and names them without their organisation."""
    wanted = arguments["reviewers"]
    names = [str(one) for one in wanted] if isinstance(wanted, list) else []
    return {
        "reviewers": [name for name in names if "/" not in name],
        "team_reviewers": [name.partition("/")[2] for name in names if "/" in name],
    }


def _new_branch(arguments: Arguments) -> Arguments:
    return {"ref": f"refs/heads/{arguments['branch']}", "sha": arguments["sha"]}


READ_REPOSITORY: Final = Call("read the repository", "GET", "")
READ_BRANCH: Final = Call("read a branch", "GET", "/git/ref/heads/{branch}")
READ_TAG: Final = Call("read a tag", "GET", "/git/ref/tags/{tag}")
READ_TAG_OBJECT: Final = Call("read an annotated tag", "GET", "/git/tags/{sha}")
READ_COMMIT: Final = Call("read a commit", "GET", "/git/commits/{sha}")
READ_FILE: Final = Call("read a file", "GET", "/contents/{path}")
WRITE_BLOB: Final = Call("store a file", "POST", "/git/blobs")
WRITE_TREE: Final = Call("store a tree", "POST", "/git/trees")
WRITE_COMMIT: Final = Call("store a commit", "POST", "/git/commits")
CREATE_BRANCH: Final = Call(
    "create a branch",
    "POST",
    "/git/refs",
    (ToolForm("create_branch", {"branch": "branch", "sha": "sha"}),),
    _new_branch,
)
FORWARD_BRANCH: Final = Call("move a branch", "PATCH", "/git/refs/heads/{branch}")
DELETE_BRANCH: Final = Call("delete a branch", "DELETE", "/git/refs/heads/{branch}")

LIST_PULLS: Final = Call(
    "list pull requests",
    "GET",
    "/pulls",
    (
        ToolForm(
            "list_pull_requests",
            {name: name for name in ("head", "state", "sort", "direction", "per_page")},
        ),
        ToolForm(
            "list_pull_requests",
            {
                **{name: name for name in ("head", "state", "sort", "direction")},
                "per_page": "perPage",
            },
        ),
    ),
)
READ_PULL: Final = Call(
    "read a pull request",
    "GET",
    "/pulls/{number}",
    (
        ToolForm("get_pull_request", {"number": "pull_number"}),
        ToolForm("pull_request_read", {"number": "pullNumber"}, {"method": "get"}),
        ToolForm("get_pull_request", {"number": "pullNumber"}),
    ),
)
OPEN_PULL: Final = Call(
    "open a pull request",
    "POST",
    "/pulls",
    (ToolForm("create_pull_request", {name: name for name in ("title", "head", "base", "body")}),),
)
CLOSE_PULL: Final = Call(
    "close a pull request",
    "PATCH",
    "/pulls/{number}",
    (ToolForm("update_pull_request", {"number": "pullNumber", "state": "state"}),),
)
MERGE_PULL: Final = Call(
    "merge a pull request",
    "PUT",
    "/pulls/{number}/merge",
    (
        ToolForm(
            "merge_pull_request",
            {"number": "pull_number", "merge_method": "merge_method", "sha": "sha"},
        ),
        ToolForm(
            "merge_pull_request",
            {"number": "pullNumber", "merge_method": "merge_method", "sha": "sha"},
        ),
    ),
)
MERGE_UNCOMPARED: Final = Call(
    "merge a pull request without comparing its head",
    "PUT",
    "/pulls/{number}/merge",
    (
        ToolForm("merge_pull_request", {"number": "pull_number", "merge_method": "merge_method"}),
        ToolForm("merge_pull_request", {"number": "pullNumber", "merge_method": "merge_method"}),
    ),
)
ASK_REVIEWERS: Final = Call(
    "ask for reviews",
    "POST",
    "/pulls/{number}/requested_reviewers",
    (ToolForm("update_pull_request", {"number": "pullNumber", "reviewers": "reviewers"}),),
    _reviewers,
)
COMMENT: Final = Call(
    "comment on a pull request",
    "POST",
    "/issues/{number}/comments",
    (ToolForm("add_issue_comment", {"number": "issue_number", "body": "body"}),),
)
LIST_COMMENTS: Final = Call(
    "list the comments of a pull request",
    "GET",
    "/issues/{number}/comments",
    (
        ToolForm(
            "issue_read",
            {"number": "issue_number", "per_page": "perPage"},
            {"method": "get_comments"},
        ),
    ),
)

LIST_STATUSES: Final = Call("list the statuses of a commit", "GET", "/commits/{sha}/statuses")
SET_STATUS: Final = Call("set the status of a commit", "POST", "/statuses/{sha}")
LIST_CHECKS: Final = Call("list the checks of a commit", "GET", "/commits/{sha}/check-runs")

READ_RELEASE: Final = Call("read a release", "GET", "/releases/tags/{tag}")
CREATE_RELEASE: Final = Call("create a release", "POST", "/releases")

LIST_RUNS: Final = Call(
    "list the runs of a workflow",
    "GET",
    "/actions/workflows/{workflow}/runs",
    (
        ToolForm(
            "actions_list",
            {"workflow": "resource_id", "per_page": "per_page"},
            {"method": "list_workflow_runs"},
        ),
        ToolForm("list_workflow_runs", {"workflow": "workflow_id", "per_page": "perPage"}),
    ),
)
START_WORKFLOW: Final = Call(
    "start a workflow",
    "POST",
    "/actions/workflows/{workflow}/dispatches",
    (
        ToolForm(
            "actions_run_trigger",
            {"workflow": "workflow_id", "ref": "ref", "inputs": "inputs"},
            {"method": "run_workflow"},
        ),
        ToolForm("run_workflow", {"workflow": "workflow_id", "ref": "ref", "inputs": "inputs"}),
    ),
)
READ_RUN: Final = Call(
    "read a run of a workflow",
    "GET",
    "/actions/runs/{run}",
    (
        ToolForm("actions_get", {"run": "resource_id"}, {"method": "get_workflow_run"}),
        ToolForm("get_workflow_run", {"run": "run_id"}),
    ),
)
CANCEL_RUN: Final = Call(
    "cancel a run of a workflow",
    "POST",
    "/actions/runs/{run}/cancel",
    (
        ToolForm("actions_run_trigger", {"run": "run_id"}, {"method": "cancel_workflow_run"}),
        ToolForm("cancel_workflow_run", {"run": "run_id"}),
    ),
)
LIST_JOBS: Final = Call(
    "list the jobs of a run",
    "GET",
    "/actions/runs/{run}/jobs",
    (
        ToolForm(
            "actions_list",
            {"run": "resource_id", "per_page": "per_page"},
            {"method": "list_workflow_jobs"},
        ),
        ToolForm("list_workflow_jobs", {"run": "run_id", "per_page": "perPage"}),
    ),
)
READ_LOG: Final = Call(
    "read the log of a job",
    "GET",
    "/actions/jobs/{job}/logs",
    (ToolForm("get_job_logs", {"job": "job_id", "tail": "tail_lines"}, {"return_content": True}),),
)

ALL: Final = (
    READ_REPOSITORY, READ_BRANCH, READ_TAG, READ_TAG_OBJECT, READ_COMMIT, READ_FILE,
    WRITE_BLOB, WRITE_TREE, WRITE_COMMIT, CREATE_BRANCH, FORWARD_BRANCH, DELETE_BRANCH,
    LIST_PULLS, READ_PULL, OPEN_PULL, CLOSE_PULL, MERGE_PULL, ASK_REVIEWERS, COMMENT, LIST_COMMENTS,
    LIST_STATUSES, SET_STATUS, LIST_CHECKS, READ_RELEASE, CREATE_RELEASE,
    LIST_RUNS, START_WORKFLOW, READ_RUN, CANCEL_RUN, LIST_JOBS, READ_LOG,
)  # fmt: skip
"""What capabilities are told of, in this order."""
