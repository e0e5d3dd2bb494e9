import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.reader import ManifestFile
from gitops_auditor.dependencies.manifests.renovate import READERS, read_renovate
from tests.dependencies.manifests.tables import facts, references, rows

CONFIGURATION = """\
// presets
{
  $schema: "https://docs.renovatebot.com/renovate-schema.json",
  extends: [
    "config:recommended", ":semanticCommits", "group:allNonMajor",
    "github>acme/presets",
    "github>acme/presets//apps/talos.json5#8.1.0",
    "local>acme/presets:docker(arg0, arg1)",
    "gitlab>group/sub/presets#main",
    "@acme", "@acme/rules:strict", "acme:base",
    "helpers:pinGitHubActionDigests",
  ],
  packageRules: [{ matchManagers: ["npm"], extends: "github>acme/npm-rules" }],
}
"""


def test_presets_of_others_are_declared_and_those_of_renovate_are_not() -> None:
    assert rows(read_renovate, ".renovaterc.json5", CONFIGURATION) == [
        ("github>acme/presets", "", "none", "dev", 6),
        ("github>acme/presets//apps/talos.json5", "8.1.0", "exact", "dev", 7),
        ("local>acme/presets:docker", "", "none", "dev", 8),
        ("gitlab>group/sub/presets", "main", "tag", "dev", 9),
        ("@acme", "", "none", "dev", 10),
        ("@acme/rules:strict", "", "none", "dev", 10),
        ("acme:base", "", "none", "dev", 10),
        ("github>acme/npm-rules", "", "none", "dev", 13),
    ]


def test_a_preset_refers_to_its_repository_or_its_package() -> None:
    assert references(read_renovate, "renovate.json", CONFIGURATION) == [
        "repository github.com/acme/presets",
        "repository github.com/acme/presets",
        "repository acme/presets",
        "repository gitlab.com/group/sub/presets",
        "npm @acme/renovate-config",
        "npm @acme/rules",
        "npm renovate-config-acme",
        "repository github.com/acme/npm-rules",
    ]


def test_a_single_preset_stands_on_the_line_of_its_key() -> None:
    text = '{\n  "extends": "github>unjs/renovate-config"\n}\n'
    assert rows(read_renovate, "renovate.json", text)[0][4] == 2


def test_in_a_file_of_unknown_purpose_only_remote_presets_count() -> None:
    text = '{"extends": ["tsconfig-name", "github>acme/presets"]}'
    assert [row[0] for row in rows(read_renovate, "default.json", text)] == ["github>acme/presets"]
    assert facts(read_renovate, "apps/x.json5", '{"extends": [').problems == ()


@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        ("default.json", True),
        ("apps/talos.json5", True),
        (".github/renovate/groups.json", True),
        ("src/default.json", False),
        ("tsconfig.json", False),
        ("renovate.json", False),
    ],
)
def test_presets_are_found_by_their_place(path: str, claimed: object) -> None:
    claims = READERS[1].claims
    assert claims is not None
    assert claims(path) is claimed


def test_a_malformed_configuration_is_a_problem() -> None:
    assert facts(read_renovate, "renovate.json", '{"extends": [').problems


@given(st.binary())
def test_no_bytes_make_it_raise(content: bytes) -> None:
    read_renovate(ManifestFile("renovate.json", content))
    read_renovate(ManifestFile("default.json", b'{"extends": ' + content))


@pytest.mark.parametrize("piece", ["(", "a/", "github>a/", ":", "#"])
def test_a_hostile_preset_costs_little(piece: str) -> None:
    started = time.process_time()
    facts(read_renovate, "renovate.json", '{"extends": "github>a/b' + piece * 100_000 + '!"}')
    facts(read_renovate, "renovate.json", '{"extends": "' + piece * 100_000 + '!"}')
    assert time.process_time() - started < 2
