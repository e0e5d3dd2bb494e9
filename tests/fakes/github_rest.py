"""A small GitHub: the part of its REST API that the platform uses, over real bare repositories.

It stands in for what no emulator has. The npm emulator makes up ids of commits, and lacks commit
statuses, dispatches of workflows and refusals of a lost answer; here git itself makes blobs, trees,
commits and merges, so that a commit has the id that it has everywhere. Pull requests, statuses,
runs and releases are kept in memory. What a test needs beyond that, it says: an answer that is lost
after its effect (`lose`), and one that is given in place of any effect (`answer_next`).
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import anyio.to_thread
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes.github_objects import ABSENT, BareRepository, GitRefusal, decoded

TOKEN = "test-token-of-nobody"
LOGIN = "auditor"


class Refuse(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Pull:
    number: int
    title: str
    body: str
    head: str
    base: str
    head_commit: str
    created_at: str
    state: str = "open"
    merge_commit: str | None = None
    merged_at: str | None = None
    reviewers: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


@dataclass
class Run:
    id: int
    workflow: str
    head_branch: str
    head_sha: str
    display_title: str
    inputs: dict[str, str]
    created_at: str
    status: str = "queued"
    conclusion: str | None = None
    logs: dict[str, str] = field(default_factory=dict)


@dataclass
class Hosted:
    """A repository: `required` are the statuses without which nothing is merged."""

    owner: str
    name: str
    git: BareRepository
    pulls: list[Pull] = field(default_factory=list)
    statuses: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    releases: dict[str, dict[str, Any]] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    squash_only: bool = False

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


class Asked(NamedTuple):
    """One request, and the program that says it sent it."""

    method: str
    path: str
    agent: str


Handler = Callable[["GitHubFake", Hosted, dict[str, str], Any], Any]
Fault = tuple[str, str, Response | None]


class GitHubFake:
    """`requests` holds what was asked; `run_ends` is how a run ends when it is read."""

    def __init__(self, folder: Path) -> None:
        self.base = ""
        self.requests: list[Asked] = []
        self.run_ends: str | None = "success"
        self.people = {LOGIN, "ada", "grace"}
        self._folder = folder
        self._hosted: dict[str, Hosted] = {}
        self._faults: list[Fault] = []
        self._meanwhile: list[Callable[[], object]] = []
        self._clock = datetime(2026, 1, 1, tzinfo=UTC)

    def add(self, full_name: str) -> Hosted:
        """A repository without commits; push into its folder, or clone it into that."""
        owner, _, name = full_name.partition("/")
        git = BareRepository(self._folder / owner / f"{name}.git")
        if not git.path.exists():
            git.create()
        self._hosted[full_name.lower()] = Hosted(owner, name, git)
        return self._hosted[full_name.lower()]

    def lose(self, method: str, part: str) -> None:
        """The next such request has its effect, but its answer does not arrive."""
        self._faults.append((method, part, None))

    def answer_next(
        self, method: str, part: str, status: int, message: str, **headers: str
    ) -> None:
        """The next such request has no effect, and this answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        errors = [{"message": message}] if status == 200 else []
        answer = JSONResponse({"message": message, "errors": errors}, status, named)
        self._faults.append((method, part, answer))

    def meanwhile(self, act: Callable[[], object]) -> None:
        """Something that somebody else does just before a branch is deleted."""
        self._meanwhile.append(act)

    def asked(self, method: str, part: str, agent: str = "") -> int:
        """How many such requests there were, of a program whose name begins so."""
        return sum(
            one.method == method and part in one.path and one.agent.startswith(agent)
            for one in self.requests
        )

    def tick(self) -> str:
        self._clock += timedelta(seconds=1)
        return self._clock.isoformat().replace("+00:00", "Z")

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Serve on a free port for the length of the block; gives the address."""
        config = uvicorn.Config(self.app(), port=0, log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve)
            with anyio.fail_after(10):
                while not server.started:
                    await anyio.lowlevel.checkpoint()
            self.base = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
            try:
                yield self.base
            finally:
                server.should_exit = True

    def app(self) -> Starlette:
        from tests.fakes.github_services import SERVICES

        routes = [
            Route(f"/repos/{{owner}}/{{name}}{path}", self._endpoint(handler), methods=[method])
            for method, path, handler in (*GIT_ROUTES, *SERVICES)
        ]
        user = Route("/user", self._user, methods=["GET"])
        graphql = Route("/graphql", self._graphql, methods=["POST"])
        return Starlette(
            routes=[user, graphql, Route("/logs/{name}/{run}/{job}", self._log), *routes]
        )

    async def _graphql(self, request: Request) -> Response:
        """The one mutation that REST has no match for: updateRefs, here of one deletion."""
        self.requests.append(Asked(request.method, request.url.path, ""))
        for act in self._meanwhile:
            act()
        fault = self._fault(request)
        if fault is not None and fault[2] is not None:
            return fault[2]
        wanted = (await request.json())["variables"]["input"]
        (update,) = wanted["refUpdates"]
        repository = self._hosted[wanted["repositoryId"].lower()].git
        try:
            repository.git("update-ref", "-d", update["name"], update["beforeOid"])
        except GitRefusal:
            return JSONResponse({"errors": [{"message": f"{update['name']} is elsewhere."}]})
        return JSONResponse({"data": {}} if fault is None else {}, 200 if fault is None else 502)

    async def _user(self, _request: Request) -> Response:
        return JSONResponse({"login": LOGIN})

    async def _log(self, request: Request) -> Response:
        assert not request.headers.get("authorization"), "the token does not belong here"
        found = next(
            one for one in self._hosted.values() if one.name == request.path_params["name"]
        )
        run = next(one for one in found.runs if str(one.id) == request.path_params["run"])
        return Response([*run.logs.values()][int(request.path_params["job"])])

    def _endpoint(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            agent = request.headers.get("user-agent", "")
            self.requests.append(Asked(request.method, request.url.path, agent))
            fault = self._fault(request)
            if fault is not None and fault[2] is not None:
                return fault[2]
            answer = await self._answer(handler, request)
            return answer if fault is None else JSONResponse({"message": "Server Error"}, 502)

        return endpoint

    def _fault(self, request: Request) -> Fault | None:
        for fault in self._faults:
            if fault[0] == request.method and fault[1] in request.url.path:
                self._faults.remove(fault)
                return fault
        return None

    async def _answer(self, handler: Handler, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"message": "Bad credentials"}, 401)
        key = f"{request.path_params['owner']}/{request.path_params['name']}".lower()
        hosted = self._hosted.get(key)
        if hosted is None:
            return JSONResponse({"message": "Not Found"}, 404)
        data = await request.json() if await request.body() else dict(request.query_params)
        parts = {name: str(value) for name, value in request.path_params.items()}
        try:
            result = await anyio.to_thread.run_sync(handler, self, hosted, parts, data)
        except Refuse as refused:
            return JSONResponse({"message": str(refused)}, refused.status)
        except GitRefusal as refused:
            return JSONResponse({"message": f"git: {refused}"}, 422)
        if isinstance(result, Response):
            return result
        return JSONResponse(result, 201 if request.method == "POST" else 200)


def repository_json(fake: GitHubFake, hosted: Hosted) -> dict[str, Any]:
    url = f"https://github.com/{hosted.full_name}"
    owner = {**user_json(hosted.owner), "node_id": "O", "type": "User"}
    return {
        "id": 1, "node_id": hosted.full_name, "name": hosted.name, "full_name": hosted.full_name,
        "private": False, "owner": owner, "html_url": url, "description": None, "fork": False,
        "url": f"{fake.base}/repos/{hosted.full_name}", "created_at": "", "updated_at": "",
        "pushed_at": "", "git_url": url, "ssh_url": url, "clone_url": f"{url}.git",
        "default_branch": "main", "allow_merge_commit": not hosted.squash_only,
        "allow_squash_merge": True, "allow_rebase_merge": not hosted.squash_only,
    }  # fmt: skip


def user_json(login: str) -> dict[str, Any]:
    return {"login": login, "id": 1, "avatar_url": "", "url": "", "html_url": ""}


def ref_json(name: str, commit: str, kind: str = "commit") -> dict[str, Any]:
    return {
        "ref": name,
        "node_id": "",
        "url": "",
        "object": {"sha": commit, "type": kind, "url": ""},
    }


def _repository(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    return repository_json(fake, hosted)


def _ref(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    if not hosted.git.branches():
        raise Refuse(409, "Git Repository is empty.")
    commit = hosted.git.ref(f"refs/{parts['ref']}")
    if commit is None:
        raise Refuse(404, "Not Found")
    name = f"refs/{parts['ref']}"
    return ref_json(name, commit, hosted.git.git("cat-file", "-t", commit))


def _tag(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    named = hosted.git.ref(f"{parts['sha']}^{{}}")
    return {"sha": parts["sha"], "object": {"sha": named, "type": "commit", "url": ""}}


def _create_ref(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    if hosted.git.ref(data["ref"]):
        raise Refuse(422, "Reference already exists")
    if not hosted.git.has(f"{data['sha']}^{{commit}}"):
        raise Refuse(422, "Object does not exist")
    hosted.git.update(data["ref"], data["sha"], ABSENT)
    return ref_json(data["ref"], data["sha"])


def _update_ref(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    name = f"refs/{parts['ref']}"
    present = hosted.git.ref(name)
    if present is None:
        raise Refuse(422, "Reference does not exist")
    if not data.get("force") and not hosted.git.contains(data["sha"], present):
        raise Refuse(422, "Update is not a fast forward")
    hosted.git.update(name, data["sha"], present)
    return ref_json(name, data["sha"])


def _delete_ref(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    name = f"refs/{parts['ref']}"
    if hosted.git.ref(name) is None:
        raise Refuse(422, "Reference does not exist")
    hosted.git.git("update-ref", "-d", name)
    return Response(status_code=204)


def _commit(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    if not hosted.git.has(f"{parts['sha']}^{{commit}}"):
        raise Refuse(404, "Not Found")
    return {"sha": parts["sha"], "tree": {"sha": hosted.git.ref(f"{parts['sha']}^{{tree}}")}}


def _create_commit(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    people: tuple[Mapping[str, str], ...] = (data["author"], data["committer"])
    sha = hosted.git.write_commit(data["tree"], data["parents"], data["message"], *people)
    return {"sha": sha}


def _create_blob(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    return {"sha": hosted.git.write_blob(decoded(data["content"], data["encoding"]))}


def _create_tree(fake: GitHubFake, hosted: Hosted, parts: dict[str, str], data: Any) -> Any:
    return {"sha": hosted.git.write_tree(data.get("base_tree"), data["tree"])}


GIT_ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "", _repository),
    ("GET", "/git/ref/{ref:path}", _ref),
    ("GET", "/git/refs/{ref:path}", _ref),
    ("POST", "/git/refs", _create_ref),
    ("PATCH", "/git/refs/{ref:path}", _update_ref),
    ("DELETE", "/git/refs/{ref:path}", _delete_ref),
    ("GET", "/git/commits/{sha}", _commit),
    ("GET", "/git/tags/{sha}", _tag),
    ("POST", "/git/commits", _create_commit),
    ("POST", "/git/blobs", _create_blob),
    ("POST", "/git/trees", _create_tree),
)
