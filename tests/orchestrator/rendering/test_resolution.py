"""Whether a tree goes together with the rendered trees of earlier phases."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gitops_auditor.orchestrator.changes import RunScript
from gitops_auditor.orchestrator.records import Rendering as EarlierRendering
from gitops_auditor.orchestrator.rendering.renderer import RenderRequest
from gitops_auditor.orchestrator.rendering.resolution import Resolution
from gitops_auditor.repositories.models import Repository
from tests.factories.git import commit, make_repository
from tests.repositories.rendered import MOMENT, open_rendering
from tests.repositories.revisions import known

LIB = {
    "package.json": '{"name": "libcore", "version": "2.0.0-rc.1"}\n',
    "py/pyproject.toml": '[project]\nname = "lib-core"\nversion = "2.1.0"\n',
    "go.mod": "module github.com/acme/lib\n",
}


class Place:
    """A repository `lib` of an earlier phase, and `app`, which is looked at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts = open_rendering(folder / "data")
        self.resolution = Resolution(self.parts.revisions, self.get)

    async def get(self, name: str) -> Repository:
        url = f"https://github.com/acme/{name}"
        return known(self.folder / name, id=name, name=name, origin_url=url)

    async def unverified(self, files: Mapping[str, str], lib: str) -> tuple[str, ...]:
        app = await make_repository(self.folder / "app", files)
        earlier = EarlierRendering(
            repository_id="lib",
            phase=1,
            branch="main",
            base_commit="0" * 40,
            base_tree="",
            commit=lib,
            status="rendered",
        )
        change, repository = RunScript(script="true"), await self.get("app")
        request = RenderRequest(change, repository, app, "", MOMENT, {"lib": earlier})
        return await self.resolution.unverified(request, app)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def test_what_admits_the_version_of_the_earlier_tree_is_resolved(place: Place) -> None:
    lib = await make_repository(place.folder / "lib", LIB)
    files = {
        "package.json": '{"name": "app", "dependencies": {"libcore": "catalog:", "b": "^1"}}\n',
        "pnpm-workspace.yaml": "catalog:\n  libcore: ^2.0.0\n",
        "requirements.txt": "Lib_Core[fast]>=2.1,<3\nother==9\n",
    }
    assert await place.unverified(files, lib) == ()


async def test_what_does_not_admit_it_or_cannot_be_compared_is_told_by_file_and_line(
    place: Place,
) -> None:
    lib = await make_repository(place.folder / "lib", LIB)
    files = {
        "package.json": '{"name": "app",\n"dependencies": {"libcore": "^1.0.0"}}\n',
        "setup.cfg": "[options]\ninstall_requires =\n    lib-core\n    lib-core ==2.0\n",
        "go.mod": "module github.com/acme/app\n\nrequire github.com/acme/lib v1.2.0\n",
        "w/package.json": '{"name": "web", "dependencies": {"libcore": "next"}}\n',
    }
    assert await place.unverified(files, lib) == (
        "go.mod:3: github.com/acme/lib asks for v1.2.0, and the tree of lib states no version.",
        "package.json:2: libcore asks for ^1.0.0, which does not admit 2.0.0-rc.1 of lib.",
        "setup.cfg:4: lib-core asks for ==2.0, which does not admit 2.1.0 of lib.",
        "w/package.json:1: libcore asks for next, which cannot be compared with 2.0.0-rc.1 of lib.",
    )


async def test_the_tree_that_was_rendered_counts_and_not_what_the_repository_has_now(
    place: Place,
) -> None:
    old = await make_repository(place.folder / "lib", LIB)
    package = LIB["package.json"].replace("2.0.0-rc.1", "3.0.0")
    new = await commit(place.folder / "lib", {"package.json": package})
    files = {"package.json": '{"name": "app", "dependencies": {"libcore": "^3.0.0"}}\n'}
    assert await place.unverified(files, new) == ()
    assert len(await place.unverified(files, old)) == 1


async def test_without_earlier_phases_there_is_nothing_to_compare(place: Place) -> None:
    app = await make_repository(place.folder / "app", {"package.json": "{}"})
    change, repository = RunScript(script="true"), await place.get("app")
    request = RenderRequest(change, repository, app, "", MOMENT, {})
    assert await place.resolution.unverified(request, app) == ()
