"""What is installed: declared, pinned with hashes, and from nowhere in particular."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
GROUPS = PROJECT["dependency-groups"]
RUNTIME = [*PROJECT["project"]["dependencies"], *GROUPS["build"]]
EXTRAS = [one for extra in PROJECT["project"]["optional-dependencies"].values() for one in extra]
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Package to version, as a constraints file has them."""
    found = PINNED.findall((ROOT / name).read_text("utf-8"))
    return {canonicalize_name(package): version for package, version in found}


@pytest.mark.parametrize(
    ("file", "declared"),
    [
        ("constraints.txt", [*RUNTIME, *EXTRAS]),
        ("constraints-dev.txt", [*RUNTIME, *EXTRAS, *GROUPS["dev"]]),
    ],
)
def test_every_declared_dependency_is_pinned_to_a_version_it_allows(
    file: str, declared: list[str]
) -> None:
    pinned = pins(file)
    wanted = [Requirement(one) for one in declared]
    assert [
        str(one)
        for one in wanted
        if not one.specifier.contains(pinned.get(canonicalize_name(one.name), "0.dev0"))
    ] == [], "run: make lock"


def test_tests_run_with_what_users_run_with() -> None:
    runtime, dev = pins("constraints.txt"), pins("constraints-dev.txt")
    assert {name: dev.get(name) for name in runtime} == runtime


@pytest.mark.parametrize("file", ["constraints.txt", "constraints-dev.txt"])
def test_pins_carry_hashes_and_no_address(file: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    assert "://" not in text
    assert "index-url" not in text
    assert text.count("==") <= text.count("--hash=sha256:")


def imported() -> set[str]:
    """Top-level modules that the package imports and Python does not bring."""
    found: set[str] = set()
    for file in (ROOT / "gitops_auditor").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - {"gitops_auditor"}


def companions(declared: set[NormalizedName]) -> set[NormalizedName]:
    """What declared packages require in one exact version: parts of themselves."""
    required = [Requirement(line) for name in declared for line in requires(name) or []]
    exact = [one for one in required if str(one.specifier).startswith("==") and not one.marker]
    return {canonicalize_name(one.name) for one in exact}


def test_everything_that_is_imported_is_declared() -> None:
    extras = PROJECT["project"]["optional-dependencies"].values()
    given = [*PROJECT["project"]["dependencies"], *(one for extra in extras for one in extra)]
    declared = {canonicalize_name(Requirement(one).name) for one in given}
    provided, modules = declared | companions(declared), packages_distributions()
    assert [
        module
        for module in sorted(imported())
        if not provided & {canonicalize_name(name) for name in modules.get(module, [module])}
    ] == []
