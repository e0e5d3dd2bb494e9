"""Reading real repositories through the hardened git."""

import os
from hashlib import sha256
from pathlib import Path

import anyio
import pytest

from gitops_auditor.errors import InvalidRequest, NotFound, TimedOut, TooLarge, Unavailable
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.git_process import Command, Executable
from tests.factories.git import commit, git, make_empty_repository, make_repository, write_files


async def test_the_head_of_a_checkout_is_its_last_commit(tmp_path: Path) -> None:
    sha = await make_repository(tmp_path / "r", {"a.txt": "1"})
    assert await Git().head_commit(tmp_path / "r") == sha
    second = await commit(tmp_path / "r", {"a.txt": "2"})
    assert await Git().head_commit(tmp_path / "r") == second != sha


async def test_the_head_is_found_in_packed_references(tmp_path: Path) -> None:
    sha = await make_repository(tmp_path / "r", {"a.txt": "1"})
    await git(tmp_path / "r", "pack-refs", "--all")
    assert not (tmp_path / "r/.git/refs/heads/main").exists()
    assert await Git().head_commit(tmp_path / "r") == sha


async def test_the_head_of_a_detached_checkout_is_the_commit_checked_out(tmp_path: Path) -> None:
    first = await make_repository(tmp_path / "r", {"a.txt": "1"})
    await commit(tmp_path / "r", {"a.txt": "2"})
    await git(tmp_path / "r", "checkout", "--quiet", "--detach", first)
    assert await Git().head_commit(tmp_path / "r") == first


async def test_the_head_of_a_linked_worktree_is_its_own(tmp_path: Path) -> None:
    first = await make_repository(tmp_path / "r", {"a.txt": "1"})
    await git(tmp_path / "r", "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "w"))
    second = await commit(tmp_path / "r", {"a.txt": "2"})
    reader = Git()
    assert await reader.head_commit(tmp_path / "w") == first
    assert await reader.head_commit(tmp_path / "r") == second
    assert [entry.path for entry in await reader.tree(tmp_path / "w", first)] == ["a.txt"]


async def test_a_bare_repository_is_read_like_a_checkout(tmp_path: Path) -> None:
    sha = await make_repository(tmp_path / "r", {"a.txt": "1"})
    await git(tmp_path, "clone", "--quiet", "--bare", str(tmp_path / "r"), "bare.git")
    reader = Git()
    assert await reader.is_repository(tmp_path / "bare.git")
    assert await reader.head_commit(tmp_path / "bare.git") == sha
    assert [entry.path for entry in await reader.tree(tmp_path / "bare.git", sha)] == ["a.txt"]
    with pytest.raises(InvalidRequest, match="bare"):
        await reader.worktree_files(tmp_path / "bare.git")


async def test_a_repository_without_commits_has_no_head(tmp_path: Path) -> None:
    await make_empty_repository(tmp_path / "r")
    assert await Git().head_commit(tmp_path / "r") is None


async def test_a_damaged_head_is_left_to_git_and_reported(tmp_path: Path) -> None:
    await make_repository(tmp_path / "r", {"a.txt": "1"})
    (tmp_path / "r/.git/refs/heads/main").write_text("no object id\n", encoding="utf-8")
    with pytest.raises(Unavailable, match="HEAD"):
        await Git().head_commit(tmp_path / "r")


async def test_a_folder_without_a_repository_is_not_found_although_its_parent_is_one(
    tmp_path: Path,
) -> None:
    await make_repository(tmp_path / "r", {"sub/a.txt": "1"})
    assert not await Git().is_repository(tmp_path / "r/sub")
    with pytest.raises(NotFound, match="sub"):
        await Git().head_commit(tmp_path / "r/sub")


async def test_a_submodule_pointing_nowhere_is_no_repository(tmp_path: Path) -> None:
    write_files(tmp_path, {".git": "gitdir: ../nowhere/.git/modules/x\n"})
    assert not await Git().is_repository(tmp_path)


async def test_the_tree_names_mode_blob_and_path_of_every_entry(tmp_path: Path) -> None:
    repository = tmp_path / "r"
    await make_empty_repository(repository)
    write_files(repository, {"b/run.sh": "#!/bin/sh\n"})
    (repository / "b/run.sh").chmod(0o755)
    (repository / "link").symlink_to("/etc/passwd")
    sha = await commit(repository, {"a ü\n\t'; name.txt": "1"})
    entries = {entry.path: entry for entry in await Git().tree(repository, sha)}
    assert {path: entry.mode for path, entry in entries.items()} == {
        "a ü\n\t'; name.txt": "100644",
        "b/run.sh": "100755",
        "link": "120000",
    }
    blob = entries["b/run.sh"].blob
    assert (await Git().blobs(repository, [blob])).contents == {blob: b"#!/bin/sh\n"}


async def test_a_path_that_is_not_utf_8_is_shown_escaped(tmp_path: Path) -> None:
    await make_empty_repository(tmp_path / "r")
    (Path(str(tmp_path / "r")) / "caf\udce9.json").write_text("{}", encoding="utf-8")
    sha = await commit(tmp_path / "r", {})
    assert [entry.path for entry in await Git().tree(tmp_path / "r", sha)] == ["caf\\xe9.json"]


async def test_the_tree_of_an_unknown_commit_is_not_found(tmp_path: Path) -> None:
    await make_repository(tmp_path / "r", {"a.txt": "1"})
    with pytest.raises(NotFound, match="0123456789"):
        await Git().tree(tmp_path / "r", "0123456789" * 4)


@pytest.mark.parametrize("text", ["HEAD", "--output=x", "", "a" * 39, "A" * 40, "a" * 40 + "\n"])
async def test_only_full_object_ids_are_handed_to_git(tmp_path: Path, text: str) -> None:
    await make_repository(tmp_path / "r", {"a.txt": "1"})
    with pytest.raises(InvalidRequest, match="object id"):
        await Git().tree(tmp_path / "r", text)
    with pytest.raises(InvalidRequest, match="object id"):
        await Git().blobs(tmp_path / "r", [text])


async def test_contents_of_any_bytes_and_sizes_come_back_whole(tmp_path: Path) -> None:
    files = {
        "empty": b"",
        "newlines": b"\n\n\n",
        "binary": bytes(range(256)) * 9000,
        "header": b"0" * 40 + b" blob 3\nabc\n",
    }
    sha = await make_repository(tmp_path / "r", files)
    reader = Git()
    ids = {entry.path: entry.blob for entry in await reader.tree(tmp_path / "r", sha)}
    read = await reader.blobs(tmp_path / "r", [*ids.values(), *ids.values()])
    assert {path: read.contents[blob] for path, blob in ids.items()} == files
    assert read.skipped == {}


async def test_what_is_too_large_or_missing_is_left_out_with_a_reason(tmp_path: Path) -> None:
    files = {"large": b"x" * 3_000_000, "a": b"a" * 60, "b": b"b" * 60}
    sha = await make_repository(tmp_path / "r", files)
    reader = Git()
    ids = {entry.path: entry.blob for entry in await reader.tree(tmp_path / "r", sha)}
    missing = "0123456789" * 4
    wanted = [ids["large"], ids["a"], missing, ids["b"], sha]
    read = await reader.blobs(tmp_path / "r", wanted, max_blob_bytes=1000, max_total_bytes=100)
    assert read.contents == {ids["a"]: files["a"]}
    assert "3000000 bytes" in read.skipped[ids["large"]]
    assert "together" in read.skipped[ids["b"]]
    assert "missing" in read.skipped[missing]
    assert "commit" in read.skipped[sha]


async def test_files_of_the_working_tree_are_tracked_ones_and_new_ones_not_ignored(
    tmp_path: Path,
) -> None:
    await make_repository(tmp_path / "r", {"kept.txt": "1", ".gitignore": "*.log\n"})
    write_files(tmp_path / "r", {"new/ü.txt": "2", "x.log": "3"})
    files = await Git().worktree_files(tmp_path / "r")
    assert files == [".gitignore", "kept.txt", "new/ü.txt"]


async def test_origin_and_default_branch_are_read_from_the_files(tmp_path: Path) -> None:
    url = "https://example.org/owner/name.git"
    await make_repository(tmp_path / "r", {"a": "1"}, origin=url, branch="trunk")
    reader = Git()
    assert await reader.origin_url(tmp_path / "r") == url
    assert await reader.default_branch(tmp_path / "r") == "trunk"
    await git(tmp_path / "r", "checkout", "--quiet", "-b", "feature/x")
    assert await reader.default_branch(tmp_path / "r") == "feature/x"
    await git(tmp_path / "r", "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/dev")
    assert await reader.default_branch(tmp_path / "r") == "dev"


async def test_a_repository_without_a_remote_has_no_origin(tmp_path: Path) -> None:
    await make_repository(tmp_path / "r", {"a": "1"})
    assert await Git().origin_url(tmp_path / "r") is None


async def test_the_version_of_git_is_told() -> None:
    assert (await Git().version())[0].isdigit()


async def test_a_machine_without_git_says_what_to_install() -> None:
    with pytest.raises(Unavailable, match="Install git"):
        await Git(Executable("/nonexistent/git")).version()


async def test_a_damaged_object_is_never_read_as_something_else(tmp_path: Path) -> None:
    noise = b"".join(sha256(bytes([n % 256, n // 256])).digest() for n in range(6000))
    files = {"short": b"content " * 1000, "long": noise, "good": b"1"}
    sha = await make_repository(tmp_path / "r", files)
    reader = Git()
    ids = {entry.path: entry.blob for entry in await reader.tree(tmp_path / "r", sha)}
    _cut(tmp_path / "r", ids["short"], 20)
    read = await reader.blobs(tmp_path / "r", [ids["short"], ids["good"]])
    assert read.contents == {ids["good"]: b"1"}
    assert "damaged" in read.skipped[ids["short"]]
    _cut(tmp_path / "r", ids["long"], 100_000)
    with pytest.raises(Unavailable, match="git fsck"):
        await reader.blobs(tmp_path / "r", [ids["long"]])


def _cut(repository: Path, blob: str, size: int) -> None:
    file = repository / ".git/objects" / blob[:2] / blob[2:]
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:size])


async def test_no_ids_need_no_process(tmp_path: Path) -> None:
    await make_repository(tmp_path / "r", {"a": "1"})
    assert (await Git(Executable("/nonexistent/git")).blobs(tmp_path / "r", [])).contents == {}


@pytest.mark.parametrize(("answer", "head"), [(f"echo {'1' * 40}", "1" * 40), ("exit 1", None)])
async def test_a_head_kept_in_a_reftable_is_asked_of_git(
    tmp_path: Path, answer: str, head: str | None
) -> None:
    # Versions of git that cannot make such a repository are still in use, here perhaps too.
    await make_repository(tmp_path / "r", {"a.txt": "1"})
    (tmp_path / "r/.git/HEAD").write_text("ref: refs/heads/.invalid\n", "utf-8")
    (tmp_path / "r/.git/reftable").mkdir()
    program = tmp_path / "git"
    program.write_text(f'#!/bin/sh\ncase "$*" in *rev-parse*) {answer};; esac\n', "utf-8")
    program.chmod(0o755)
    assert await Git(Executable(str(program))).head_commit(tmp_path / "r") == head


async def test_more_output_than_allowed_ends_the_command(tmp_path: Path) -> None:
    await make_repository(tmp_path / "r", {f"file-{n}": "1" for n in range(50)})
    command = Command(
        "ls-files", [], timeout=30, max_output=100, options=["-C", str(tmp_path / "r")]
    )
    with pytest.raises(TooLarge, match="100 bytes"):
        await Executable().run(command)


async def test_a_command_that_does_not_end_is_killed_with_what_it_started(tmp_path: Path) -> None:
    script = tmp_path / "git"
    script.write_text(f"#!/bin/sh\nsleep 600 & echo $! > {tmp_path}/child\nwait\n", "utf-8")
    script.chmod(0o755)
    with pytest.raises(TimedOut, match="did not end"):
        await Executable(str(script)).run(Command("version", [], timeout=0.5))
    child = int((tmp_path / "child").read_text("utf-8"))
    await _ended(child)


async def _ended(process: int) -> None:
    """Wait for a process that is not ours."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return
    try:
        with anyio.fail_after(10):
            await anyio.wait_readable(descriptor)
    finally:
        os.close(descriptor)
