"""Mirrors over real transports: files, HTTP, and servers that misbehave."""

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote

import anyio
import anyio.abc
import pytest

from gitops_auditor.errors import Refused, TimedOut, Unavailable
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.git_urls import CloneUrl, check_clone_url
from gitops_auditor.repositories.mirrors import Mirrors
from gitops_auditor.repositories.network import Pinned
from tests.factories.git import commit, git, make_repository

Answer = Callable[[str], Awaitable[bytes]]


class Server:
    """What a running HTTP server was asked for."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[str] = []


@asynccontextmanager
async def _serving(answer: Answer) -> AsyncIterator[Server]:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610  # no Django here
    server = Server(port)

    async def serve(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            request = await stream.receive()
            path = unquote(request.split(b" ")[1].decode()).partition("?")[0]
            server.asked.append(path)
            await stream.send(await answer(path))

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        yield server
        tasks.cancel_scope.cancel()


def _files(root: Path) -> Answer:
    async def answer(path: str) -> bytes:
        file = root / path.lstrip("/")
        if not file.is_file():
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        content = file.read_bytes()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        return head.encode() + content

    return answer


async def _hang(path: str) -> bytes:
    await anyio.sleep_forever()
    return b""


@pytest.fixture
async def source(tmp_path: Path) -> Path:
    await make_repository(tmp_path / "source", {"a.txt": "1"})
    return tmp_path / "source"


def _mirrors(tmp_path: Path, *protocols: str, git: Git | None = None) -> Mirrors:
    return Mirrors(git or Git(), tmp_path / "mirrors", protocols, allow_private_hosts=True)


def _left_behind(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "mirrors").rglob("*") if path.name.startswith(".clone")]


async def test_a_mirror_follows_its_source(tmp_path: Path, source: Path) -> None:
    mirrors, reader = _mirrors(tmp_path, "file"), Git()
    url = check_clone_url(source.as_uri(), ("file",))
    mirror = await mirrors.ensure(url)
    assert mirror.is_relative_to(tmp_path / "mirrors")
    second = await commit(source, {"a.txt": "2"})
    await git(source, "branch", "gone")
    assert await mirrors.ensure(url) == mirror
    assert await reader.head_commit(mirror) == second
    assert (mirror / "refs/heads/gone").exists()
    await git(source, "branch", "-D", "gone")
    await git(source, "checkout", "--quiet", "-b", "trunk")
    third = await commit(source, {"a.txt": "3"})
    await mirrors.ensure(url)
    assert not (mirror / "refs/heads/gone").exists()
    assert await reader.default_branch(mirror) == "trunk"
    assert await reader.head_commit(mirror) == third


async def test_an_empty_source_is_mirrored(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    await git(tmp_path / "source", "init", "--quiet")
    url = check_clone_url((tmp_path / "source").as_uri(), ("file",))
    mirror = await _mirrors(tmp_path, "file").ensure(url)
    assert await Git().head_commit(mirror) is None


async def test_progress_rises_to_its_end(tmp_path: Path) -> None:
    await make_repository(tmp_path / "source", {f"{n}.txt": str(n) * 50 for n in range(300)})
    reports: list[tuple[float, float | None, str]] = []

    async def progress(done: float, total: float | None, message: str) -> None:
        reports.append((done, total, message))

    url = check_clone_url((tmp_path / "source").as_uri(), ("file",))
    await _mirrors(tmp_path, "file").ensure(url, progress)
    done = [report[0] for report in reports]
    assert done == sorted(set(done))
    assert 80 <= done[-1] <= 100
    assert {report[1] for report in reports} == {100.0}


async def test_a_source_that_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    url = check_clone_url((tmp_path / "nowhere").as_uri(), ("file",))
    with pytest.raises(Unavailable, match="clone"):
        await _mirrors(tmp_path, "file").ensure(url)
    assert _left_behind(tmp_path) == []


async def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path, source: Path) -> None:
    (tmp_path / "mirrors").write_text("in the way", "utf-8")
    with pytest.raises(Unavailable, match="cannot be written to"):
        await _mirrors(tmp_path, "file").ensure(check_clone_url(source.as_uri(), ("file",)))


async def test_what_a_killed_process_left_is_removed_after_a_day(
    tmp_path: Path, source: Path
) -> None:
    mirrors = _mirrors(tmp_path, "file")
    url = check_clone_url(source.as_uri(), ("file",))
    folder = mirrors.path_of(url).parent
    for name, age in ((".clone-old", 2 * 24 * 3600), (".clone-new", 60)):
        (folder / name).mkdir(parents=True)
        os.utime(folder / name, (time.time() - age, time.time() - age))
    await mirrors.ensure(url)
    assert [path.name for path in _left_behind(tmp_path)] == [".clone-new"]


async def test_two_processes_that_clone_at_the_same_time_both_succeed(
    tmp_path: Path, source: Path
) -> None:
    url = check_clone_url(source.as_uri(), ("file",))
    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(_mirrors(tmp_path, "file").ensure, url)
    assert await Git().is_repository(_mirrors(tmp_path, "file").path_of(url))
    assert _left_behind(tmp_path) == []


async def test_clones_of_one_url_at_the_same_time_are_one_clone(
    tmp_path: Path, source: Path
) -> None:
    mirrors = _mirrors(tmp_path, "file")
    url = check_clone_url(source.as_uri(), ("file",))
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(mirrors.ensure, url)
    assert await Git().is_repository(mirrors.path_of(url))
    assert _left_behind(tmp_path) == []


async def test_a_repository_is_mirrored_over_http_at_the_pinned_address_only(
    tmp_path: Path, source: Path
) -> None:
    await git(tmp_path, "clone", "--quiet", "--bare", str(source), "served.git")
    await git(tmp_path / "served.git", "update-server-info")
    async with _serving(_files(tmp_path)) as server:
        # The name exists nowhere: only the pinned address can have led to the server.
        text = f"http://forge.invalid:{server.port}/served.git"
        url = check_clone_url(text, ("http",))
        await Git().clone(Pinned(url, ("127.0.0.1",)), tmp_path / "mirror", ("http",))
    assert await Git().head_commit(tmp_path / "mirror") == await Git().head_commit(source)
    assert "/served.git/info/refs" in server.asked


async def test_a_redirect_is_not_followed(tmp_path: Path, source: Path) -> None:
    await git(tmp_path, "clone", "--quiet", "--bare", str(source), "served.git")
    await git(tmp_path / "served.git", "update-server-info")
    async with _serving(_files(tmp_path)) as private:

        async def redirect(path: str) -> bytes:
            location = f"http://127.0.0.1:{private.port}{path}"
            head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n"
            return f"{head}Connection: close\r\n\r\n".encode()

        async with _serving(redirect) as public:
            url = check_clone_url(f"http://127.0.0.1:{public.port}/served.git", ("http",))
            with pytest.raises(Unavailable):
                await _mirrors(tmp_path, "http").ensure(url)
    assert public.asked
    assert private.asked == []


async def test_a_server_that_does_not_answer_is_given_up_and_git_killed(tmp_path: Path) -> None:
    async with _serving(_hang) as server:
        url = check_clone_url(f"http://127.0.0.1:{server.port}/x.git", ("http",))
        with pytest.raises(TimedOut):
            await _mirrors(tmp_path, "http", git=Git(transfer_timeout=0.5)).ensure(url)
    assert _left_behind(tmp_path) == []


async def test_a_cancelled_clone_is_killed_and_leaves_nothing(tmp_path: Path) -> None:
    asked = anyio.Event()

    async def hang(path: str) -> bytes:
        asked.set()
        return await _hang(path)

    async with _serving(hang) as server, anyio.create_task_group() as tasks:
        url = check_clone_url(f"http://127.0.0.1:{server.port}/x.git", ("http",))
        tasks.start_soon(_mirrors(tmp_path, "http").ensure, url)
        with anyio.fail_after(20):
            await asked.wait()
        tasks.cancel_scope.cancel()
    assert _left_behind(tmp_path) == []


async def test_a_protocol_that_is_not_allowed_does_not_reach_git(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="GITOPS_CLONE_PROTOCOLS"):
        _mirrors(tmp_path, "https").check("file:///etc")
    # And git itself would refuse what slipped through.
    slipped = CloneUrl(f"ext::touch {tmp_path}/was-run", "ext", "", 0)
    with pytest.raises(Unavailable, match="not allowed"):
        await Git().clone(Pinned(slipped, ()), tmp_path / "m", ("https",))
    assert not (tmp_path / "was-run").exists()


async def test_private_hosts_are_refused_unless_they_are_allowed(tmp_path: Path) -> None:
    mirrors = Mirrors(Git(), tmp_path / "mirrors", ("http",), allow_private_hosts=False)
    async with _serving(_hang) as server:
        with pytest.raises(Refused, match="private network"):
            await mirrors.ensure(mirrors.check(f"http://127.0.0.1:{server.port}/x.git"))
    assert server.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "https://host/../../../etc/passwd",
        "https://host/%2e%2e/%2e%2e/x",
        "https://host/a/b;c'd\"e$(f)`g`",
        "https://host/-x",
        "https://host/" + "a/" * 200,
        "https://host/" + "ü" * 300,
        "https://2001:db8::1/a",
        "git@host:~user/x",
    ],
)
def test_the_folder_of_a_mirror_is_always_inside_and_plainly_named(
    tmp_path: Path, url: str
) -> None:
    folder = _mirrors(tmp_path).path_of(CloneUrl(url, "https", "..", 443))
    assert os.path.normpath(folder) == str(folder)
    assert folder.is_relative_to(tmp_path / "mirrors")
    assert len(folder.relative_to(tmp_path / "mirrors").parts) == 2
    assert all(len(part) < 200 and part.isascii() for part in folder.parts[-2:])
    assert not set(folder.name) & set(" ;'\"$`~%")


def test_urls_that_differ_have_different_folders(tmp_path: Path) -> None:
    mirrors = _mirrors(tmp_path)
    urls = ["https://h/a/b", "https://h/a-b", "https://h/a;b", "https://h:1/a/b", "ssh://h/a/b"]
    folders = {mirrors.path_of(check_clone_url(url, ("https", "ssh"))) for url in urls}
    assert len(folders) == len(urls)
