import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.reader import ManifestFile
from gitops_auditor.dependencies.manifests.shared_config_names import (
    commitlint_package,
    eslint_package,
    imported_package,
)
from gitops_auditor.dependencies.manifests.shared_configs import (
    read_data,
    read_script,
    read_tsconfig,
)
from tests.dependencies.manifests.tables import facts, references, rows

ESLINT_CONFIG = """\

import unjs from 'eslint-config-unjs'
import { defineConfig } from "eslint/config";
import path from "node:path";
import fs from "fs";
import local from "./local.mjs";
// import old from "eslint-config-old";
import {
  rules,
} from "@acme/lint/flat";
const plugin = require("eslint-plugin-x");
/* const gone = require("gone"); */

export default [...compat.extends("plugin:react/recommended", "airbnb"), unjs()];
"""


def test_packages_that_an_eslint_configuration_takes_rules_from_are_declared() -> None:
    assert rows(read_script, "eslint.config.mjs", ESLINT_CONFIG) == [
        ("eslint-config-unjs", "", "none", "dev", 2),
        ("@acme/lint", "", "none", "dev", 10),
        ("eslint-plugin-x", "", "none", "dev", 11),
        ("plugin:react/recommended", "", "none", "dev", 14),
        ("airbnb", "", "none", "dev", 14),
    ]
    assert references(read_script, "eslint.config.mjs", ESLINT_CONFIG)[-2:] == [
        "npm eslint-plugin-react",
        "npm eslint-config-airbnb",
    ]


def test_extends_of_a_script_are_declared_with_their_lines() -> None:
    text = 'module.exports = {\n  extends: [\n    "eslint:recommended",\n    "acme",\n  ],\n};\n'
    assert rows(read_script, ".eslintrc.cjs", text) == [("acme", "", "none", "dev", 4)]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            ".eslintrc",
            '{\n  "extends": [\n    "eslint-config-unjs"\n  ]\n}',
            ["eslint-config-unjs"],
        ),
        (".eslintrc", "extends: acme\n", ["eslint-config-acme"]),
        (".eslintrc.yml", "overrides:\n  - extends: ['@acme']\n", ["@acme/eslint-config"]),
        (".eslintrc.json", '{ /* c */ "extends": "next/core-web-vitals" }', ["eslint-config-next"]),
        (".prettierrc", '"@acme/prettier-config"', ["@acme/prettier-config"]),
        (".prettierrc", '{"semi": true}', []),
        (".prettierrc.yaml", "semi: false\n", []),
        (
            ".stylelintrc",
            '{"extends": ["stylelint-config-acme", "./x"]}',
            ["stylelint-config-acme"],
        ),
        (
            ".commitlintrc.json",
            '{"extends": ["@commitlint/config-conventional", "angular"]}',
            ["@commitlint/config-conventional", "commitlint-config-angular"],
        ),
        ("biome.json", '{"extends": ["@acme/biome/biome.json"]}', ["@acme/biome"]),
    ],
)
def test_a_configuration_names_packages_in_its_tools_own_way(
    name: str, text: str, expected: list[str]
) -> None:
    assert references(read_data, name, text) == [f"npm {name}" for name in expected]


def test_a_tsconfig_extends_packages_and_not_paths() -> None:
    text = '{\n  // base\n  "extends": ["@tsconfig/node20/tsconfig.json", "../tsconfig.json"],\n}'
    assert references(read_tsconfig, "tsconfig.json", text) == ["npm @tsconfig/node20"]
    assert rows(read_tsconfig, "tsconfig.json", text)[0][4] == 3
    assert rows(read_tsconfig, "tsconfig.json", '{"extends": "expo/tsconfig.base"}')[0][0] == (
        "expo/tsconfig.base"
    )


def test_a_malformed_configuration_is_a_problem() -> None:
    assert facts(read_data, ".eslintrc.json", "{").problems
    assert facts(read_data, ".eslintrc", "a: [").problems
    assert facts(read_tsconfig, "tsconfig.json", '{"extends"').problems


@pytest.mark.parametrize(
    ("written", "package"),
    [
        ("acme", "eslint-config-acme"),
        ("eslint-config-acme", "eslint-config-acme"),
        ("@acme", "@acme/eslint-config"),
        ("@acme/eslint-config", "@acme/eslint-config"),
        ("@acme/node", "@acme/eslint-config-node"),
        ("plugin:@typescript-eslint/recommended", "@typescript-eslint/eslint-plugin"),
        ("plugin:import/errors", "eslint-plugin-import"),
        ("eslint:all", ""),
        ("./x", ""),
        ("", ""),
    ],
)
def test_eslint_names_are_completed(written: str, package: str) -> None:
    assert eslint_package(written) == package


@pytest.mark.parametrize(
    ("written", "package"),
    [
        ("a/b/c", "a"),
        ("@s/a/b", "@s/a"),
        ("@s", ""),
        ("node:fs", ""),
        ("path", ""),
        ("./a", ""),
        ("#internal", ""),
        ("", ""),
    ],
)
def test_an_import_belongs_to_a_package(written: str, package: str) -> None:
    assert imported_package(written) == package


def test_commitlint_names_are_completed() -> None:
    assert commitlint_package("acme") == "commitlint-config-acme"
    assert commitlint_package("./x") == ""


@given(st.binary() | st.text(alphabet="import frequxtnds\"':[]({@/\n*").map(str.encode))
def test_no_bytes_make_it_raise(content: bytes) -> None:
    read_data(ManifestFile(".eslintrc", content))
    read_data(ManifestFile(".prettierrc.yaml", content))
    read_tsconfig(ManifestFile("tsconfig.json", b'{"extends": ' + content))
    read_script(ManifestFile("eslint.config.js", content))


@pytest.mark.parametrize(
    "piece", ["/*", "extends: [", "import from ", "extends: 'a',", "from\n", "//", '"', "compat("]
)
def test_a_hostile_script_costs_little(piece: str) -> None:
    started = time.process_time()
    read_script(ManifestFile("eslint.config.js", (piece * (250_000 // len(piece))).encode()))
    assert time.process_time() - started < 5
