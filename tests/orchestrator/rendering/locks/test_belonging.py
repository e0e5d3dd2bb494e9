"""Which lock files belong to an edited manifest."""

from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.orchestrator.rendering.locks.belonging import belonging, folder_of
from gitops_auditor.orchestrator.rendering.locks.table import ECOSYSTEMS

Names = list[tuple[str, str]]


def found(paths: list[str], *changed: str) -> Names:
    return [(one.path, one.marker) for one in belonging(ECOSYSTEMS, {*paths, *changed}, changed)]


def test_a_lock_file_beside_the_manifest_belongs_to_it() -> None:
    assert found(["a/uv.lock", "b/uv.lock", "uv.lock"], "a/pyproject.toml") == [("a/uv.lock", "")]


def test_one_above_belongs_to_it_when_a_file_says_that_it_is_shared() -> None:
    paths = ["package-lock.json", "pnpm-lock.yaml", "a/b/package-lock.json"]
    assert found(paths, "a/c/package.json") == [
        ("package-lock.json", "package.json"),
        ("pnpm-lock.yaml", "pnpm-workspace.yaml"),
    ]


def test_one_above_does_not_where_the_ecosystem_has_nothing_shared() -> None:
    assert found(["poetry.lock", "go.sum"], "a/pyproject.toml", "a/go.mod") == []


def test_one_that_is_surely_of_a_manifest_needs_no_file_that_says_so() -> None:
    changed = ("package.json", "a/package.json")
    assert found(["package-lock.json"], *changed) == [("package-lock.json", "")]


def test_other_files_have_no_lock_file() -> None:
    assert found(["package-lock.json", "uv.lock"], "README.md", "requirements.txt") == []


FOLDERS = st.lists(st.sampled_from("ab"), max_size=3).map(
    lambda parts: "".join(f"{p}/" for p in parts)
)


@given(locks=st.sets(FOLDERS), manifest=FOLDERS)
def test_it_is_the_nearest_one_at_or_above_the_manifest(locks: set[str], manifest: str) -> None:
    paths = [f"{folder}package-lock.json" for folder in locks]
    above = [folder for folder in locks if manifest.startswith(folder)]
    nearest = f"{max(above, key=len)}package-lock.json" if above else None
    names = [path for path, _ in found(paths, f"{manifest}package.json")]
    assert names == ([nearest] if nearest else [])
    assert all(manifest.startswith(folder_of(name)) for name in names)
