"""Tools by the names, arguments and answers of GitHub's own github-mcp-server, over the fake REST.

That server is a Go program that no package registry of the tests has, so the few tools that are
used are written here as its published schemas and sources have them: numbers are `pullNumber`, a
new pull request is told by its address only, and errors are texts with the status in them.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

AGENT = "github-mcp-server"


def ask(method: str, path: str, what: str, body: dict[str, Any] | None = None) -> Any:
    """Ask the REST API at the address that the program is given."""
    url = sys.argv[1] + path
    request = urllib.request.Request(  # noqa: S310 - the fake's own address
        url,
        json.dumps(body).encode() if body is not None else None,
        {
            "User-Agent": AGENT,
            "Content-Type": "application/json",
        },
        method=method,
    )
    # Logs are redirected to, where the token does not belong.
    token = os.environ["GITHUB_PERSONAL_ACCESS_TOKEN"]
    request.add_unredirected_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - see above
            content = answer.read()
    except urllib.error.HTTPError as error:
        said = json.loads(error.read()).get("message")
        error.close()
        raise ToolError(f"failed to {what}: {method} {url}: {error.code} {said} []") from None
    try:
        return json.loads(content or b"null")
    except ValueError:
        return content.decode()


def minimal(pull: dict[str, Any]) -> dict[str, Any]:
    """It leaves out, among others, the commit of a merge."""
    names = ("number", "title", "body", "state", "merged", "html_url", "merged_at")
    ends = {end: {name: pull[end][name] for name in ("ref", "sha")} for end in ("head", "base")}
    return {**{name: pull[name] for name in names}, **ends}


def official() -> MCPServer:
    server = MCPServer("github-mcp-server")
    offer_pull_requests(server)
    offer_comments(server)
    offer_actions(server)
    return server


def offer_pull_requests(server: MCPServer) -> None:

    @server.tool(structured_output=False)
    def create_pull_request(
        owner: str, repo: str, title: str, head: str, base: str, body: str = ""
    ) -> str:
        fields = {"title": title, "head": head, "base": base, "body": body}
        made = ask("POST", f"/repos/{owner}/{repo}/pulls", "create pull request", fields)
        return json.dumps({"id": str(made["id"]), "url": made["html_url"]})

    @server.tool(structured_output=False)
    def list_pull_requests(
        owner: str,
        repo: str,
        state: str = "open",
        head: str = "",
        sort: str = "",
        direction: str = "",
        perPage: int = 30,  # noqa: N803 - the name that the server gives it
    ) -> str:
        path = f"/repos/{owner}/{repo}/pulls?state={state}&head={head}&per_page={perPage}"
        pulls = ask("GET", path, "list pull requests")
        return json.dumps([minimal(one) for one in pulls])

    @server.tool(structured_output=False)
    def pull_request_read(method: str, owner: str, repo: str, pullNumber: int) -> str:  # noqa: N803
        path = f"/repos/{owner}/{repo}/pulls/{pullNumber}"
        return json.dumps(minimal(ask("GET", path, f"{method} pull request")))

    @server.tool(structured_output=False)
    def update_pull_request(
        owner: str,
        repo: str,
        pullNumber: int,  # noqa: N803 - the name that the server gives it
        state: str = "",
        reviewers: list[str] | None = None,
    ) -> str:
        path = f"/repos/{owner}/{repo}/pulls/{pullNumber}"
        if state:
            ask("PATCH", path, "update pull request", {"state": state})
        if reviewers:
            asked = {"reviewers": reviewers, "team_reviewers": []}
            ask("POST", f"{path}/requested_reviewers", "request reviewers", asked)
        return json.dumps({"id": "1", "url": path})

    @server.tool(structured_output=False)
    def merge_pull_request(
        owner: str,
        repo: str,
        pullNumber: int,  # noqa: N803 - the name that the server gives it
        merge_method: str = "merge",
    ) -> str:
        path = f"/repos/{owner}/{repo}/pulls/{pullNumber}/merge"
        return json.dumps(ask("PUT", path, "merge pull request", {"merge_method": merge_method}))


def offer_comments(server: MCPServer) -> None:
    @server.tool(structured_output=False)
    def add_issue_comment(owner: str, repo: str, issue_number: int, body: str) -> str:
        path = f"/repos/{owner}/{repo}/issues/{issue_number}/comments"
        return json.dumps(ask("POST", path, "create comment", {"body": body}))

    @server.tool(structured_output=False)
    def issue_read(
        method: str,
        owner: str,
        repo: str,
        issue_number: int,
        perPage: int = 30,  # noqa: N803 - the name that the server gives it
    ) -> str:
        path = f"/repos/{owner}/{repo}/issues/{issue_number}/comments?per_page={perPage}"
        return json.dumps(ask("GET", path, method))


def offer_actions(server: MCPServer) -> None:
    @server.tool(structured_output=False)
    def actions_run_trigger(
        method: str,
        owner: str,
        repo: str,
        workflow_id: str = "",
        ref: str = "",
        inputs: dict[str, Any] | None = None,
        run_id: int = 0,
    ) -> str:
        path = f"/repos/{owner}/{repo}/actions"
        if method == "run_workflow":
            body = {"ref": ref, "inputs": inputs or {}}
            ask("POST", f"{path}/workflows/{workflow_id}/dispatches", "run workflow", body)
            return json.dumps({"message": "Workflow run has been queued", "status_code": 204})
        ask("POST", f"{path}/runs/{run_id}/cancel", "cancel workflow run", {})
        return json.dumps({"message": "Workflow run has been cancelled"})

    @server.tool(structured_output=False)
    def actions_get(method: str, owner: str, repo: str, resource_id: str) -> str:
        return json.dumps(ask("GET", f"/repos/{owner}/{repo}/actions/runs/{resource_id}", method))

    @server.tool(structured_output=False)
    def actions_list(
        method: str, owner: str, repo: str, resource_id: str = "", per_page: int = 30
    ) -> str:
        kind, part = ("workflows", "runs") if method.endswith("runs") else ("runs", "jobs")
        path = f"/repos/{owner}/{repo}/actions/{kind}/{resource_id}/{part}?per_page={per_page}"
        listed = ask("GET", path, method)
        return json.dumps(listed if part == "runs" else {"jobs": listed})

    @server.tool(structured_output=False)
    def get_job_logs(
        owner: str, repo: str, job_id: int, return_content: bool = False, tail_lines: int = 500
    ) -> str:
        text = ask("GET", f"/repos/{owner}/{repo}/actions/jobs/{job_id}/logs", "get job logs")
        lines = str(text).splitlines()[-tail_lines:] if return_content else []
        return json.dumps({"job_id": job_id, "logs_content": "\n".join(lines)})


if __name__ == "__main__":
    official().run("stdio")
