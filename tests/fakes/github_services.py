"""What the fake GitHub keeps in memory: pull requests, statuses, runs of workflows, releases."""

import base64
from typing import Any

import yaml
from starlette.responses import JSONResponse, RedirectResponse, Response

from tests.fakes.github_rest import (
    LOGIN,
    GitHubFake,
    Handler,
    Hosted,
    Pull,
    Refuse,
    Run,
    repository_json,
    user_json,
)

MERGER = {"name": "Merger", "email": "merger@example.org", "date": "2026-01-02T00:00:00Z"}


def _pull_json(fake: GitHubFake, hosted: Hosted, pull: Pull) -> dict[str, Any]:
    _follow(hosted, pull)
    url = f"https://github.com/{hosted.full_name}/pull/{pull.number}"
    commits = {"head": (pull.head, pull.head_commit), "base": (pull.base, "")}
    ends = {
        name: {
            "label": f"{hosted.owner}:{branch}",
            "ref": branch,
            "sha": commit or hosted.git.ref(f"refs/heads/{branch}") or "",
            "user": user_json(hosted.owner),
            "repo": repository_json(fake, hosted),
        }
        for name, (branch, commit) in commits.items()
    }
    return {
        "url": url, "id": pull.number, "node_id": "P", "html_url": url, "diff_url": "",
        "patch_url": "", "issue_url": "", "number": pull.number, "state": pull.state,
        "locked": False, "title": pull.title, "user": user_json(LOGIN), "body": pull.body,
        "created_at": pull.created_at, "updated_at": "", "closed_at": None,
        "merged": pull.merged_at is not None, "merged_at": pull.merged_at,
        "merge_commit_sha": pull.merge_commit or "0" * 40, "assignee": None, "assignees": [],
        "requested_reviewers": [user_json(one) for one in pull.reviewers if "/" not in one],
        "labels": [], **ends,
    }  # fmt: skip


def _follow(hosted: Hosted, pull: Pull) -> None:
    """The head of an open pull request is where its branch stands; without one it is closed."""
    if pull.state == "open":
        present = hosted.git.ref(f"refs/heads/{pull.head}")
        pull.head_commit = present or pull.head_commit
        pull.state = "open" if present else "closed"


def _found(hosted: Hosted, parts: dict[str, str]) -> Pull:
    for pull in hosted.pulls:
        if str(pull.number) == parts["number"]:
            _follow(hosted, pull)
            return pull
    raise Refuse(404, "Not Found")


def _list(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    for pull in hosted.pulls:
        _follow(hosted, pull)
    owner, _, branch = data.get("head", "").partition(":")
    shown = [
        pull
        for pull in reversed(hosted.pulls)
        if data.get("state", "open") in ("all", pull.state)
        and (not branch or (owner.lower(), branch) == (hosted.owner.lower(), pull.head))
    ]
    return [_pull_json(fake, hosted, pull) for pull in shown]


def _read(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    return _pull_json(fake, hosted, _found(hosted, parts))


def _open(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    head = hosted.git.ref(f"refs/heads/{data['head']}")
    if head is None or hosted.git.ref(f"refs/heads/{data['base']}") is None:
        raise Refuse(422, "Validation Failed: head or base is invalid")
    if any(one.head == data["head"] and one.state == "open" for one in hosted.pulls):
        raise Refuse(422, f"A pull request already exists for {hosted.owner}:{data['head']}.")
    number = len(hosted.pulls) + 1
    ends = (data["head"], data["base"], head, fake.tick())
    hosted.pulls.append(Pull(number, data["title"], data.get("body", ""), *ends))
    return _pull_json(fake, hosted, hosted.pulls[-1])


def _edit(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    pull = _found(hosted, parts)
    pull.state = data.get("state", pull.state)
    return _pull_json(fake, hosted, pull)


def _merge(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    pull = _found(hosted, parts)
    if data.get("sha", pull.head_commit) != pull.head_commit:
        raise Refuse(409, "Head branch was modified. Review and try the merge again.")
    states = {one["context"]: one["state"] for one in hosted.statuses.get(pull.head_commit, [])}
    if pull.state != "open" or any(states.get(one) != "success" for one in hosted.required):
        raise Refuse(405, "Required status checks have not passed")
    method = data.get("merge_method", "merge")
    if hosted.squash_only and method != "squash":
        raise Refuse(405, "Merge commits are not allowed on this repository.")
    name = f"refs/heads/{pull.base}"
    base = hosted.git.ref(name) or ""
    title = f"Merge pull request #{pull.number} from {hosted.owner}/{pull.head}"
    merged = hosted.git.merge(base, pull.head_commit, title, MERGER)
    if method == "squash":
        tree = hosted.git.git("rev-parse", f"{merged}^{{tree}}")
        merged = hosted.git.write_commit(tree, [base], pull.title, MERGER, MERGER)
    hosted.git.update(name, merged, base)
    pull.state, pull.merge_commit, pull.merged_at = "closed", merged, fake.tick()
    return {"sha": merged, "merged": True, "message": "Pull Request successfully merged"}


def _review(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    pull = _found(hosted, parts)
    if not {*data["reviewers"]} <= fake.people - {LOGIN}:
        raise Refuse(422, "Reviews may only be requested from collaborators.")
    teams = [f"{hosted.owner}/{team}" for team in data["team_reviewers"]]
    pull.reviewers += [one for one in (*data["reviewers"], *teams) if one not in pull.reviewers]
    return _pull_json(fake, hosted, pull)


def _comments(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    """Pages, with a Link header as RFC 8288 has it."""
    comments, page = _found(hosted, parts).comments, int(data.get("page", 1))
    size = int(data.get("per_page", 30))
    shown = [{"id": 1, "body": one} for one in comments[(page - 1) * size : page * size]]
    url = f"{fake.base}/repos/{hosted.full_name}/issues/{parts['number']}/comments"
    following = f'<{url}?per_page={size}&page={page + 1}>; rel="next", <{url}>; rel="first"'
    headers = {"Link": following} if page * size < len(comments) else {}
    return JSONResponse(shown, headers=headers)


def _comment(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    _found(hosted, parts).comments.append(data["body"])
    return {"id": 1, "body": data["body"]}


def _statuses(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    return [*reversed(hosted.statuses.get(parts["sha"], []))]


def _set_status(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    if not hosted.git.has(f"{parts['sha']}^{{commit}}") or len(data["description"]) > 140:
        raise Refuse(422, "Validation Failed")
    hosted.statuses.setdefault(parts["sha"], []).append(data)
    return data


def _checks(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    return {"total_count": 0, "check_runs": []}


def _contents(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    content = hosted.git.file(data.get("ref", "main"), parts["path"])
    if content is None:
        raise Refuse(404, "Not Found")
    return {"encoding": "base64", "content": base64.encodebytes(content).decode("ascii")}


def _dispatch(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    content = hosted.git.file(data["ref"], f".github/workflows/{parts['workflow']}")
    if content is None:
        raise Refuse(404, "Not Found")
    workflow = yaml.safe_load(content)
    events = workflow[True] if isinstance(workflow[True], dict) else {}
    declared = (events.get("workflow_dispatch") or {}).get("inputs") or {}
    inputs = data.get("inputs") or {}
    if not {*inputs} <= {*declared}:
        raise Refuse(422, f"Unexpected inputs provided: {sorted({*inputs} - {*declared})}")
    title = str(workflow.get("run-name", parts["workflow"]))
    for name, value in inputs.items():
        title = title.replace(f"${{{{ inputs.{name} }}}}", value)
    head = hosted.git.ref(f"refs/heads/{data['ref']}") or ""
    start = (parts["workflow"], data["ref"], head, title, inputs, fake.tick())
    hosted.runs.append(Run(100 + len(hosted.runs), *start, logs={"build": "started\nended\n"}))
    return Response(status_code=204)


def _run_json(hosted: Hosted, run: Run) -> dict[str, Any]:
    return {
        "id": run.id, "name": run.workflow, "display_title": run.display_title,
        "event": "workflow_dispatch", "status": run.status, "conclusion": run.conclusion,
        "head_sha": run.head_sha, "head_branch": run.head_branch, "actor": user_json(LOGIN),
        "created_at": run.created_at,
        "html_url": f"https://github.com/{hosted.full_name}/actions/runs/{run.id}",
    }  # fmt: skip


def _runs(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    shown = [one for one in reversed(hosted.runs) if one.workflow == parts["workflow"]]
    listed = [_run_json(hosted, one) for one in shown]
    return {"total_count": len(listed), "workflow_runs": listed}


def _found_run(hosted: Hosted, parts: dict[str, str]) -> Run:
    for run in hosted.runs:
        if str(run.id) == parts["run"]:
            return run
    raise Refuse(404, "Not Found")


def _run(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    run = _found_run(hosted, parts)
    if run.status != "completed" and fake.run_ends is not None:
        run.status, run.conclusion = "completed", fake.run_ends
    return _run_json(hosted, run)


def _jobs(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    run = _found_run(hosted, parts)
    jobs = [
        {
            "id": run.id * 10 + place,
            "name": name,
            "conclusion": "failure" if run.conclusion == "failure" and place == 0 else "success",
        }
        for place, name in enumerate(run.logs)
    ]
    return {"total_count": len(jobs), "jobs": jobs}


def _job_log(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    run, job = divmod(int(parts["job"]), 10)
    return RedirectResponse(f"{fake.base}/logs/{hosted.name}/{run}/{job}", 302)


def _cancel(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    run = _found_run(hosted, parts)
    if run.status == "completed":
        raise Refuse(409, "Cannot cancel a workflow run that is completed.")
    run.status, run.conclusion = "completed", "cancelled"
    return {}


def _release(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    if parts["tag"] not in hosted.releases:
        raise Refuse(404, "Not Found")
    return hosted.releases[parts["tag"]]


def _create_release(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    tag = data["tag_name"]
    if tag in hosted.releases:
        raise Refuse(422, "Validation Failed: already_exists")
    if hosted.git.ref(f"refs/tags/{tag}") is None:
        hosted.git.update(f"refs/tags/{tag}", data["target_commitish"], "0" * 40)
    url = f"https://github.com/{hosted.full_name}/releases/tag/{tag}"
    hosted.releases[tag] = {"id": 7, "html_url": url, "name": data["name"], **data}
    return hosted.releases[tag]


SERVICES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/pulls", _list),
    ("POST", "/pulls", _open),
    ("GET", "/pulls/{number}", _read),
    ("PATCH", "/pulls/{number}", _edit),
    ("PUT", "/pulls/{number}/merge", _merge),
    ("POST", "/pulls/{number}/requested_reviewers", _review),
    ("GET", "/issues/{number}/comments", _comments),
    ("POST", "/issues/{number}/comments", _comment),
    ("GET", "/commits/{sha}/statuses", _statuses),
    ("GET", "/commits/{sha}/check-runs", _checks),
    ("POST", "/statuses/{sha}", _set_status),
    ("GET", "/contents/{path:path}", _contents),
    ("POST", "/actions/workflows/{workflow}/dispatches", _dispatch),
    ("GET", "/actions/workflows/{workflow}/runs", _runs),
    ("GET", "/actions/runs/{run}", _run),
    ("GET", "/actions/runs/{run}/jobs", _jobs),
    ("GET", "/actions/jobs/{job}/logs", _job_log),
    ("POST", "/actions/runs/{run}/cancel", _cancel),
    ("GET", "/releases/tags/{tag:path}", _release),
    ("POST", "/releases", _create_release),
)
