"""Run a pipeline on two workers that share a PostgreSQL, kill the one that has it, watch it finish.

python examples/scale-out/scale_out.py

Needs PostgreSQL's programs and gitops-auditor[postgres]. Everything happens in a temporary folder
and is gone at the end. On real machines only the addresses differ: every process has a data folder
of its own here as well, and they share nothing but the database, the artifacts and the repository.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

COMMAND = (sys.executable, "-m", "gitops_auditor")
SECONDS = 60
DEAD_SECONDS = 5
PIPELINE = """\
name: two-machines
version: "1.0"
stages:
  - name: prepare
    jobs:
      - name: fetch
        script: echo fetched once
  - name: test
    parallel: true
    jobs:
      - name: unit
        script: for step in 1 2 3 4; do echo unit $step; sleep 0.5; done
      - name: browser
        script: for step in 1 2 3 4; do echo browser $step; sleep 0.5; done
"""


def main() -> None:
    """Show it, and clean up whatever happens."""
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        database = stack.enter_context(postgresql(folder / "postgresql"))
        print("PostgreSQL runs, with an empty database.")
        shared = {
            "DATABASE_URL": database,
            "PIPELINE_ARTIFACTS_URL": str(folder / "artifacts"),
            "PIPELINE_DEAD_SECONDS": str(DEAD_SECONDS),
            "PIPELINE_GRACE_SECONDS": "1",
            "GITOPS_CLONE_PROTOCOLS": "https,file",
            # These jobs only print; real ones want the sandbox that `doctor` tells of.
            "PIPELINE_ALLOW_UNSANDBOXED": "true",
        }
        only_sends = {**shared, "PIPELINE_WORKER_COUNT": "0", "GITOPS_PORT": "0"}
        server = stack.enter_context(process(folder / "server", only_sends, "serve"))
        base = said(server, r"REST +(\S+)")[1]
        print("The server carries out nothing itself: PIPELINE_WORKER_COUNT=0.")
        workers = {}
        for name in ("left", "right"):
            own = {**shared, "PIPELINE_WORKSPACES": str(folder / name / "runs")}
            options = ("worker", "--name", name)
            worker = stack.enter_context(process(folder / name, own, *options))
            print(said(worker, ".+")[0])
            workers[name] = worker
        show(base, database, make_repository(folder / "demo"), workers)


def show(
    base: str, database: str, repository: Path, workers: dict[str, subprocess.Popen[str]]
) -> None:
    """Start a run, kill its worker in the middle, tell what happens until its end."""
    pipeline = register(base, repository)
    with live(base) as stream:
        run_id = ask(f"{base}/pipelines/{quote(pipeline, safe='')}/execute", {})["id"]
        is_killed = False
        for name, data in events(stream):
            if data.get("run_id") != run_id:
                continue
            if name == "pipeline.job.update":
                print(f"  {data['job']}: {data['status']} (attempt {data['attempt']})")
                if data["job"].startswith("test/") and not is_killed:
                    is_killed = True
                    victim = kill_owner(database, run_id, workers)
                    print(f"Killed the worker {victim}, which has the run.")
            if name in ("pipeline.completed", "pipeline.failed", "pipeline.cancelled"):
                break
    tell(base, run_id)


def tell(base: str, run_id: str) -> None:
    """Print how it ended, as the server knows it."""
    run = ask(f"{base}/runs/{run_id}")
    jobs = [job for stage in run["stages"] for job in stage["jobs"]]
    attempts = ", ".join(f"{job['job']} {job['attempt']}" for job in jobs)
    print(f"The run ended with {run['status']}. Attempts: {attempts}.")
    log = ask(f"{base}/runs/{run_id}/log?job={quote('test/unit', safe='')}")
    print(f"The log of test/unit, read on the server, ends with: {log['text'].splitlines()[-1]}")


def register(base: str, repository: Path) -> str:
    """Register the repository by its URL; the id of its pipeline, as soon as it is known."""
    with live(base) as stream:
        ask(f"{base}/repositories/clone", {"clone_url": f"file://{repository}", "wait_seconds": 30})
        known = (data for name, data in events(stream) if name == "pipeline.created")
        return str(next(known)["pipeline_id"])


def kill_owner(database: str, run_id: str, workers: dict[str, subprocess.Popen[str]]) -> str:
    """Kill the worker that carries the run out, which the database knows; its name."""
    query = f"SELECT owner FROM pipeline_runs WHERE id = '{run_id}'"  # noqa: S608 - our own id
    found = run(str(programs() / "psql"), "--dbname", database, "-Atc", query).stdout
    (name,) = (name for name, one in workers.items() if found.startswith(f"{one.pid}-"))
    workers[name].kill()
    return name


def ask(address: str, body: dict[str, Any] | None = None) -> Any:
    """What the server answers; with a body it is a POST."""
    content = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(address, content, headers), timeout=SECONDS) as answer:  # noqa: S310
        return json.load(answer)


def live(base: str) -> Any:
    """The stream of what happens to pipelines from now on."""
    return urlopen(f"{base}/events?channels=pipelines", timeout=SECONDS)  # noqa: S310


def events(stream: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and data of events, as they come."""
    for line in stream:
        field, _, value = line.decode().partition(": ")
        if field == "data":
            event = json.loads(value)
            yield event["event"], event["data"]


def make_repository(folder: Path) -> Path:
    """A repository with the pipeline."""
    (folder / ".gitops").mkdir(parents=True)
    (folder / ".gitops" / "pipeline.yaml").write_text(PIPELINE, encoding="utf-8")
    identity = ("-c", "user.name=Demo", "-c", "user.email=demo@example.org")
    for step in (
        ("init", "--quiet"),
        ("add", "."),
        (*identity, "commit", "--quiet", "-m", "first"),
    ):
        run("git", "-C", str(folder), *step)
    return folder


@contextmanager
def process(
    folder: Path, variables: dict[str, str], *arguments: str
) -> Iterator[subprocess.Popen[str]]:
    """A process of the platform with a data folder of its own, ended with the block."""
    folder.mkdir()
    env = {**os.environ, **variables, "GITOPS_DATA_DIR": str(folder / "data")}
    with (folder / "log").open("w", encoding="utf-8") as log:
        started = subprocess.Popen(
            [*COMMAND, *arguments],
            env={**env, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            encoding="utf-8",
        )
    try:
        yield started
    finally:
        started.send_signal(signal.SIGTERM)
        started.communicate(timeout=SECONDS)


def said(started: subprocess.Popen[str], wanted: str) -> re.Match[str]:
    """The first line of a process that matches."""
    for line in started.stdout or ():
        if found := re.search(wanted, line):
            return found
    sys.exit("A process ended before it was ready; is gitops-auditor[postgres] installed?")


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that the user of the jobs can reach."""
    made = Path(tempfile.mkdtemp(prefix="scale-out-", dir="/var/tmp"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made)


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A server for the length of the block; gives the address of its database."""
    as_user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    data, port = str(folder / "data"), free_port()
    folder.mkdir()
    if as_user:
        # PostgreSQL refuses to run as root.
        shutil.chown(folder, **as_user)
    control = [str(programs() / "pg_ctl"), "-D", data, "-w"]
    options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder}"
    run(str(programs() / "initdb"), "-D", data, "-A", "trust", "-U", "postgres", **as_user)
    run(*control, "-o", options, "-l", str(folder / "log"), "start", **as_user)
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        run(*control, "-m", "fast", "stop", **as_user)


def programs() -> Path:
    """The folder with PostgreSQL's programs, the newest where there are several."""
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    debian = sorted(versions, key=lambda path: float(path.parent.name))
    found = shutil.which("initdb")
    if not debian and found is None:
        sys.exit("PostgreSQL is not installed: install the package postgresql.")
    return debian[-1] if debian else Path(found or "").parent


def run(*command: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; what it wrote is shown only when it fails."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        # Not a pipe: the database server inherits it, and would keep it open.
        done = subprocess.run(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
            **options,
        )
        output.seek(0)
        text = output.read()
    if done.returncode:
        sys.exit(text)
    return subprocess.CompletedProcess(command, 0, text, "")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    # So that nothing is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
