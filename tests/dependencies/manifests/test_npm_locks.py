import json
import time

from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.npm_locks import read_package_lock, read_pnpm_lock
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.tables import facts

PNPM_9 = """\
lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      unbuild:
        specifier: ^3.6.1
        version: 3.6.1(typescript@5.9.3)
      local:
        specifier: link:.
        version: link:.
  packages/a:
    devDependencies:
      '@types/node':
        specifier: ^25.0.8
        version: 25.0.8

packages:

  'not yaml: [
"""

PNPM_5 = """\
lockfileVersion: 5.4
specifiers:
  a: ^1.0.0
dependencies:
  a: 1.0.1_peer@2.0.0
packages:
  /a/1.0.1:
    dev: false
"""


def test_importers_of_a_pnpm_lock_are_read_and_packages_are_not() -> None:
    found = facts(read_pnpm_lock, "pnpm-lock.yaml", PNPM_9)
    assert found.problems == ()
    assert found.definitions == (
        ("locked:.#unbuild", "3.6.1"),
        ("locked:packages/a#@types/node", "25.0.8"),
    )


def test_an_older_pnpm_lock_has_one_importer_at_its_root() -> None:
    found = facts(read_pnpm_lock, "pnpm-lock.yaml", PNPM_5)
    assert found.definitions == (("locked:.#a", "1.0.1"),)


def test_every_document_of_a_pnpm_lock_is_read() -> None:
    first = (
        "importers:\n  .:\n    dependencies:\n      x:\n        version: 1.0.0\npackages:\n  y: z\n"
    )
    found = facts(read_pnpm_lock, "pnpm-lock.yaml", f"{first}---\n{PNPM_9}")
    assert [key for key, _ in found.definitions][:2] == ["locked:.#x", "locked:.#unbuild"]


def test_a_huge_pnpm_lock_costs_what_its_importers_cost() -> None:
    content = PNPM_9.encode() + b"  x: {y: z}\n" * 1_000_000
    started = time.process_time()
    assert len(read_pnpm_lock(ManifestFile("pnpm-lock.yaml", content)).definitions) == 2
    assert time.process_time() - started < 1


def test_a_package_lock_gives_the_versions_of_its_root_and_its_workspaces() -> None:
    lock = {
        "lockfileVersion": 3,
        "packages": {
            "": {"dependencies": {"a": "^1", "linked": "*"}, "devDependencies": {"b": "^2"}},
            "libs/x": {"dependencies": {"a": "^0.9", "b": "^2"}},
            "node_modules/a": {"version": "1.4.0"},
            "node_modules/b": {"version": "2.0.0"},
            "node_modules/linked": {"resolved": "libs/x", "link": True},
            "libs/x/node_modules/a": {"version": "0.9.1"},
            "node_modules/a/node_modules/c": {"version": "3.0.0"},
        },
    }
    found = facts(read_package_lock, "package-lock.json", json.dumps(lock))
    assert dict(found.definitions) == {
        "locked:.#a": "1.4.0",
        "locked:.#b": "2.0.0",
        "locked:libs/x#a": "0.9.1",
        "locked:libs/x#b": "2.0.0",
    }


def test_a_lock_of_version_1_says_nothing_and_is_no_problem() -> None:
    found = facts(read_package_lock, "package-lock.json", '{"dependencies": {"a": {}}}')
    assert found == facts(read_package_lock, "package-lock.json", '{"packages": []}')
    assert found.problems == ()


def test_a_package_lock_that_is_too_large_or_broken_is_a_problem() -> None:
    for content in (b" " * (9 * 1024 * 1024), b"{", b'{"packages": ' + b"[" * 100_000):
        found = read_package_lock(ManifestFile("package-lock.json", content))
        assert len(found.problems) == 1
        assert found.definitions == ()


@given(st.binary())
def test_no_bytes_make_it_raise(content: bytes) -> None:
    read_package_lock(ManifestFile("package-lock.json", content))
    read_pnpm_lock(ManifestFile("pnpm-lock.yaml", content))
