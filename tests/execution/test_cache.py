"""Caches come back as they were, by key, within their size, and never outside the checkout."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from gitops_auditor.errors import InvalidRequest, NotFound, Refused, TooLarge
from gitops_auditor.execution.cache import Cache
from gitops_auditor.execution.cache_archives import unpack


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    (folder / "node_modules" / "a").mkdir(parents=True)
    (folder / "node_modules" / "a" / "index.js").write_text("a", encoding="utf-8")
    (folder / "node_modules" / "link").symlink_to("a/index.js")
    (folder / "package-lock.json").write_text("{}", encoding="utf-8")
    return folder


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    folder = tmp_path / "fresh"
    folder.mkdir()
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", 2**20)


def archive(*members: tuple[tarfile.TarInfo, bytes]) -> io.BytesIO:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as file:
        for member, content in members:
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
    made.seek(0)
    return made


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member, b""


def open_to_all(folder: Path) -> None:
    for parent in folder.parents:
        parent.chmod(parent.stat().st_mode | 0o001)


def owners_below(folder: Path) -> set[int]:
    return {path.lstat().st_uid for path in folder.rglob("*")}


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def change(file: Path) -> None:
    file.write_bytes(b"changed")


async def test_a_saved_cache_comes_back_with_its_links(
    cache: Cache, checkout: Path, fresh: Path
) -> None:
    saved = await cache.save("acme/one", "npm-1", checkout, ["node_modules"])
    assert await cache.restore("acme/one", ["npm-1"], fresh) == saved
    assert (fresh / "node_modules" / "a" / "index.js").read_text(encoding="utf-8") == "a"
    assert (fresh / "node_modules" / "link").readlink() == Path("a/index.js")
    assert names_in(fresh.parent) == {"cache", "checkout", "fresh"}


async def test_what_is_restored_belongs_to_the_job_user(
    cache: Cache, checkout: Path, fresh: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("run the tests as root for this")
    open_to_all(fresh)
    await cache.save("acme/one", "npm-1", checkout, ["node_modules/a"])
    await cache.restore("acme/one", ["npm-1"], fresh, (65534, 65534))
    assert owners_below(fresh) == {65534}


async def test_another_repository_does_not_see_it(
    cache: Cache, checkout: Path, fresh: Path
) -> None:
    await cache.save("acme/one", "npm-1", checkout, ["node_modules"])
    assert await cache.restore("acme/two", ["npm-1", "npm-"], fresh) is None


async def test_a_prefix_finds_the_newest_entry(cache: Cache, checkout: Path, fresh: Path) -> None:
    await cache.save("acme/one", "npm-1", checkout, ["node_modules"])
    await cache.save("acme/one", "npm-2", checkout, ["package-lock.json"])
    found = await cache.restore("acme/one", ["npm-3", "npm-"], fresh)
    assert found is not None
    assert found.key == "npm-2"


async def test_an_entry_is_never_changed(cache: Cache, checkout: Path) -> None:
    first = await cache.save("acme/one", "npm-1", checkout, ["node_modules"])
    assert await cache.save("acme/one", "npm-1", checkout, ["package-lock.json"]) == first


async def test_equal_content_is_kept_once(cache: Cache, checkout: Path) -> None:
    first = await cache.save("acme/one", "npm-1", checkout, ["node_modules"])
    await cache.save("acme/one", "npm-2", checkout, ["node_modules"])
    assert await cache.size() == first.size


async def test_the_longest_unused_entry_goes_when_it_is_full(
    tmp_path: Path, checkout: Path, fresh: Path
) -> None:
    cache = Cache(tmp_path / "cache", 50_000)
    for number in range(3):
        (checkout / "blob").write_bytes(bytes([number]) * 15_000)
        await cache.save("acme/one", f"k{number}", checkout, ["blob"])
        if number == 1:
            assert await cache.restore("acme/one", ["k0"], fresh) is not None
    assert await cache.size() <= 50_000
    assert await cache.restore("acme/one", ["k1"], fresh) is None
    assert await cache.restore("acme/one", ["k0"], fresh) is not None
    assert await cache.restore("acme/one", ["k2"], fresh) is not None


async def test_what_exceeds_the_whole_cache_is_refused(tmp_path: Path, checkout: Path) -> None:
    cache = Cache(tmp_path / "cache", 5000)
    (checkout / "blob").write_bytes(bytes(10_000))
    with pytest.raises(TooLarge):
        await cache.save("acme/one", "k", checkout, ["blob"])
    assert await cache.size() == 0


async def test_a_changed_archive_is_not_restored(
    cache: Cache, checkout: Path, fresh: Path, tmp_path: Path
) -> None:
    saved = await cache.save("acme/one", "npm-1", checkout, ["node_modules"])
    change(tmp_path / "cache" / "objects" / saved.digest)
    with pytest.raises(Refused, match="was changed"):
        await cache.restore("acme/one", ["npm-1"], fresh)
    assert names_in(fresh) == set()


async def test_links_out_and_special_files_are_not_packed(
    cache: Cache, checkout: Path, fresh: Path
) -> None:
    (checkout / "node_modules" / "out").symlink_to("/etc/passwd")
    os.mkfifo(checkout / "node_modules" / "pipe")
    await cache.save("acme/one", "npm-1", checkout, ["node_modules", "missing"])
    await cache.restore("acme/one", ["npm-1"], fresh)
    assert names_in(fresh / "node_modules") == {"a", "link"}


@pytest.mark.parametrize("path", ["../outside", "/etc", "", "a/../../b"])
async def test_a_path_out_of_the_checkout_is_refused(
    cache: Cache, checkout: Path, path: str
) -> None:
    with pytest.raises(InvalidRequest):
        await cache.save("acme/one", "k", checkout, [path])


@pytest.mark.parametrize("path", ["linked/secret", "linked/inner/secret", "node_modules/a/link/x"])
async def test_a_path_behind_a_link_is_refused(
    cache: Cache, checkout: Path, tmp_path: Path, path: str
) -> None:
    for name in ("linked", "node_modules/a/link"):
        (checkout / name).symlink_to(tmp_path)
    (tmp_path / "secret").write_text("treasure", encoding="utf-8")
    with pytest.raises(Refused, match="link"):
        await cache.save("acme/one", "k", checkout, [path])


async def test_a_linked_path_is_not_followed(cache: Cache, checkout: Path, tmp_path: Path) -> None:
    (checkout / "linked").symlink_to(tmp_path)
    (tmp_path / "secret").write_text("treasure", encoding="utf-8")
    saved = await cache.save("acme/one", "k", checkout, ["linked", "node_modules"])
    assert b"treasure" not in (tmp_path / "cache" / "objects" / saved.digest).read_bytes()


async def test_nothing_to_keep_is_no_entry(cache: Cache, checkout: Path, fresh: Path) -> None:
    with pytest.raises(NotFound, match="missing"):
        await cache.save("acme/one", "k", checkout, ["missing", "also/missing"])
    assert await cache.restore("acme/one", ["k"], fresh) is None


async def test_several_names_of_a_file_are_kept_once_and_stay_together(
    cache: Cache, checkout: Path, fresh: Path
) -> None:
    blob = checkout / "node_modules" / "blob"
    blob.write_bytes(os.urandom(200_000))
    (checkout / "node_modules" / "same").hardlink_to(blob)
    saved = await cache.save("acme/one", "k", checkout, ["node_modules"])
    await cache.restore("acme/one", ["k"], fresh)
    assert saved.size < 300_000
    assert (fresh / "node_modules" / "same").samefile(fresh / "node_modules" / "blob")


async def test_modes_come_back_without_special_bits(
    cache: Cache, checkout: Path, fresh: Path
) -> None:
    tool = checkout / "node_modules" / "a" / "index.js"
    tool.chmod(0o4755)
    await cache.save("acme/one", "k", checkout, ["node_modules"])
    await cache.restore("acme/one", ["k"], fresh)
    assert (fresh / "node_modules" / "a" / "index.js").stat().st_mode & 0o7777 == 0o755


async def test_folders_nested_too_deeply_are_refused(cache: Cache, checkout: Path) -> None:
    (checkout / "deep" / "/".join(["d"] * 150)).mkdir(parents=True)
    with pytest.raises(Refused, match="within one another"):
        await cache.save("acme/one", "k", checkout, ["deep"])


async def test_what_is_restored_replaces_what_is_there(
    cache: Cache, checkout: Path, fresh: Path
) -> None:
    await cache.save("acme/one", "k", checkout, ["node_modules/a", "package-lock.json"])
    (fresh / "node_modules" / "a").mkdir(parents=True)
    (fresh / "node_modules" / "a" / "old").touch()
    (fresh / "node_modules" / "other").touch()
    (fresh / "package-lock.json").symlink_to("/etc/passwd")
    await cache.restore("acme/one", ["k"], fresh)
    assert names_in(fresh / "node_modules" / "a") == {"index.js"}
    assert names_in(fresh / "node_modules") == {"a", "other"}
    assert (fresh / "package-lock.json").read_text(encoding="utf-8") == "{}"
    assert not (fresh / "package-lock.json").is_symlink()


@pytest.mark.parametrize(
    "members",
    [
        [(tarfile.TarInfo("../out"), b"x")],
        [link("a", "../../etc"), (tarfile.TarInfo("a/b"), b"x")],
        [link("a", "/etc/passwd")],
    ],
)
def test_an_archive_that_leads_out_is_refused_as_a_whole(
    fresh: Path, members: list[tuple[tarfile.TarInfo, bytes]]
) -> None:
    with pytest.raises(Refused, match="not safe"):
        unpack(archive(*members), fresh, None)
    assert list(fresh.iterdir()) == []
    assert not (fresh.parent / "out").exists()


def test_a_link_in_the_checkout_leads_no_restored_file_out(fresh: Path) -> None:
    outside = fresh.parent / "outside"
    outside.mkdir()
    (fresh / "a").symlink_to(outside)
    with pytest.raises(Refused, match="link"):
        unpack(archive((tarfile.TarInfo("a/b/c"), b"x")), fresh, None)
    assert list(outside.iterdir()) == []
