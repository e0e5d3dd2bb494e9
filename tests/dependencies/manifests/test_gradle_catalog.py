from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.catalog_entries import resolved
from gitops_auditor.dependencies.manifests.gradle_catalog import read_version_catalog
from gitops_auditor.dependencies.manifests.gradle_settings import read_gradle_script
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.tables import facts, references, rows

PATH = "gradle/libs.versions.toml"
CATALOG = """\
[versions]
kotlin = "2.2.21"
rich = { strictly = "[1.7, 1.8[", prefer = "1.7.25" }

[libraries]
okio = "com.squareup.okio:okio:3.18.0"
kotlin-test = { module = "org.jetbrains.kotlin:kotlin-test", version.ref = "kotlin" }
slf4j_api = { group = "org.slf4j", name = "slf4j-api", version = { ref = "rich" } }
inline = { module = "a.b:inline", version = "1.0" }
managed = { module = "a.b:managed" }
lost = { module = "a.b:lost", version.ref = "nowhere" }

[bundles]
test = ["kotlin-test", "okio", "missing"]

[plugins]
ksp = { id = "com.google.devtools.ksp", version = "2.3.9" }
short = "org.acme.short:1.2"
"""


def test_every_entry_of_a_catalog_has_its_line_and_version() -> None:
    assert rows(read_version_catalog, PATH, CATALOG) == [
        ("com.squareup.okio:okio", "3.18.0", "exact", "build", 6),
        ("org.jetbrains.kotlin:kotlin-test", "2.2.21", "exact", "build", 7),
        ("org.slf4j:slf4j-api", "[1.7, 1.8[", "range", "build", 8),
        ("a.b:inline", "1.0", "exact", "build", 9),
        ("a.b:managed", "", "none", "build", 10),
        ("a.b:lost", "", "none", "build", 11),
        ("com.google.devtools.ksp", "2.3.9", "exact", "build", 17),
        ("org.acme.short", "1.2", "exact", "build", 18),
    ]
    assert "maven org.acme.short:org.acme.short.gradle.plugin" in references(
        read_version_catalog, PATH, CATALOG
    )


def test_what_a_build_script_uses_resolves_to_the_entries_of_the_catalog() -> None:
    definitions = dict(facts(read_version_catalog, PATH, CATALOG).definitions)
    script = (
        "plugins { alias(libs.plugins.ksp) }\n"
        "dependencies {\n  implementation(libs.slf4j.api)\n"
        "  testImplementation(libs.bundles.test)\n}\n"
    )
    uses = facts(read_gradle_script, "build.gradle.kts", script).declarations
    found = [item for use in uses for item in resolved(use, definitions[use.constraint])]
    assert [(item.name, item.constraint, item.scope, item.line) for item in found] == [
        ("com.google.devtools.ksp", "2.3.9", "build", 1),
        ("org.slf4j:slf4j-api", "[1.7, 1.8[", "runtime", 3),
        ("org.jetbrains.kotlin:kotlin-test", "2.2.21", "test", 4),
        ("com.squareup.okio:okio", "3.18.0", "test", 4),
    ]


def test_a_definition_of_another_form_leaves_the_use_as_it_is() -> None:
    script = "dependencies { implementation(libs.okio) }"
    (use,) = facts(read_gradle_script, "build.gradle.kts", script).declarations
    assert resolved(use, "^1.2.3") == (use,)


def test_the_accessors_of_another_catalog_begin_with_its_name() -> None:
    definitions = facts(read_version_catalog, "gradle/testLibs.versions.toml", CATALOG).definitions
    assert definitions[0][0] == "testLibs.okio"


def test_broken_toml_is_reported_with_its_line() -> None:
    found = facts(read_version_catalog, PATH, "[libraries]\nokio = \n")
    assert [problem.line for problem in found.problems] == [2]


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_raise(content: bytes) -> None:
    read_version_catalog(ManifestFile(PATH, content))


@given(
    st.sampled_from(["versions", "libraries", "plugins", "bundles"]),
    st.sampled_from(["1", '"x"', '":"', '"::"', "[1]", "{ module = 1 }", "{ version.ref = 2 }"]),
)
def test_values_of_the_wrong_type_never_raise(table: str, value: str) -> None:
    read_version_catalog(ManifestFile(PATH, f"[{table}]\na = {value}\n".encode()))
