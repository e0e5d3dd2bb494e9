"""Bumps of real repositories, rendered as commits that nobody publishes."""

from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.orchestrator.changes import BumpDependency, RunScript
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.records import Rendering as EarlierRendering
from gitops_auditor.orchestrator.rendering.bump.commit_names import CommitNames
from gitops_auditor.orchestrator.rendering.bump.renderer import BumpRenderer
from gitops_auditor.orchestrator.rendering.locks.models import Renewed
from gitops_auditor.orchestrator.rendering.renderer import Rendered, RenderRequest
from gitops_auditor.orchestrator.rendering.resolution import Resolution
from gitops_auditor.orchestrator.rendering.tree_manifests import ManifestTrees
from gitops_auditor.repositories.models import Repository
from tests.factories.git import git, make_repository
from tests.orchestrator.rendering.bump.samples import SAMPLES
from tests.repositories.rendered import MOMENT, open_rendering
from tests.repositories.revisions import known

PACKAGE = '{"name": "app", "dependencies": {"libcore": "^1.2.0"}}\n'


class LockedVersions:
    """Writes the versions of `package.json` into a lock file: no package manager is needed here."""

    def __init__(self) -> None:
        self.changed: list[str] = []

    async def renew(
        self, request: RenderRequest, files: Mapping[str, bytes], changed: Collection[str]
    ) -> Renewed:
        assert request.base_commit
        self.changed = sorted(changed)
        locks = {f"{path}.lock": content for path, content in files.items() if "package" in path}
        return Renewed(locks, ("A lock file was made anew.",) if locks else ())


class Place:
    """A renderer over repositories in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts = open_rendering(folder / "data")
        self.locks = LockedVersions()
        self.registered: dict[str, Repository] = {}

    async def add(self, name: str, files: Mapping[str, str | bytes]) -> str:
        path = self.folder / name
        url = f"https://github.com/acme/{name}"
        self.registered[name] = known(path, id=name, name=name, origin_url=url)
        return await make_repository(path, files, origin=url)

    async def all(self) -> list[Repository]:
        return [*self.registered.values()]

    async def get(self, name: str) -> Repository:
        return self.registered[name]

    def renderer(self) -> BumpRenderer:
        revisions = self.parts.revisions
        return BumpRenderer(
            ManifestTrees(revisions),
            CommitNames(revisions, self.all),
            self.locks,
            self.parts.commits,
            Resolution(revisions, self.get),
        )

    async def render(
        self, name: str, change: BumpDependency, *earlier: EarlierRendering
    ) -> Rendered:
        base = await git(self.folder / name, "rev-parse", "HEAD")
        repository = self.registered[name]
        by_id = {one.repository_id: one for one in earlier}
        request = RenderRequest(change, repository, base, "Raise it", MOMENT, by_id)
        return await self.renderer().render(request)

    async def show(self, name: str, *arguments: str) -> str:
        store = await self.parts.commits.store(self.registered[name])
        return await git(store, *arguments)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def test_every_manifest_of_a_repository_is_raised_and_its_lock_files_renewed(
    place: Place,
) -> None:
    files = {
        "package.json": PACKAGE,
        "tools/package.json": PACKAGE.replace("^1.2.0", "~1.2"),
        "README.md": "libcore ^1.2.0\n",
        "test/fixtures/package.json": PACKAGE,
    }
    base = await place.add("app", files)
    made = await place.render("app", BumpDependency(name="libcore", version="2.0.0"))
    changed = await place.show("app", "diff-tree", "-r", "--name-status", base, made.commit)
    assert changed.splitlines() == [
        "M\tpackage.json",
        "A\tpackage.json.lock",
        "M\ttools/package.json",
        "A\ttools/package.json.lock",
    ]
    assert await place.show("app", "show", f"{made.commit}:package.json") + "\n" == (
        PACKAGE.replace("1.2.0", "2.0.0")
    )
    assert '"~2.0"' in await place.show("app", "show", f"{made.commit}:tools/package.json")
    assert place.locks.changed == ["package.json", "tools/package.json"]
    assert made.notes[-1] == "A lock file was made anew."
    assert made.notes[0].startswith("test/fixtures/package.json:1: libcore stays")
    again = await place.render("app", BumpDependency(name="libcore", version="2.0.0"))
    assert again == made


async def test_manifests_of_all_kinds_side_by_side_change_where_the_name_is_theirs(
    place: Place,
) -> None:
    await place.add("app", {sample.path: sample.before for sample in SAMPLES})
    for sample in SAMPLES:
        change = BumpDependency(name=sample.name, version=sample.version, type=sample.type)
        made = await place.render("app", change)
        written = await place.show("app", "show", f"{made.commit}:{sample.path}")
        assert written + "\n" == sample.after


async def test_a_name_that_nothing_asks_for_and_one_that_is_there_already_change_nothing(
    place: Place,
) -> None:
    await place.add("app", {"package.json": PACKAGE})
    none = await place.render("app", BumpDependency(name="libother", version="2.0.0"))
    assert none == Rendered("", "", notes=("Nothing here asks for libother.",))
    same = await place.render("app", BumpDependency(name="libcore", version="1.2.0"))
    assert same.commit == ""
    assert same.notes == ("package.json:1: libcore asks for ^1.2.0 already.",)
    assert place.locks.changed == []


async def test_an_older_version_is_refused_by_file_and_line(place: Place) -> None:
    await place.add("app", {"package.json": PACKAGE.replace(", ", ",\n")})
    with pytest.raises(WorkFailed, match=r"package\.json:2: libcore: It asks for \^1\.2\.0, and"):
        await place.render("app", BumpDependency(name="libcore", version="1.0.0"))


async def test_a_submodule_moves_to_the_commit_that_a_registered_repository_tags(
    place: Place,
) -> None:
    old = await place.add("lib", {"a.txt": "1\n"})
    await git(place.folder / "lib", "commit", "--quiet", "--allow-empty", "--message=second")
    await git(place.folder / "lib", "tag", "v2.0.0")
    new = await git(place.folder / "lib", "rev-parse", "HEAD")
    modules = '[submodule "lib"]\n\tpath = sub/lib\n\turl = https://github.com/acme/lib.git\n'
    await place.add("app", {".gitmodules": modules})
    app = place.folder / "app"
    await git(app, "update-index", "--add", "--cacheinfo", f"160000,{old},sub/lib")
    await git(app, "commit", "--quiet", "--message=submodule")
    made = await place.render("app", BumpDependency(name="acme/lib", version="2.0.0"))
    assert await place.show("app", "rev-parse", f"{made.commit}:sub/lib") == new
    with pytest.raises(WorkFailed, match="the submodule sub/lib is pinned to a commit"):
        await place.render("app", BumpDependency(name="acme/lib", version="3.0.0"))


async def test_an_action_pinned_to_a_commit_moves_with_the_comment_that_names_its_version(
    place: Place,
) -> None:
    old = await place.add("setup", {"action.yml": "name: setup\n"})
    await git(place.folder / "setup", "commit", "--quiet", "--allow-empty", "--message=second")
    await git(place.folder / "setup", "tag", "v2.1.0")
    new = await git(place.folder / "setup", "rev-parse", "HEAD")
    workflow = f"jobs:\n  a:\n    steps:\n      - uses: acme/setup@{old} # v1.0.3\n"
    await place.add("app", {".github/workflows/ci.yml": workflow})
    made = await place.render("app", BumpDependency(name="acme/setup", version="2.1.0"))
    written = await place.show("app", "show", f"{made.commit}:.github/workflows/ci.yml")
    assert written + "\n" == workflow.replace(old, new).replace("v1.0.3", "v2.1.0")


async def test_requirements_with_hashes_are_left_to_the_tool_that_wrote_them(place: Place) -> None:
    hashed = "libcore==1.2.0 \\\n    --hash=sha256:00\nother==1.0\n"
    base = await place.add(
        "app", {"requirements.in": "libcore==1.2.0\n", "requirements.txt": hashed}
    )
    made = await place.render("app", BumpDependency(name="libcore", version="2.0.0"))
    changed = await place.show("app", "diff-tree", "-r", "--name-only", base, made.commit)
    assert changed == "requirements.in"
    assert "requirements.txt:1: libcore is pinned by hashes" in made.notes[0]


async def test_a_rendering_tells_whether_earlier_trees_state_the_version_that_is_asked_for(
    place: Place,
) -> None:
    lib = await place.add("lib", {"package.json": '{"name": "libcore", "version": "2.0.1"}\n'})
    await place.add("app", {"package.json": PACKAGE})
    earlier = EarlierRendering(
        repository_id="lib",
        phase=1,
        branch="main",
        base_commit=lib,
        base_tree="",
        status="unchanged",
    )
    change = BumpDependency(name="libcore", version="2.0.0")
    assert (await place.render("app", change, earlier)).unverified == ()
    ahead = await place.render("app", change.model_copy(update={"version": "3.0.0"}), earlier)
    assert ahead.unverified == (
        "package.json:1: libcore asks for ^3.0.0, which does not admit 2.0.1 of lib.",
    )


async def test_a_property_of_the_parent_pom_is_raised_where_it_is_defined(place: Place) -> None:
    parent = (
        "<project><properties>\r\n\t<core.version> 1.2.0 </core.version></properties></project>"
    )
    child = (
        "<project><dependencies><dependency><groupId>com.acme</groupId>"
        "<artifactId>libcore</artifactId><version>${core.version}</version>"
        "</dependency></dependencies></project>"
    )
    base = await place.add("app", {"pom.xml": parent, "one/two/pom.xml": child})
    change = BumpDependency(name="com.acme:libcore", version="2.0.0")
    made = await place.render("app", change)
    changed = await place.show("app", "diff-tree", "-r", "--name-only", base, made.commit)
    assert changed == "pom.xml"
    assert await place.show("app", "show", f"{made.commit}:pom.xml") == (
        parent.replace("1.2.0", "2.0.0")
    )
    assert made.notes[-1] == (
        "one/two/pom.xml:1: com.acme:libcore follows core.version of pom.xml."
    )
    with pytest.raises(WorkFailed, match=r"pom\.xml: core\.version of .*0\.9 is older"):
        await place.render("app", change.model_copy(update={"version": "0.9"}))


async def test_another_kind_of_change_is_not_taken(place: Place) -> None:
    base = await place.add("app", {"package.json": PACKAGE})
    change = RunScript(script="true")
    request = RenderRequest(change, place.registered["app"], base, "Run it", MOMENT, {})
    with pytest.raises(InvalidRequest, match="kind script"):
        await place.renderer().render(request)
