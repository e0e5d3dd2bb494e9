"""What a name means in a registered repository, and what stands in its commits."""

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.errors import InvalidRequest, NotFound, Refused, TooLarge, Unavailable
from gitops_auditor.repositories import revisions
from gitops_auditor.repositories.boundaries import Boundaries
from gitops_auditor.repositories.checked_names import check_ref
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.git_urls import check_clone_url
from gitops_auditor.repositories.locations import Locations
from gitops_auditor.repositories.mirrors import Mirrors
from gitops_auditor.repositories.revisions import WORKTREE, Revision, Revisions
from tests.factories.git import commit, git, make_empty_repository, make_repository, write_files
from tests.repositories.revisions import Counted, known


async def test_every_kind_of_name_leads_to_its_commit(reader: Revisions, source: Path) -> None:
    first = await make_repository(source, {"a.txt": "1"})
    await git(source, "tag", "-a", "v1", "-m", "one")
    await git(source, "checkout", "-q", "-b", "feature/x")
    second = await commit(source, {"a.txt": "2"})
    it = known(source, default_branch="main")
    assert await reader.resolve(it) == Revision(first, "main", None, "main")
    assert await reader.resolve(it, "v1") == Revision(first, None, "v1", "v1")
    assert await reader.resolve(it, "feature/x") == Revision(second, "feature/x", None, "feature/x")
    full = "refs/heads/feature/x"
    assert await reader.resolve(it, full) == Revision(second, "feature/x", None, full)
    assert await reader.resolve(it, "refs/tags/v1") == Revision(first, None, "v1", "refs/tags/v1")
    assert await reader.resolve(it, second) == Revision(second, None, None, second)
    assert await reader.resolve(it, first[:8]) == Revision(first, None, None, first[:8])
    assert await reader.resolve(it, WORKTREE) == Revision(WORKTREE, "feature/x", None, WORKTREE)


async def test_without_a_known_default_branch_head_is_it(reader: Revisions, source: Path) -> None:
    sha = await make_repository(source, {"a.txt": "1"}, branch="trunk")
    assert await reader.resolve(known(source)) == Revision(sha, "trunk", None, "trunk")
    await git(source, "checkout", "-q", "--detach")
    assert await reader.resolve(known(source)) == Revision(sha, None, None, sha)


async def test_a_branch_that_only_the_remote_has_is_found(
    reader: Revisions, source: Path, tmp_path: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    await git(source, "branch", "only-there")
    await git(tmp_path, "clone", "-q", "source", "clone")
    found = await reader.resolve(known(tmp_path / "clone"), "only-there")
    assert (found.branch, found.commit) == ("only-there", await git(source, "rev-parse", "main"))


async def test_a_name_that_is_a_branch_and_a_tag_is_the_branch(
    reader: Revisions, source: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    await git(source, "tag", "both")
    sha = await commit(source, {"a.txt": "2"})
    await git(source, "branch", "both")
    assert await reader.resolve(known(source), "both") == Revision(sha, "both", None, "both")


async def test_a_branch_called_like_an_abbreviated_id_is_the_branch(
    reader: Revisions, source: Path
) -> None:
    first = await make_repository(source, {"a.txt": "1"})
    second = await commit(source, {"a.txt": "2"})
    await git(source, "branch", first[:7])
    assert (await reader.resolve(known(source), first[:7])).commit == second
    await git(source, "branch", first)
    assert (await reader.resolve(known(source), first)).commit == first


async def test_what_is_unknown_names_what_comes_near(reader: Revisions, source: Path) -> None:
    await make_repository(source, {"a.txt": "1"})
    await git(source, "branch", "feature/login")
    with pytest.raises(NotFound, match="feature/logn") as unknown:
        await reader.resolve(known(source), "feature/logn")
    assert unknown.value.hint == "Did you mean feature/login?"
    assert unknown.value.details == {"near": ["feature/login"]}
    blob = await git(source, "rev-parse", "HEAD:a.txt")
    with pytest.raises(NotFound):
        await reader.resolve(known(source), blob)


async def test_a_repository_without_commits_says_so(reader: Revisions, source: Path) -> None:
    await make_empty_repository(source)
    with pytest.raises(NotFound, match="no commit yet"):
        await reader.resolve(known(source, default_branch="main"))


@pytest.mark.parametrize(
    "name",
    ["a;b", "a'b", "$(id)", "`id`", "a|b", "a&b", "a>b", 'a"b', "%s", "@x", "-".join("ab"), "ü"],
)
async def test_names_with_characters_of_shells_are_only_names(
    reader: Revisions, source: Path, name: str
) -> None:
    sha = await make_repository(source, {"a.txt": "1"})
    await git(source, "branch", "--", name)
    assert await reader.resolve(known(source), name) == Revision(sha, name, None, name)
    assert (await reader.heads(known(source)))[f"refs/heads/{name}"] == sha


@pytest.mark.parametrize(
    "name",
    [
        "--upload-pack=x",
        "-x",
        "HEAD~1",
        "main^{tree}",
        "main:a.txt",
        "@{-1}",
        "main@{1}",
        "../x",
        "a..b",
        "a b",
        "a\nb",
        "a\x00b",
        ":/first",
        "x.lock",
        "/x",
        "x/",
        "a//b",
        "*",
        "a" * 251,
        "@",
    ],
)
async def test_what_git_takes_for_more_than_a_name_is_refused(
    reader: Revisions, source: Path, counted: Counted, name: str
) -> None:
    await make_repository(source, {"a.txt": "1"})
    with pytest.raises(InvalidRequest, match="is not the name"):
        await reader.resolve(known(source), name)
    assert counted.ran == []


@given(st.text(alphabet=st.sampled_from(string.printable), max_size=40))
def test_no_accepted_name_holds_revision_syntax(name: str) -> None:
    try:
        check_ref(name)
    except InvalidRequest:
        return
    assert name
    assert not set(name) & set("~^:?*[\\ \t\r\n\x0b\x0c")
    assert not name.startswith("-")
    assert ".." not in name
    assert "@{" not in name


async def test_files_are_read_at_their_commit(reader: Revisions, source: Path) -> None:
    definition = ".gitops/pipelines/build.yaml"
    first = await make_repository(source, {definition: "1", ".gitops/pipelines/sub/x.yaml": "x"})
    (source / ".gitops/pipelines/link.yaml").symlink_to("build.yaml")
    second = await commit(source, {definition: "2", ".gitops/pipelines/ä.yml": "3"})
    write_files(source, {definition: "uncommitted", ".gitops/pipelines/new.yaml": "new"})
    it = known(source)
    assert await reader.file(it, first, definition, 100) == b"1"
    assert await reader.file(it, second, definition, 100) == b"2"
    assert await reader.file(it, WORKTREE, definition, 100) == b"uncommitted"
    folder = ".gitops/pipelines"
    assert await reader.files(it, first, folder) == ["build.yaml"]
    assert await reader.files(it, second, folder) == ["build.yaml", "ä.yml"]
    assert await reader.files(it, WORKTREE, folder) == ["build.yaml", "new.yaml", "ä.yml"]
    for at in (first, WORKTREE):
        assert await reader.files(it, at, "none/such") == []
        assert await reader.file(it, at, "none.yaml", 100) is None
        assert await reader.file(it, at, ".gitops", 100) is None
        assert await reader.file(it, at, f"{folder}/link.yaml", 100) is None


async def test_a_file_over_the_bound_is_refused(reader: Revisions, source: Path) -> None:
    sha = await make_repository(source, {"big.yaml": "x" * 101})
    for at in (sha, WORKTREE):
        assert await reader.file(known(source), at, "big.yaml", 101) == b"x" * 101
        with pytest.raises(TooLarge, match=r"big\.yaml"):
            await reader.file(known(source), at, "big.yaml", 100)


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "", ".", "a//b", "a\nb"])
async def test_no_path_leads_out_of_the_repository(
    reader: Revisions, source: Path, path: str
) -> None:
    sha = await make_repository(source, {"a.txt": "1"})
    for at in (sha, WORKTREE):
        with pytest.raises(InvalidRequest, match="not a path inside"):
            await reader.file(known(source), at, path, 100)


async def test_links_of_the_working_tree_do_not_lead_to_files_elsewhere(
    reader: Revisions, source: Path, tmp_path: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    write_files(tmp_path / "private", {"pipeline.yaml": "s3cr3t"})
    (source / ".gitops").symlink_to(tmp_path / "private")
    assert await reader.file(known(source), WORKTREE, ".gitops/pipeline.yaml", 100) is None
    assert await reader.files(known(source), WORKTREE, ".gitops") == []


async def test_changed_paths_name_both_sides_of_a_renaming(reader: Revisions, source: Path) -> None:
    old = await make_repository(source, {"same": "1", "changed": "1", "old name": "content\n" * 9})
    await git(source, "mv", "old name", "new\nname")
    new = await commit(source, {"changed": "2"})
    changed = await reader.changed_paths(known(source), old, new)
    assert changed == ["changed", "new\nname", "old name"]
    assert await reader.changed_paths(known(source), old, old) == []


async def test_changes_that_cannot_be_told_are_none(
    reader: Revisions, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await make_repository(source, {"a": "1"})
    new = await commit(source, {"b": "1", "c": "1"})
    assert await reader.changed_paths(known(source), "0" * 40, new) is None
    assert await reader.changed_paths(known(source), "--output=x", new) is None
    assert (
        await reader.changed_paths(
            known(source.parent / "gone", origin_url=None, clone_url="file:///none"), old, new
        )
        is None
    )
    monkeypatch.setattr(revisions, "MOST_CHANGED_PATHS", 1)
    assert await reader.changed_paths(known(source), old, new) is None


async def test_a_mirror_is_fetched_before_a_name_is_looked_up(
    reader: Revisions, mirrors: Mirrors, source: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    url = check_clone_url(source.as_uri(), ("file",))
    mirror = await mirrors.ensure(url)
    second = await commit(source, {"a.txt": "2"})
    it = known(mirror, clone_url=url.url, default_branch="main")
    assert (await reader.heads(it))["refs/heads/main"] != second
    assert (await reader.resolve(it)).commit == second
    assert (await reader.heads(it))["refs/heads/main"] == second


async def test_a_commit_that_the_mirror_has_needs_no_fetch(
    reader: Revisions, mirrors: Mirrors, source: Path, counted: Counted
) -> None:
    first = await make_repository(source, {"a.txt": "1"})
    url = check_clone_url(source.as_uri(), ("file",))
    it = known(await mirrors.ensure(url), clone_url=url.url)
    counted.ran.clear()
    assert (await reader.resolve(it, first)).commit == first
    assert await reader.file(it, first, "a.txt", 10) == b"1"
    assert "fetch" not in counted.ran
    second = await commit(source, {"a.txt": "2"})
    assert await reader.file(it, second, "a.txt", 10) == b"2"
    assert "fetch" in counted.ran


@pytest.mark.parametrize("field", ["clone_url", "origin_url"])
async def test_a_path_of_another_machine_is_read_by_its_url(
    reader: Revisions, source: Path, tmp_path: Path, field: str
) -> None:
    sha = await make_repository(source, {"a.txt": "1"})
    it = known(tmp_path / "elsewhere", default_branch="main", **{field: source.as_uri()})
    assert (await reader.resolve(it)).commit == sha
    assert await reader.file(it, sha, "a.txt", 10) == b"1"
    with pytest.raises(InvalidRequest, match="no working tree"):
        await reader.resolve(it, WORKTREE)


async def test_a_path_of_another_machine_without_url_is_unavailable_with_a_hint(
    reader: Revisions, tmp_path: Path
) -> None:
    with pytest.raises(Unavailable, match="not on this machine") as unavailable:
        await reader.resolve(known(tmp_path / "elsewhere"))
    assert "clone URL" in unavailable.value.hint


@pytest.mark.parametrize("url", ["ext::sh -c x", "http://127.0.0.1/x/y", "--upload-pack=x"])
async def test_an_origin_that_git_may_not_be_given_is_refused(
    reader: Revisions, tmp_path: Path, counted: Counted, url: str
) -> None:
    with pytest.raises((Refused, InvalidRequest)):
        await reader.resolve(known(tmp_path / "elsewhere", origin_url=url))
    assert counted.ran == []


async def test_an_origin_outside_of_the_allowed_roots_is_refused(
    mirrors: Mirrors, source: Path, tmp_path: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    (tmp_path / "allowed").mkdir()
    held = Revisions(Git(), Locations(mirrors, Boundaries([tmp_path / "allowed"])))
    with pytest.raises(Refused, match="outside the folders"):
        await held.resolve(known(tmp_path / "elsewhere", origin_url=source.as_uri()))


async def test_an_origin_in_a_private_network_is_refused(tmp_path: Path) -> None:
    strict = Mirrors(Git(), tmp_path / "mirrors", ("https",), allow_private_hosts=False)
    held = Revisions(Git(), Locations(strict, Boundaries(())))
    with pytest.raises(Refused, match="private network"):
        await held.resolve(known(tmp_path / "x", origin_url="https://127.0.0.1/acme/it"))


async def test_every_path_of_a_commit_and_of_the_working_tree_is_listed(
    reader: Revisions, source: Path
) -> None:
    sha = await make_repository(source, {"a/b.txt": "1", ".gitignore": "*.log"})
    write_files(source, {"new": "1", "x.log": "1"})
    assert await reader.paths(known(source), sha) == [".gitignore", "a/b.txt"]
    assert await reader.paths(known(source), WORKTREE) == [".gitignore", "a/b.txt", "new"]


async def test_what_is_checked_out_is_the_branch_at_head_or_the_default_of_a_mirror(
    reader: Revisions, mirrors: Mirrors, source: Path
) -> None:
    sha = await make_repository(source, {"a.txt": "1"})
    await git(source, "checkout", "-q", "-b", "other")
    there = known(source, default_branch="main")
    assert await reader.checked_out(there) == Revision(sha, "other", None, "other")
    mirror = await mirrors.ensure(check_clone_url(source.as_uri(), ("file",)))
    it = known(mirror, clone_url=source.as_uri(), default_branch="main")
    assert (await reader.checked_out(it)).branch == "main"
    await git(source, "checkout", "-q", "--detach")
    assert await reader.checked_out(there) == Revision(sha, None, None, sha)
