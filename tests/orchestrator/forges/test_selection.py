from pathlib import Path

import pytest

from gitops_auditor.orchestrator.forges.forge import CommitStatuses, PullRequests, Workflows
from gitops_auditor.orchestrator.forges.github.addresses import github_name
from gitops_auditor.orchestrator.forges.selection import ForgeSelection
from tests.connections.wiring import connected
from tests.fakes import plain_server
from tests.orchestrator.forges.github.hub import Elsewhere, hub_settings, make_forge, registered

API = "https://api.github.com"


async def chosen(
    folder: Path, origin: str, *, token: str = "", server: bool = False, **changes: object
) -> str:
    git = Elsewhere()
    async with connected(**({"github": plain_server()} if server else {})) as connections:
        github = make_forge(hub_settings(API, token, **changes), connections, folder, git)
        return (await ForgeSelection(git, github).of(registered(folder, origin))).name


class TestChoosing:
    async def test_a_repository_of_github_goes_there_while_it_can_be_asked(
        self, tmp_path: Path
    ) -> None:
        origin = "https://github.com/octo/app"
        assert await chosen(tmp_path, origin) == "git"
        assert await chosen(tmp_path, origin, token="t") == "github"
        assert await chosen(tmp_path, origin, server=True) == "github"

    async def test_any_other_is_git_s(self, tmp_path: Path) -> None:
        assert await chosen(tmp_path, "https://gitlab.com/octo/app", token="t") == "git"
        assert await chosen(tmp_path, "", token="t") == "git"

    async def test_another_github_is_known_by_its_address(self, tmp_path: Path) -> None:
        own, origin = "https://git.example.org", "git@git.example.org:octo/app.git"
        assert await chosen(tmp_path, origin, token="t", github_url=own) == "github"
        public = "https://github.com/octo/app"
        assert await chosen(tmp_path, public, token="t", github_url=own) == "git"

    async def test_github_says_by_its_protocols_what_it_can_do(self, tmp_path: Path) -> None:
        async with connected() as connections:
            forge = make_forge(hub_settings(API, "t"), connections, tmp_path, Elsewhere())
        assert isinstance(forge, PullRequests)
        assert isinstance(forge, CommitStatuses)
        assert isinstance(forge, Workflows)


@pytest.mark.parametrize(
    ("origin", "github", "name"),
    [
        ("https://github.com/Octo/App.git", "https://github.com", "Octo/App"),
        ("git@github.com:octo/app.git", "https://github.com", "octo/app"),
        ("ssh://git@ssh.github.com:443/octo/app", "https://github.com", "octo/app"),
        ("https://GitHub.com/octo/app/", "https://github.com", "octo/app"),
        ("https://github.com:8443/octo/app", "https://github.com", None),
        ("https://github.com:8443/octo/app", "https://github.com:8443", "octo/app"),
        ("https://github.com.example.org/octo/app", "https://github.com", None),
        ("https://github.com/octo", "https://github.com", None),
        ("https://github.com/octo/app/tree", "https://github.com", None),
        ("/folders/github.com/octo/app", "https://github.com", None),
        ("", "https://github.com", None),
    ],
)
def test_a_repository_s_name_is_in_its_url(origin: str, github: str, name: str | None) -> None:
    found = github_name(registered(None, origin), github)
    assert (str(found) if found else None) == name
