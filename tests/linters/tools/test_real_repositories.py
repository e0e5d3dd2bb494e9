"""What real repositories have, and tools alone judge badly."""

import json
from pathlib import Path

import pytest

from gitops_auditor.formats.findings import Severity
from gitops_auditor.linters.tool import Ended, Explained, Request, Tool, UnreadableOutput
from gitops_auditor.linters.tools import mypy_config
from gitops_auditor.linters.tools.bandit import BANDIT
from gitops_auditor.linters.tools.biome import BIOME
from gitops_auditor.linters.tools.biome_format import BIOME_FORMAT
from gitops_auditor.linters.tools.gitleaks import GITLEAKS
from gitops_auditor.linters.tools.mypy import MYPY
from gitops_auditor.linters.tools.pip_audit import PIP_AUDIT
from gitops_auditor.linters.tools.ruff import RUFF
from gitops_auditor.linters.tools.ruff_format import RUFF_FORMAT
from gitops_auditor.linters.tools.yamllint import YAMLLINT
from tests.linters.tools.direct import ended, request_for

SHELL = "import subprocess\n\nsubprocess.call('ls ' + input(), shell=True)\n"
PASSWORD = "password = 'hunter2'\n"


@pytest.mark.parametrize(
    ("file", "text", "found"),
    [
        ("a.py", PASSWORD, {"B105": "medium"}),
        ("a.py", "DEFAULTS = {'SECRET_KEY': None}\n", {}),
        ("tests/a.py", PASSWORD, {"B105": "low"}),
        ("test_a.py", "assert 1\n", {}),
        ("a.py", "assert input()\n", {"B101": "low"}),
        ("tests/a.py", SHELL, {"B404": "low", "B602": "high"}),
        ("a.py", "import hashlib\n\nhashlib.sha1(b'')\n", {"B324": "medium"}),
    ],
)
def test_bandit_tells_more_of_code_than_of_its_tests(
    tmp_path: Path, file: str, text: str, found: dict[str, Severity]
) -> None:
    request = request_for(tmp_path, {file: text})
    reading = BANDIT.read(ended(BANDIT, request), request)
    told = {one.rule: one.severity for one in reading.findings}
    assert {rule: told[rule] for rule in told if told[rule] != "low" or rule in found} == found


def test_mypy_is_not_believed_where_it_could_not_parse_a_file() -> None:
    told = {
        "file": "a.py",
        "line": 2,
        "column": 0,
        "end_line": 2,
        "message": "Invalid syntax",
        "hint": None,
        "code": "syntax",
        "severity": "error",
    }
    planted = {**told, "file": "gitops_auditor_planted.py", "code": "name-defined"}
    said = "\n".join(json.dumps(one) for one in (told, planted)).encode()
    with pytest.raises(UnreadableOutput, match=r"could not parse a.py:2: Invalid syntax.*newer"):
        MYPY.read(Ended(1, said, b"", 0.1), Request(Path("/nowhere"), ("a.py",)))


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("mypy.ini", "[mypy]\nfiles = src, tests/typing/*.py\n", ("src/a.py", "tests/typing/b.py")),
        ("pyproject.toml", "[tool.mypy]\nfiles = 'src'\n", ("src/a.py",)),
        ("setup.cfg", "[mypy]\nfiles =\n  ./src\n", ("src/a.py",)),
        ("setup.cfg", "[mypy]\nstrict = True\n", ("src/a.py", "tests/typing/b.py", "c.py")),
        ("mypy.ini", "[mypy]\nfiles = .\n", ("src/a.py", "tests/typing/b.py", "c.py")),
    ],
)
def test_mypy_looks_at_what_its_configuration_is_about(
    tmp_path: Path, name: str, text: str, kept: tuple[str, ...]
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    request = Request(tmp_path, ("src/a.py", "tests/typing/b.py", "c.py"))
    assert MYPY.is_wanted(request)
    assert MYPY.selected(request) == kept


@pytest.mark.parametrize("text", ["[tool.mypy", "[tool]\nmypy = 1\n", "[tool.other]\n", "\xff"])
def test_what_is_no_configuration_of_mypy_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_bytes(text.encode("latin-1"))
    assert mypy_config.section(tmp_path) is None


def test_yaml_that_is_not_utf_8_is_named_with_the_way_out(tmp_path: Path) -> None:
    request = request_for(tmp_path, {"a.yaml": "a: 1\n", "b.yaml": ""})
    (request.root / "b.yaml").write_bytes(b"a: caf\xe9\n")
    with pytest.raises(UnreadableOutput, match=r"cannot read b.yaml.*`ignore` in .yamllint"):
        YAMLLINT.read(ended(YAMLLINT, request), request)


@pytest.mark.parametrize(
    ("files", "kept"),
    [
        ({"c/Chart.yaml": "", "c/templates/a/b.yaml": ""}, ["c/Chart.yaml"]),
        ({"templates/b.yaml": "", "c/Chart.yaml": ""}, ["templates/b.yaml", "c/Chart.yaml"]),
        ({"Chart.yaml": "", "templates/b.yaml": ""}, ["Chart.yaml"]),
    ],
)
def test_templates_of_charts_are_no_yaml(
    tmp_path: Path, files: dict[str, str], kept: list[str]
) -> None:
    assert list(YAMLLINT.selected(request_for(tmp_path, files))) == kept


def test_a_file_that_cannot_be_parsed_hides_nothing_that_biome_finds_elsewhere(
    tmp_path: Path,
) -> None:
    files = {"a.json": "{/* c */}\n", "b.js": "debugger\n", "c.js": "let\n", "d.css": "a{\n"}
    request = request_for(tmp_path, files)
    linted = BIOME.read(ended(BIOME, request), request)
    worst = {(one.file, one.rule) for one in linted.findings if one.severity == "high"}
    assert worst >= {(file, "parse") for file in ("a.json", "c.js", "d.css")}
    assert ("b.js", "lint/suspicious/noDebugger") in worst
    formatted = BIOME_FORMAT.read(ended(BIOME_FORMAT, request), request)
    told = {(one.file, one.rule, one.line, one.severity) for one in formatted.findings}
    assert ("a.json", "parse", 1, "high") in told
    assert ("b.js", "unformatted", None, "low") in told
    assert len(told) == 4


@pytest.mark.parametrize(
    ("name", "size", "line", "is_left"),
    [
        ("a.js", 20_000, 80, True),
        ("a.min.js", 100, 80, False),
        ("web/node_modules/a/index.js", 100, 80, False),
        ("packed.css", 20_000, 10_000, False),
        ("web/entry.2f1c.js", 20_000, 200, False),
        ("short.js", 1_000, 200, True),
        ("data.json", 20_000, 10_000, True),
        ("data.json", 2_000_000, 80, False),
    ],
)
def test_what_machines_made_is_left_out_by_biome(
    tmp_path: Path, name: str, size: int, line: int, is_left: bool
) -> None:
    request = request_for(tmp_path, {name: ("x" * line + "\n") * (size // line)})
    assert BIOME.selected(request) == ((name,) if is_left else ())
    assert BIOME_FORMAT.selected(request) == BIOME.selected(request)


def test_yaml_of_megabytes_is_left_out(tmp_path: Path) -> None:
    crd = "a: 1\n" * 300_000
    request = request_for(tmp_path, {"crd.yaml": crd, "b.yaml": "b: 1\n", "pnpm-lock.yaml": ""})
    assert YAMLLINT.selected(request) == ("b.yaml", "pnpm-lock.yaml")
    assert not YAMLLINT.takes("web/pnpm-lock.yaml")


def test_a_pointer_of_git_lfs_is_no_json(tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    request = request_for(tmp_path, {"a.json": pointer, "b.json": "{}\n"})
    assert BIOME.selected(request) == ("b.json",)


@pytest.mark.parametrize("tool", [RUFF, RUFF_FORMAT])
def test_python_that_is_not_utf_8_is_named_with_the_way_out(tool: Tool, tmp_path: Path) -> None:
    request = request_for(tmp_path, {"a.py": "", "b.py": "x = 1\n"})
    (request.root / "a.py").write_bytes(b"# caf\xe9\n")
    with pytest.raises(Explained, match=r"could not read a.py: .*UTF-8. .*`extend-exclude`"):
        tool.read(ended(tool, request), request)


def test_secrets_in_utf_16_are_found(tmp_path: Path) -> None:
    request = request_for(tmp_path, {"a.ps1": "", "b.txt": ""})
    text = "# first\n$key = 'AKIA" + "QYLPMN5HFIQR7XYB'\n"
    (request.root / "a.ps1").write_bytes(text.encode("utf-16"))
    reading = GITLEAKS.read(ended(GITLEAKS, request), request)
    assert [(one.file, one.line) for one in reading.findings] == [("a.ps1", 2)]


def test_pip_audit_tells_what_it_could_not_audit_without_its_warnings() -> None:
    log = (
        b"WARNING:pip_audit._cli:--no-deps is supported\n"
        b"ERROR:pip_audit._cli:amqp: Dependency not found on PyPI: amqp (5.1.1)\n"
    )
    with pytest.raises(Explained, match=r"could not audit: amqp: Dependency .*\(5.1.1\)\. With"):
        PIP_AUDIT.read(Ended(1, b"", log, 0.1), Request(Path("/nowhere"), ("requirements.txt",)))
