"""Which folders and files a server may be asked about."""

from pathlib import Path

import pytest

from gitops_auditor.errors import InvalidRequest, NotFound, Refused
from gitops_auditor.linters.servers.roots import Roots, relative_file


@pytest.fixture
def allowed(tmp_path: Path) -> Path:
    (tmp_path / "allowed" / "inner").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    return tmp_path / "allowed"


class TestFolders:
    def test_a_folder_and_those_below_are_allowed(self, allowed: Path) -> None:
        roots = Roots([allowed])
        assert roots.folder(str(allowed)) == allowed
        assert roots.folder(f"{allowed}/inner/../inner") == allowed / "inner"

    @pytest.mark.parametrize("path", ["{0}/..", "{0}/../other", "{0}x", "/", "/etc"])
    def test_what_is_not_below_is_refused(self, allowed: Path, path: str) -> None:
        with pytest.raises(Refused, match="may look at") as refused:
            Roots([allowed]).folder(path.format(allowed))
        assert "--root" in refused.value.hint

    def test_a_link_that_leads_out_is_refused(self, allowed: Path) -> None:
        (allowed / "out").symlink_to(allowed.parent / "other")
        with pytest.raises(Refused):
            Roots([allowed]).folder(str(allowed / "out"))

    def test_an_allowed_folder_may_be_named_by_a_link(self, allowed: Path) -> None:
        (allowed.parent / "link").symlink_to(allowed)
        roots = Roots([allowed.parent / "link"])
        assert roots.folder(str(allowed.parent / "link" / "inner")) == allowed / "inner"

    def test_the_only_one_is_meant_when_none_is_named(self, allowed: Path) -> None:
        assert Roots([allowed]).folder(None) == allowed
        with pytest.raises(InvalidRequest, match="`root` is missing"):
            Roots([allowed, allowed.parent]).folder(None)

    def test_nothing_is_allowed_without_any(self, allowed: Path) -> None:
        with pytest.raises(Refused, match="may look at"):
            Roots([]).folder(str(allowed))
        with pytest.raises(InvalidRequest, match="missing"):
            Roots([]).folder(None)

    @pytest.mark.parametrize("path", ["inner", "./inner", "", "{0}/\0"])
    def test_only_whole_paths_are_understood(self, allowed: Path, path: str) -> None:
        with pytest.raises(InvalidRequest, match="absolute"):
            Roots([allowed]).folder(path.format(allowed))

    def test_a_folder_has_to_be_there(self, allowed: Path) -> None:
        with pytest.raises(NotFound):
            Roots([allowed]).folder(str(allowed / "gone"))


class TestFiles:
    @pytest.mark.parametrize(
        ("name", "meant"),
        [
            ("a.py", "a.py"),
            ("./b/../a.py", "a.py"),
            ("{root}/b/c.py", "b/c.py"),
            ("{link}/b/c.py", "b/c.py"),
            ("..a/b", "..a/b"),
        ],
    )
    def test_a_file_is_named_relative_or_whole(self, tmp_path: Path, name: str, meant: str) -> None:
        link = tmp_path / "link"
        given = name.format(root=tmp_path / "root", link=link)
        assert relative_file(tmp_path / "root", given, str(link)) == meant

    @pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/passwd", "", ".", "a\0b"])
    def test_a_file_elsewhere_is_refused(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(InvalidRequest, match="not a file below"):
            relative_file(tmp_path / "root", name, None)
