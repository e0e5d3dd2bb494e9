import os
from pathlib import Path

import pytest

from gitops_auditor.dependencies.scanner import (
    MAX_FILE_BYTES,
    RepositoryScanner,
    contents_digest,
    shown,
)
from gitops_auditor.dependencies.snapshots import Gitlink, RepositoryFacts
from gitops_auditor.errors import InvalidRequest, NotFound
from gitops_auditor.repositories.git import Git
from tests.factories.git import commit, git, make_empty_repository, make_repository

PACKAGE = '{"name": "app", "dependencies": {"ufo": "^1.5.0"}}'


@pytest.fixture
def scanner() -> RepositoryScanner:
    return RepositoryScanner(Git())


async def read(
    scanner: RepositoryScanner, path: Path, previous: RepositoryFacts | None = None
) -> RepositoryFacts:
    return await scanner.read_commit(path, await git(path, "rev-parse", "HEAD"), previous)


def needs(facts: RepositoryFacts) -> list[tuple[str, str]]:
    return [
        (file.path, declaration.name)
        for file in facts.files
        for declaration in file.facts.declarations
    ]


async def test_manifests_of_a_commit_are_read_wherever_they_lie(
    scanner: RepositoryScanner, tmp_path: Path
) -> None:
    files = {"package.json": PACKAGE, "web/deep/package.json": PACKAGE, "src/main.py": "x = 1\n"}
    await make_repository(tmp_path, files)
    facts = await read(scanner, tmp_path)
    assert needs(facts) == [("package.json", "ufo"), ("web/deep/package.json", "ufo")]


async def test_what_is_not_committed_is_not_part_of_the_commit(
    scanner: RepositoryScanner, tmp_path: Path
) -> None:
    await make_repository(tmp_path, {"package.json": PACKAGE})
    (tmp_path / "package.json").write_text('{"dependencies": {"h3": "1"}}', encoding="utf-8")
    assert needs(await read(scanner, tmp_path)) == [("package.json", "ufo")]


async def test_a_bare_repository_is_read_like_any_other(
    scanner: RepositoryScanner, tmp_path: Path
) -> None:
    await make_repository(tmp_path / "work", {"package.json": PACKAGE})
    await git(tmp_path, "clone", "--quiet", "--bare", "work", "bare.git")
    assert needs(await read(scanner, tmp_path / "bare.git")) == [("package.json", "ufo")]


async def test_a_broken_manifest_is_a_problem_with_its_place_and_the_rest_is_read(
    scanner: RepositoryScanner, tmp_path: Path
) -> None:
    broken = '{\n  "dependencies": {\n    "ufo": ,\n'
    await make_repository(tmp_path, {"a/package.json": broken, "b/package.json": PACKAGE})
    facts = await read(scanner, tmp_path)
    [problem] = facts.files[0].facts.problems
    assert (problem.line, problem.column) == (3, 12)
    assert needs(facts) == [("b/package.json", "ufo")]


async def test_a_file_that_is_not_text_does_not_end_the_scan(
    scanner: RepositoryScanner, tmp_path: Path
) -> None:
    latin = '{"name": "caf\xe9", "dependencies": {"ufo": "1"}}'.encode("latin-1")
    files: dict[str, str | bytes] = {"a/package.json": latin, "b/package.json": bytes(range(256))}
    await make_repository(tmp_path, files)
    assert ("a/package.json", "ufo") in needs(await read(scanner, tmp_path))


async def test_a_manifest_of_fifty_megabytes_is_named_and_not_read(
    scanner: RepositoryScanner, tmp_path: Path
) -> None:
    huge = b'{"dependencies": {' + b" " * (50 * 1024 * 1024) + b"}}"
    await make_repository(tmp_path, {"a/package.json": huge, "package.json": PACKAGE})
    facts = await read(scanner, tmp_path)
    [(path, problem)] = facts.problems
    assert path == "a/package.json"
    assert str(MAX_FILE_BYTES) in problem.message
    assert needs(facts) == [("package.json", "ufo")]


async def test_files_that_do_not_fit_in_one_batch_are_read_in_the_next(
    scanner: RepositoryScanner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "gitops_auditor.dependencies.scanner._MAX_BATCH_BYTES", 2 * len(PACKAGE) + 3
    )
    files = {f"p{number}/package.json": PACKAGE + " " * number for number in range(4)}
    await make_repository(tmp_path, files)
    facts = await read(scanner, tmp_path)
    assert [file.path for file in facts.files] == sorted(files)
    assert facts.problems == ()


async def test_symbolic_links_are_not_followed(scanner: RepositoryScanner, tmp_path: Path) -> None:
    secret = tmp_path / "package.json"
    secret.write_text(PACKAGE, encoding="utf-8")
    repository = tmp_path / "repository"
    await make_empty_repository(repository)
    (repository / "package.json").symlink_to(secret)
    (repository / "loop").symlink_to("loop")
    (repository / "up").symlink_to("..")
    await commit(repository, {"web/package.json": PACKAGE})
    assert needs(await read(scanner, repository)) == [("web/package.json", "ufo")]
    found = await scanner.read_worktree(repository, None)
    assert needs(found) == [("web/package.json", "ufo")]


async def test_where_a_link_leads_is_read_as_text_in_the_commit_and_in_the_working_tree(
    scanner: RepositoryScanner, tmp_path: Path
) -> None:
    await make_empty_repository(tmp_path)
    (tmp_path / ".eslintrc.json").symlink_to("../shared/eslint.json")
    (tmp_path / "here").symlink_to("docs/there")
    (tmp_path / "absolute").symlink_to("/etc/hosts")
    commit_id = await commit(tmp_path, {})
    facts = await read(scanner, tmp_path)
    assert needs(facts) == [(".eslintrc.json", "../shared/eslint.json")]
    assert needs(await scanner.read_worktree(tmp_path, commit_id)) == needs(facts)


async def test_odd_names_are_read_and_can_be_shown(
    scanner: RepositoryScanner, tmp_path: Path
) -> None:
    odd = ["a b;c", "quo\"te's", "new\nline", "$(touch x)", "-rf", "..x", "ünï"]
    await make_repository(tmp_path, {f"{name}/package.json": PACKAGE for name in odd})
    facts = await read(scanner, tmp_path)
    assert sorted(path for path, _ in needs(facts)) == sorted(f"{n}/package.json" for n in odd)


async def test_a_name_that_is_not_utf8_is_shown_with_escapes(
    scanner: RepositoryScanner, tmp_path: Path
) -> None:
    name = os.fsdecode(b"caf\xe9/package.json")
    await make_repository(tmp_path, {name: PACKAGE})
    expected = [("caf\\xe9/package.json", "ufo")]
    assert needs(await read(scanner, tmp_path)) == expected
    assert needs(await scanner.read_worktree(tmp_path, None)) == expected
    assert shown(os.fsdecode(b"caf\xe9")) == "caf\\xe9"


async def test_a_file_read_before_is_not_parsed_again(
    scanner: RepositoryScanner, tmp_path: Path
) -> None:
    await make_repository(tmp_path, {"a/package.json": PACKAGE, "b/package.json": PACKAGE})
    before = await read(scanner, tmp_path)
    await commit(tmp_path, {"b/package.json": '{"dependencies": {"h3": "1"}}'})
    after = await read(scanner, tmp_path, before)
    assert after.files[0] is before.files[0]
    assert needs(after) == [("a/package.json", "ufo"), ("b/package.json", "h3")]


async def test_a_submodule_is_pinned_and_one_without_address_is_a_problem(
    scanner: RepositoryScanner, tmp_path: Path
) -> None:
    pinned = "1" * 40
    await make_repository(
        tmp_path,
        {
            ".gitmodules": '[submodule "x"]\n\tpath = libs/x\n\turl = https://gone.invalid/a/x\n'
            '[submodule "gone"]\n\tpath = gone\n\turl = ../gone.git\n'
        },
    )
    for path in ("libs/x", "stray"):
        await git(tmp_path, "update-index", "--add", "--cacheinfo", f"160000,{pinned},{path}")
    await git(tmp_path, "commit", "--quiet", "--message=submodules")
    facts = await read(scanner, tmp_path)
    assert [(link.path, link.commit) for link in facts.gitlinks] == [
        ("libs/x", pinned),
        ("stray", pinned),
    ]
    assert [(path, problem.line) for path, problem in facts.problems] == [
        ("stray", 0),
        (".gitmodules", 6),
    ]


async def test_the_working_tree_is_read_with_new_files_and_without_ignored_ones(
    scanner: RepositoryScanner, tmp_path: Path
) -> None:
    files = {"package.json": PACKAGE, ".gitignore": "dist/\n", "old/package.json": PACKAGE}
    await make_repository(tmp_path, files)
    for name in ("new", "dist"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "package.json").write_text(PACKAGE, encoding="utf-8")
    (tmp_path / "old" / "package.json").unlink()
    facts = await scanner.read_worktree(tmp_path, None)
    assert needs(facts) == [("new/package.json", "ufo"), ("package.json", "ufo")]
    assert facts.problems == ()


async def test_nothing_outside_the_working_tree_is_read_through_a_folder_that_became_a_link(
    scanner: RepositoryScanner, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "package.json").write_text(PACKAGE, encoding="utf-8")
    repository = tmp_path / "repository"
    await make_repository(repository, {"web/package.json": PACKAGE})
    (repository / "web" / "package.json").unlink()
    (repository / "web").rmdir()
    (repository / "web").symlink_to(outside)
    facts = await scanner.read_worktree(repository, None)
    assert needs(facts) == []


async def test_a_pipe_in_the_working_tree_is_left_alone(
    scanner: RepositoryScanner, tmp_path: Path
) -> None:
    await make_repository(tmp_path, {"package.json": PACKAGE})
    os.mkfifo(tmp_path / "go.mod")
    assert needs(await scanner.read_worktree(tmp_path, None)) == [("package.json", "ufo")]


async def test_a_file_has_the_same_id_in_the_commit_and_in_the_working_tree(
    scanner: RepositoryScanner, tmp_path: Path
) -> None:
    await make_repository(tmp_path, {"package.json": PACKAGE})
    committed = await read(scanner, tmp_path)
    found = await scanner.read_worktree(tmp_path, None, committed)
    assert found.files == committed.files
    assert contents_digest(found) == contents_digest(committed)


async def test_a_bare_repository_has_no_working_tree_to_read(
    scanner: RepositoryScanner, tmp_path: Path
) -> None:
    await git(tmp_path, "init", "--quiet", "--bare", ".")
    with pytest.raises(InvalidRequest):
        await scanner.read_worktree(tmp_path, None)


async def test_a_commit_that_is_not_there_is_refused(
    scanner: RepositoryScanner, tmp_path: Path
) -> None:
    await make_repository(tmp_path, {})
    with pytest.raises(NotFound):
        await scanner.read_commit(tmp_path, "1" * 40)


def test_the_digest_tells_other_submodules_apart_but_not_another_commit_of_the_same() -> None:
    empty = RepositoryFacts("one")
    pinned = empty._replace(gitlinks=(Gitlink("libs/x", "1" * 40),))
    assert contents_digest(empty) == contents_digest(empty._replace(commit="two"))
    assert contents_digest(empty) != contents_digest(pinned)
