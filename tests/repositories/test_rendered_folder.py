"""What a job left in a disposable checkout, committed without a look at its `.git`."""

import os
from pathlib import Path

import anyio
import pytest

from gitops_auditor.errors import Refused, TooLarge
from gitops_auditor.repositories.rendered import RenderedCommit
from tests.factories.git import commit, git, make_repository, write_files
from tests.repositories.rendered import MOMENT, ROOM, Rendering, open_rendering
from tests.repositories.revisions import known

FILES = {
    "README.md": "x\n",
    "a/b.txt": "1\n",
    "gone.txt": "2\n",
    "run.sh": "#!/bin/sh\n",
    ".gitignore": "ignored/\n*.log\n",
    ".gitattributes": "*.win text eol=crlf\n*.lfs filter=trap diff=trap\n",
    "tracked.log": "tracked all the same\n",
    "text.win": "one\ntwo\n",
    "big.lfs": "pointer\n",
}


@pytest.fixture
def rendering(tmp_path: Path) -> Rendering:
    return open_rendering(tmp_path / "data")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "checkout").mkdir()
    return tmp_path / "checkout"


@pytest.fixture
async def base(rendering: Rendering, source: Path, folder: Path) -> str:
    await make_repository(source, FILES)
    (source / "link").symlink_to("README.md")
    await git(source, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},lib/sub mod")
    await git(source, "update-index", "--add", "--cacheinfo", f"160000,{'2' * 40},dropped")
    await git(source, "add", "link")
    await git(source, "commit", "--quiet", "-m", "pins")
    made = await git(source, "rev-parse", "HEAD")
    await rendering.checkouts.make(known(source), made, folder, max_bytes=ROOM)
    return made


async def take(rendering: Rendering, source: Path, base: str, folder: Path) -> RenderedCommit:
    return await rendering.commits.commit_folder(known(source), base, folder, "Run it", MOMENT)


async def changed(rendering: Rendering, source: Path, base: str, made: str) -> list[str]:
    diff = await rendering.commits.diff(known(source), base, made, ROOM)
    return [f"{one.status} {one.path}" for one in diff.files]


async def test_an_untouched_checkout_is_no_commit(
    rendering: Rendering, source: Path, base: str, folder: Path
) -> None:
    tree = await git(source, "rev-parse", f"{base}^{{tree}}")
    assert await take(rendering, source, base, folder) == RenderedCommit("", tree)


async def test_changed_new_and_deleted_files_links_and_modes_are_committed_and_ignored_ones_not(
    rendering: Rendering, source: Path, base: str, folder: Path
) -> None:
    write_files(
        folder,
        {
            "a/b.txt": "2\n",
            "a/new file": "n\n",
            "ignored/x": "i",
            "some.log": "l",
            "tracked.log": "changed\n",
            "text.win": "one\r\nmore\r\n",
        },
    )
    (folder / "gone.txt").unlink()
    (folder / "run.sh").chmod(0o755)
    (folder / "link").unlink()
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "dropped").rmdir()
    os.mkfifo(folder / "pipe")
    made = await take(rendering, source, base, folder)
    assert await changed(rendering, source, base, made.commit) == [
        "M a/b.txt",
        "A a/new file",
        "D dropped",
        "D gone.txt",
        "M link",
        "M run.sh",
        "M text.win",
        "M tracked.log",
    ]
    store = await rendering.commits.store(known(source))
    listed = await git(store, "ls-tree", "-r", made.commit, "link", "run.sh", "lib")
    modes = {line.partition("\t")[2]: line[:6] for line in listed.splitlines()}
    assert modes == {"lib/sub mod": "160000", "link": "120000", "run.sh": "100755"}
    assert await git(store, "cat-file", "blob", f"{made.commit}:link") == "/etc/passwd"
    assert await git(store, "cat-file", "blob", f"{made.commit}:text.win") == "one\nmore"
    assert not [*(store / "worktrees").iterdir()]
    assert await take(rendering, source, base, folder) == made


async def test_nothing_that_the_folder_or_the_repository_names_is_run(
    rendering: Rendering, source: Path, base: str, folder: Path, tmp_path: Path
) -> None:
    program, ran = tmp_path / "trap", tmp_path / "ran"
    program.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n", "utf-8")
    program.chmod(0o755)
    for repository in (source, folder):
        for name in ("core.fsmonitor", "filter.trap.clean", "filter.trap.process", "diff.external"):
            await git(repository, "config", name, str(program))
        for hook in ("post-index-change", "reference-transaction", "pre-commit"):
            write_files(repository, {f".git/hooks/{hook}": program.read_bytes()})
            (repository / f".git/hooks/{hook}").chmod(0o755)
    write_files(folder, {"big.lfs": "changed\n", "new.lfs": "new\n"})
    before = (source / ".git/config").read_bytes()
    made = await take(rendering, source, base, folder)
    assert await changed(rendering, source, base, made.commit) == ["M big.lfs", "A new.lfs"]
    assert not ran.exists()
    assert (source / ".git/config").read_bytes() == before
    await anyio.to_thread.run_sync(os.remove, folder / "big.lfs")
    await git(folder, "status")
    assert ran.exists(), "the trap does not spring at all"


async def test_a_git_folder_that_leads_elsewhere_is_not_followed(
    rendering: Rendering, source: Path, base: str, folder: Path, tmp_path: Path
) -> None:
    await make_repository(tmp_path / "other", {"secret": "s"})
    await anyio.Path(folder / ".git").rename(tmp_path / "was-git")
    write_files(folder, {".git": f"gitdir: {tmp_path}/other/.git\n", "new": "n"})
    made = await take(rendering, source, base, folder)
    assert await changed(rendering, source, base, made.commit) == ["A new"]


async def test_a_repository_inside_is_refused_and_one_that_is_ignored_is_not_looked_at(
    rendering: Rendering, source: Path, base: str, folder: Path
) -> None:
    await make_repository(folder / "ignored/inner", {"x": "1"})
    await make_repository(folder / "lib/sub mod", {"x": "1"})
    assert (await take(rendering, source, base, folder)).commit == ""
    await make_repository(folder / "vendor/inner", {"x": "1"})
    with pytest.raises(Refused, match="vendor/inner"):
        await take(rendering, source, base, folder)


async def test_a_submodule_that_became_a_file_or_a_link_is_that(
    rendering: Rendering, source: Path, base: str, folder: Path
) -> None:
    (folder / "dropped").rmdir()
    (folder / "dropped").symlink_to("a")
    (folder / "lib/sub mod").rmdir()
    write_files(folder, {"lib/sub mod": "a file"})
    made = await take(rendering, source, base, folder)
    assert await changed(rendering, source, base, made.commit) == ["T dropped", "T lib/sub mod"]


async def test_too_many_bytes_are_refused_and_ignored_ones_do_not_count(
    rendering: Rendering, source: Path, base: str, folder: Path
) -> None:
    write_files(folder, {"ignored/big": b"x" * (ROOM + 1)})
    assert (await take(rendering, source, base, folder)).commit == ""
    write_files(folder, {"big": b"x" * (ROOM + 1)})
    with pytest.raises(TooLarge, match="more than"):
        await take(rendering, source, base, folder)


async def test_a_folder_in_place_of_a_file_and_names_that_are_no_text_are_kept(
    rendering: Rendering, source: Path, base: str, folder: Path
) -> None:
    (folder / "README.md").unlink()
    write_files(folder, {"README.md/inner": "i"})
    write_files(folder, {os.fsdecode(b"odd-\xff"): "o"})
    made = await take(rendering, source, base, folder)
    assert await changed(rendering, source, base, made.commit) == [
        "D README.md",
        "A README.md/inner",
        "A odd-\\xff",
    ]


async def test_a_folder_of_a_repository_with_long_ids_is_committed(
    rendering: Rendering, tmp_path: Path, folder: Path
) -> None:
    wide = tmp_path / "wide"
    wide.mkdir()
    await git(wide, "init", "--quiet", "--object-format=sha256", "--initial-branch=main", ".")
    base = await commit(wide, {"a.txt": "1"})
    write_files(folder, {"a.txt": "2"})
    made = await take(rendering, wide, base, folder)
    assert len(made.commit) == 64
    assert await changed(rendering, wide, base, made.commit) == ["M a.txt"]
