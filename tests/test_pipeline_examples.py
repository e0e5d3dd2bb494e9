"""The example pipelines run as their README says."""

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
import yaml
from typing_extensions import override

from tests.factories.git import git, make_repository
from tests.factories.terminal import ROOT, SECONDS, ended, environment, started
from tests.fakes import FOLDER as FAKES

EXAMPLES = ROOT / "examples" / "pipelines"
DOCUMENT = ROOT / "tests" / "pipelines" / "document_example.yaml"
TOKEN = "swordfish-1234"
SHELL_PROJECT = {"greet.sh": 'echo "$1, world"\n', "words.txt": "b\na\n"}
TESTS = (
    "node --test --experimental-test-coverage --test-reporter=lcov"
    " --test-reporter-destination=coverage/lcov.info"
)
NODE_PROJECT = {
    "package.json": json.dumps(
        {
            "name": "shop",
            "version": "1.0.0",
            "scripts": {"build": "node build.js", "pretest": "mkdir -p coverage", "test": TESTS},
        }
    ),
    "build.js": "require('fs').writeFileSync('built.js', 'module.exports = 1;\\n');\n",
    "shop.js": "exports.add = (a, b) => a + b;\nexports.isWord = (text) => /^a/.exec(text);\n",
    "shop.test.js": "require('node:test')('adds', () => "
    "require('node:assert').equal(require('./shop.js').add(1, 2), 3));\n",
}
needs_npm = pytest.mark.skipif(
    shutil.which("npm", path="/usr/local/bin:/usr/bin") is None,
    reason="install Node.js for all users to run this",
)


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the user of jobs reaches; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="examples-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def env(home: Path) -> dict[str, str]:
    return environment(home / "data", PIPELINE_WORKSPACES=str(home / "runs"))


async def repository(home: Path, example: str, files: dict[str, str], branch: str = "main") -> Path:
    text = (EXAMPLES / f"{example}.yaml").read_text("utf-8")
    await make_repository(home / "it", {".gitops/pipeline.yaml": text, **files}, branch=branch)
    return home / "it"


def asked(env: dict[str, str], folder: Path, *arguments: str) -> Any:
    """The JSON that a command prints."""
    done = ended(*arguments, "--json", env=env, folder=folder)
    assert done.out, done.err
    return json.loads(done.out)


def statuses(run: Any) -> dict[str, str]:
    return {job["job"]: job["status"] for stage in run["stages"] for job in stage["jobs"]}


async def test_the_minimal_pipeline_runs(home: Path, env: dict[str, str]) -> None:
    done = ended("run", env=env, folder=await repository(home, "minimal", {}))
    assert (done.status, done.err) == (0, "")
    assert "test/greet | Hello from it" in done.out.splitlines()
    assert "success Hello run 1" in done.out


async def test_the_release_waits_for_approval_and_publishes_what_was_built(
    home: Path, env: dict[str, str]
) -> None:
    folder = await repository(home, "release", SHELL_PROJECT)
    ended("repos", "add", str(folder), env=env)
    kept = ended(
        "secrets", "set", "PUBLISH_TOKEN", "--repository", "it", env=env, standard_input=TOKEN
    )
    assert kept.status == 0, kept.err
    with started("run", "-C", str(folder), "--input", "channel=stable", env=env) as running:
        assert running.stdout is not None
        said = [line for line in iter(running.stdout.readline, "") if not approved(line, env)]
        assert running.wait(SECONDS) == 0, said
    (published,) = [line for line in said if "Publishing" in line]
    assert published == "release/publish | Publishing 1.1 to stable with ***\n"
    (run,) = asked(env, folder, "runs")["items"]
    found = asked(env, folder, "runs", run["id"])
    assert set(statuses(found).values()) == {"success"}
    assert [one["path"] for one in found["artifacts"]] == ["dist/greet.tar"]
    again = asked(env, folder, "run", "--quiet", "--ref", await other_branch(folder))
    assert statuses(again)["release/publish"] == "skipped"
    assert "sorted already" in ended("logs", again["id"], env=env).out


def approved(line: str, env: dict[str, str]) -> bool:
    """Whether the line asks for an approval, which is then given."""
    found = re.search(r"waits for: gitops-auditor approve (\S+) '(.+)'", line)
    if found is None:
        return False
    done = ended("approve", *found.groups(), "--comment", "fine", env=env)
    assert done.status == 0, done.err
    return True


async def other_branch(folder: Path) -> str:
    await git(folder, "branch", "next")
    return "next"


class Github(BaseHTTPRequestHandler):
    """Creates a release as GitHub's API does, and keeps what it was asked."""

    asked: ClassVar[list[tuple[str, str | None, Any]]] = []

    def do_POST(self) -> None:
        wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.path, self.headers["Authorization"], wanted))
        made = {"id": 1, "html_url": "https://github.example/1", "tag_name": wanted["tag_name"]}
        self.send_response(201)
        self.end_headers()
        self.wfile.write(json.dumps(made).encode())

    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def github() -> Iterator[str]:
    """The address of its API."""
    Github.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Github)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(SECONDS)
        server.server_close()


def configure(env: dict[str, str], home: Path, api: str) -> dict[str, str]:
    """The example's servers, with a linter that needs no network and another GitHub."""
    found = yaml.safe_load((EXAMPLES / "mcp-servers.yaml").read_text("utf-8"))
    linter, scanner, github = found["servers"].values()
    linter["command"] = [sys.executable, str(FAKES / "linter.py")]
    for server in (scanner, github):
        server["command"][0] = sys.executable
        server["cwd"] = str(EXAMPLES)
    github["env"]["GITHUB_API_URL"] = api
    file = home / "mcp-servers.yaml"
    file.write_text(yaml.safe_dump(found), "utf-8")
    return {
        **env,
        "GITOPS_MCP_SERVERS": str(file),
        "GITHUB_TOKEN": TOKEN,
        "PIPELINE_SECRET_VARIABLES": "GITHUB_TOKEN",
    }


def test_the_full_stack_example_is_the_one_of_the_document() -> None:
    assert (EXAMPLES / "full-stack.yaml").read_bytes() == DOCUMENT.read_bytes()


@needs_npm
async def test_the_full_stack_pipeline_checks_builds_tests_and_releases_only_main(
    home: Path, env: dict[str, str]
) -> None:
    folder = await repository(home, "full-stack", NODE_PROJECT, branch="develop")
    with github() as api:
        env = configure(env, home, api)
        on_develop = asked(env, folder, "run")
        assert Github.asked == []
        await git(folder, "branch", "main")
        on_main = asked(env, folder, "run", "--ref", "main")
    before = dict.fromkeys(
        ("quality-check/linting", "quality-check/security", "build/compile", "test/unit-tests"),
        "success",
    )
    assert statuses(on_develop) == {**before, "deploy/production": "skipped"}
    assert statuses(on_main) == {**before, "deploy/production": "success"}
    ((path, authorization, wanted),) = Github.asked
    assert (path, authorization) == ("/repos/northwind/shop-web/releases", f"Bearer {TOKEN}")
    assert wanted["target_commitish"] == on_main["commit_sha"]
    assert TOKEN not in json.dumps(on_main)


@needs_npm
@pytest.mark.parametrize(
    ("change", "job", "cause"),
    [
        ({"shop.js": "debugger;\n"}, "quality-check/linting", '"errorCount":1'),
        ({"shop.js": "eval('1');\n"}, "quality-check/security", "found it not to pass"),
        ({"build.js": "nonsense(;\n"}, "build/compile", "SyntaxError"),
        (
            {"shop.test.js": "require('node:test')('t', () => { throw Error('no'); });\n"},
            "test/unit-tests",
            "t",
        ),
    ],
)
async def test_what_is_wrong_with_a_project_fails_the_job_that_looks_for_it(
    change: dict[str, str], job: str, cause: str, home: Path, env: dict[str, str]
) -> None:
    folder = await repository(home, "full-stack", {**NODE_PROJECT, **change}, branch="main")
    with github() as api:
        done = ended("run", "--quiet", env=configure(env, home, api), folder=folder)
    assert done.status == 1
    (said,) = [line for line in done.out.splitlines() if line.startswith(f"{job}: ")]
    assert cause in said
    assert Github.asked == []


def test_every_pipeline_and_server_is_in_the_list() -> None:
    listed = (EXAMPLES / "README.md").read_text("utf-8")
    names = [file.name for file in EXAMPLES.glob("*.yaml")]
    assert [name for name in names if f"[{name}]({name})" not in listed] == []
