from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.catalog_entries import resolved
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from gitops_auditor.dependencies.manifests.rust import read_cargo
from tests.dependencies.manifests.tables import facts, offers, references, rows

CARGO = """\
[package]
name = "acme-core"
version = "1.2.0"

[dependencies]
serde = "1.0"
exact = "=1.2.3"
anything = "*"
log = { version = "0.4", optional = true }
renamed = { package = "real-name", version = "2" }
shared.workspace = true
sibling = { path = "../sibling", version = "0.1" }
tip = { git = "https://github.com/Acme/tip.git" }
tagged = { git = "https://github.com/acme/tagged", tag = "v1.0" }
pinned = { git = "ssh://git@github.com/acme/pinned", rev = "0123456789abcdef" }

[dependencies.tokio]
version = "1.44"
features = ["full"]

[dev-dependencies]
trybuild = "1"

[build-dependencies]
cc = ">=1, <2"

[target.'cfg(windows)'.dependencies]
windows-sys = "0.59"
"""


def test_every_dependency_of_a_crate_has_its_line_scope_and_kind() -> None:
    assert sorted(rows(read_cargo, "Cargo.toml", CARGO), key=lambda row: row[4]) == [
        ("serde", "1.0", "range", "runtime", 6),
        ("exact", "=1.2.3", "exact", "runtime", 7),
        ("anything", "*", "none", "runtime", 8),
        ("log", "0.4", "range", "runtime", 9),
        ("real-name", "2", "range", "runtime", 10),
        ("shared", "workspace.dependencies.shared", "catalog", "runtime", 11),
        ("sibling", "../sibling", "path", "runtime", 12),
        ("tip", "", "none", "runtime", 13),
        ("tagged", "v1.0", "tag", "runtime", 14),
        ("pinned", "0123456789abcdef", "commit", "runtime", 15),
        ("tokio", "1.44", "range", "runtime", 17),
        ("trybuild", "1", "range", "test", 22),
        ("cc", ">=1, <2", "range", "build", 25),
        ("windows-sys", "0.59", "range", "runtime", 28),
    ]


def test_git_sources_refer_to_their_repository_and_others_to_the_crate() -> None:
    found = references(read_cargo, "Cargo.toml", CARGO)
    assert "repository github.com/acme/tip" in found
    assert "repository github.com/acme/pinned" in found
    assert "crate real-name" in found


def test_a_crate_is_provided_with_its_version() -> None:
    assert offers(read_cargo, "Cargo.toml", CARGO) == [("crate", "acme-core", "1.2.0", 2)]
    assert facts(read_cargo, "Cargo.toml", CARGO).package == "acme-core"


WORKSPACE = """\
[workspace]
members = ["core", "./crates/*/"]

[workspace.dependencies]
shared = "1.5"
other = { package = "other-crate", version = "=2.0.0" }

[patch.crates-io]
serde = { git = "https://github.com/acme/serde", branch = "fix" }
local = { path = "vendor/local" }
"""


def test_a_workspace_names_members_shared_dependencies_and_patched_sources() -> None:
    found = facts(read_cargo, "Cargo.toml", WORKSPACE)
    assert found.members == ("core", "crates/*")
    assert rows(read_cargo, "Cargo.toml", WORKSPACE) == [
        ("shared", "1.5", "range", "build", 5),
        ("other-crate", "=2.0.0", "exact", "build", 6),
        ("serde", "fix", "tag", "build", 9),
    ]


def test_a_use_of_the_workspace_resolves_to_what_the_workspace_defines() -> None:
    definitions = dict(facts(read_cargo, "Cargo.toml", WORKSPACE).definitions)
    member = '[dev-dependencies]\nother = { workspace = true, features = ["x"] }\n'
    use = facts(read_cargo, "core/Cargo.toml", member).declarations[0]
    (found,) = resolved(use, definitions[use.constraint])
    assert (found.name, found.constraint, found.constraint_kind) == (
        "other-crate",
        "=2.0.0",
        "exact",
    )
    assert (found.scope, found.line) == ("test", 2)


def test_a_version_taken_from_the_workspace_is_not_known() -> None:
    text = '[package]\nname = "a"\nversion.workspace = true\n'
    assert offers(read_cargo, "a/Cargo.toml", text) == [("crate", "a", "", 2)]


def test_broken_toml_is_reported_with_line_and_column() -> None:
    found = facts(read_cargo, "Cargo.toml", '[dependencies]\nserde = "1.0\n')
    assert found.declarations == ()
    assert found.problems[0].line == 2
    assert found.problems[0].column > 0


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_raise(content: bytes) -> None:
    read_cargo(ManifestFile("Cargo.toml", content))


@given(
    st.sampled_from(["package", "dependencies", "workspace", "target", "patch", "dependencies.a"]),
    st.sampled_from(
        ["name", "version", "members", "git", "path", "workspace", "a", "dependencies"]
    ),
    st.sampled_from(["1", '"x"', "true", "[1, {}]", "{ git = 1 }", "{ a = { path = [] } }"]),
)
def test_values_of_the_wrong_type_never_raise(table: str, key: str, value: str) -> None:
    read_cargo(ManifestFile("Cargo.toml", f"[{table}]\n{key} = {value}\n".encode()))
