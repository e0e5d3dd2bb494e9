from gitops_auditor.dependencies.manifests.catalog_entries import CatalogEntry, encoded
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    ManifestFacts,
    Provision,
    Reference,
)
from gitops_auditor.dependencies.resolution import Place, statements
from gitops_auditor.dependencies.snapshots import FileFacts, Gitlink, RepositoryFacts
from tests.dependencies.factories import declaration

HERE = Place("acme/mono", "github.com/acme/mono", "/srv/work/mono")


def facts(**files: ManifestFacts) -> RepositoryFacts:
    """Facts of files whose paths are given with `__` for a slash and `_` for a dot."""
    named = {name.replace("__", "/").replace("_", "."): value for name, value in files.items()}
    return RepositoryFacts(
        "c0ffee", tuple(FileFacts(path, "b" * 40, value) for path, value in sorted(named.items()))
    )


def declared(found: RepositoryFacts, place: Place = HERE) -> list[Declaration]:
    return [item.declaration for item in statements(place, found).requirements]


def catalog_use(key: str) -> Declaration:
    return declaration("npm:ufo", key, kind=ConstraintKind.CATALOG)


def catalog(version: str) -> ManifestFacts:
    entry = CatalogEntry("ufo", Reference("npm", "ufo"), version, ConstraintKind.RANGE)
    return ManifestFacts(definitions=(("catalog:#ufo", encoded([entry])),))


def test_a_file_belongs_to_the_package_of_the_nearest_folder() -> None:
    found = statements(
        HERE,
        facts(
            package_json=ManifestFacts(package="root"),
            web__package_json=ManifestFacts(package="web"),
            web__docker__Dockerfile=ManifestFacts((declaration("image:node"),)),
            ci__Dockerfile=ManifestFacts((declaration("image:node"),)),
        ),
    )
    assert {item.file: item.package for item in found.requirements} == {
        "web/docker/Dockerfile": "web",
        "ci/Dockerfile": "root",
    }


def test_a_repository_without_packages_has_nameless_requirements() -> None:
    found = statements(HERE, facts(Dockerfile=ManifestFacts((declaration("image:node"),))))
    assert [item.package for item in found.requirements] == [""]


def test_a_catalog_gives_the_version_that_a_member_leaves_to_it() -> None:
    found = facts(
        pnpm_yaml=catalog("^1.5.0"),
        web__package_json=ManifestFacts((catalog_use("catalog:#ufo"),)),
    )
    resolved = declared(found)
    assert [(item.constraint, item.constraint_kind) for item in resolved] == [
        ("^1.5.0", ConstraintKind.RANGE)
    ]


def test_the_catalog_of_the_nearest_folder_counts() -> None:
    found = facts(
        pnpm_yaml=catalog("^1.0.0"),
        web__pnpm_yaml=catalog("^2.0.0"),
        web__app__package_json=ManifestFacts((catalog_use("catalog:#ufo"),)),
        api__package_json=ManifestFacts((catalog_use("catalog:#ufo"),)),
    )
    assert [item.constraint for item in declared(found)] == ["^1.0.0", "^2.0.0"]


def test_a_catalog_below_does_not_speak_for_a_file_above() -> None:
    found = facts(
        web__pnpm_yaml=catalog("^2.0.0"),
        package_json=ManifestFacts((catalog_use("catalog:#ufo"),)),
    )
    assert [item.constraint_kind for item in declared(found)] == [ConstraintKind.CATALOG]


def test_a_version_catalog_in_the_gradle_folder_speaks_for_the_folder_above() -> None:
    found = facts(
        gradle__libs_toml=catalog("^3.0.0"),
        app__build=ManifestFacts((catalog_use("catalog:#ufo"),)),
    )
    assert [item.constraint for item in declared(found)] == ["^3.0.0"]


def test_a_use_that_no_catalog_defines_stays_as_it_is() -> None:
    found = facts(package_json=ManifestFacts((catalog_use("catalog:#ufo"),)))
    assert declared(found) == [catalog_use("catalog:#ufo")]


def submodules(*urls_and_paths: tuple[str, str]) -> ManifestFacts:
    return ManifestFacts(
        tuple(declaration(f"repository:{url}", "") for url, _ in urls_and_paths),
        definitions=tuple((f"submodule:{path}", url) for url, path in urls_and_paths),
    )


def test_a_submodule_is_required_at_the_commit_that_the_tree_pins() -> None:
    found = facts(_gitmodules=submodules(("github.com/a/x", "libs/x"), ("github.com/a/y", "y")))
    found = found._replace(gitlinks=(Gitlink("libs/x", "f" * 40),))
    assert [(item.constraint, item.constraint_kind) for item in declared(found)] == [
        ("f" * 40, ConstraintKind.COMMIT),
        ("", ConstraintKind.RANGE),
    ]


def test_a_relative_submodule_is_a_neighbour_of_the_origin() -> None:
    found = facts(_gitmodules=submodules(("../proto.git", "proto")))
    assert [item.reference.name for item in declared(found)] == ["github.com/acme/proto"]


def test_without_an_origin_a_relative_submodule_is_a_neighbour_of_the_folder() -> None:
    found = facts(_gitmodules=submodules(("../proto.git", "proto")))
    place = HERE._replace(identity="")
    assert [item.reference.name for item in declared(found, place)] == ["/srv/work/proto"]


def test_a_path_out_of_the_repository_is_a_neighbour_of_the_folder() -> None:
    build = declaration("image:api")._replace(reference=Reference("repository", "../api"))
    found = facts(compose_yaml=ManifestFacts((build,)))
    assert [item.reference.name for item in declared(found)] == ["/srv/work/api"]


def test_the_owner_of_the_origin_stands_in_for_the_placeholder() -> None:
    image = Provision(Reference("image", "ghcr.io/{owner}/app"), "", 4)
    found = facts(ci_yml=ManifestFacts(provisions=(image,)))
    names = [item.reference.name for item in statements(HERE, found).offers]
    assert names == ["ghcr.io/acme/app"]
    nameless = statements(HERE._replace(identity=""), found).offers
    assert [item.reference.name for item in nameless] == ["ghcr.io/{owner}/app"]
