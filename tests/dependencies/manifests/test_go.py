from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.go import read_go_mod, read_go_work
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.tables import facts, offers, references, rows

GO_MOD = """\
module github.com/acme/api/v2 // the second major

go 1.24.0

toolchain go1.24.1

require github.com/acme/log v1.4.0

require (
	github.com/acme/auth v0.3.0-rc.1
	"gopkg.in/yaml.v3" v3.0.1 // a note
	golang.org/x/tools v0.1.0 // indirect
	golang.org/x/sys v0.2.0 // indirect
	github.com/acme/old v2.0.0+incompatible
	github.com/acme/tip v0.0.0-20240102030405-0123456789ab
	github.com/acme/local v1.0.0
	github.com/acme/forked v1.0.0
	github.com/acme/pinned v1.0.0
)

exclude github.com/acme/log v1.3.0

retract (
	v2.0.1 // published by mistake
	[v2.1.0, v2.1.5]
)

tool (
	golang.org/x/tools/cmd/stringer
	github.com/acme/api/v2/gen
)

replace github.com/acme/local => ../local

replace (
	github.com/acme/forked v1.0.0 => github.com/us/forked v1.0.1
	github.com/acme/pinned v0.9.0 => github.com/us/pinned v0.9.1
	github.com/acme/unused => github.com/us/unused v1.0.0
)
"""


def test_every_requirement_of_a_go_mod_has_its_line_scope_and_kind() -> None:
    assert rows(read_go_mod, "go.mod", GO_MOD) == [
        ("github.com/acme/log", "v1.4.0", "range", "runtime", 7),
        ("github.com/acme/auth", "v0.3.0-rc.1", "range", "runtime", 10),
        ("gopkg.in/yaml.v3", "v3.0.1", "range", "runtime", 11),
        ("golang.org/x/tools", "v0.1.0", "range", "dev", 12),
        ("golang.org/x/sys", "v0.2.0", "range", "build", 13),
        ("github.com/acme/old", "v2.0.0+incompatible", "range", "runtime", 14),
        ("github.com/acme/tip", "v0.0.0-20240102030405-0123456789ab", "commit", "runtime", 15),
        ("github.com/acme/local", "../local", "path", "runtime", 16),
        ("github.com/us/forked", "v1.0.1", "range", "runtime", 36),
        ("github.com/acme/pinned", "v1.0.0", "range", "runtime", 18),
    ]


def test_a_go_mod_provides_its_module() -> None:
    found = facts(read_go_mod, "go.mod", GO_MOD)
    assert found.package == "github.com/acme/api/v2"
    assert found.problems == ()
    assert offers(read_go_mod, "go.mod", GO_MOD) == [("go", "github.com/acme/api/v2", "", 1)]
    assert references(read_go_mod, "go.mod", GO_MOD)[0] == "go github.com/acme/log"


def test_the_requirements_of_a_test_module_are_needed_for_tests_only() -> None:
    text = "module m/tests\nrequire a.org/b v1.0.0\n"
    assert rows(read_go_mod, "tests/go.mod", text)[0][3] == "test"


def test_pseudo_versions_after_a_tag_are_commits_and_prereleases_are_not() -> None:
    text = (
        "module m\nrequire (\n"
        "a.org/b v1.2.4-0.20240102030405-0123456789ab\n"
        "a.org/c v1.2.4-rc.1.0.20240102030405-0123456789ab\n"
        "a.org/d v2.0.0-20240102030405-0123456789ab+incompatible\n"
        "a.org/e v1.2.4-rc.20240102\n)\n"
    )
    kinds = [row[2] for row in rows(read_go_mod, "go.mod", text)]
    assert kinds == ["commit", "commit", "commit", "range"]


def test_a_go_work_groups_its_modules() -> None:
    text = "go 1.24\n\nuse ./api\n\nuse (\n\t./tools/gen // note\n\t.\n)\n"
    found = facts(read_go_work, "go.work", text)
    assert found.members == ("api", "tools/gen", ".")
    assert found.declarations == ()


def test_an_unknown_directive_is_reported_with_its_line_and_the_rest_is_read() -> None:
    found = facts(read_go_mod, "go.mod", "module m\nrequires a v1\nrequire a.org/b v1.0.0\n")
    assert [(problem.line, problem.column) for problem in found.problems] == [(2, 1)]
    assert [item.name for item in found.declarations] == ["a.org/b"]


def test_a_go_mod_of_fifty_megabytes_is_refused_with_a_problem() -> None:
    found = read_go_mod(ManifestFile("go.mod", b"require a v1\n" * 4_000_000))
    assert found.declarations == ()
    assert "too large" in found.problems[0].message


@given(st.binary(max_size=400))
def test_arbitrary_bytes_never_raise(content: bytes) -> None:
    read_go_mod(ManifestFile("go.mod", content))
    read_go_work(ManifestFile("go.work", content))


@given(
    st.lists(
        st.lists(
            st.sampled_from(
                ["require", "replace", "use", "tool", "(", ")", "=>", "a.org/b", "v1.0.0"]
            ),
            max_size=6,
        ),
        max_size=8,
    )
)
def test_arbitrary_directives_never_raise(lines: list[list[str]]) -> None:
    text = "\n".join(" ".join(words) for words in lines)
    read_go_mod(ManifestFile("go.mod", text.encode()))
    read_go_work(ManifestFile("go.work", text.encode()))
