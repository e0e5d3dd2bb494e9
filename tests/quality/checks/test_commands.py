"""Commands of gates say what the programs say, and never passed when these did not look."""

import shutil

import pytest

from tests.factories.npm_tools import npm_tool
from tests.quality.checks.subjects import VENV, Commands, gate, look

OPTIONAL = ("hadolint", "gitleaks", "detect-secrets", "shellcheck", "yamllint", "bandit", "zizmor")
OK_PY = "X = 1\n"
BAD_PY = "import os\n"
BROKEN_PY = "def (\n"
OK_SH = '#!/bin/sh\necho "$1"\n'
ESLINT = 'export default [{rules: {"no-unused-vars": "error"}}, {ignores: ["no.js"]}];\n'
ESLINT_FILE = {"eslint.config.mjs": ESLINT, "package.json": "{}"}

WORKFLOW_PATH = ".github/workflows/a.yml"
WORKFLOW = """\
name: a
on: push
permissions: {}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
"""

# Command, files, verdict, words of the reason; whole repository.
WHOLE = [
    ("ruff check", {"a.py": OK_PY}, "passed", ""),
    ("ruff check -q", {"a.py": OK_PY}, "passed", ""),
    ("ruff check", {"a.py": BAD_PY}, "failed", "exit code 1"),
    ("ruff check", {"a.py": BROKEN_PY}, "error", "invalid-syntax"),
    ("ruff check nope.py", {"a.py": OK_PY}, "error", "E902"),
    ("ruff check src", {"a.py": OK_PY, "src/a.txt": ""}, "error", "No Python files"),
    ("ruff check", {"a.txt": ""}, "skipped", "no files that it is for"),
    ("ruff format --check", {"a.py": OK_PY}, "passed", ""),
    ("ruff format --check", {"a.py": "X=1\n"}, "failed", "exit code 1"),
    ("ruff format --check", {"a.py": BROKEN_PY}, "error", "exit code 2"),
    ("ruff format --check src", {"src/a.txt": ""}, "error", "No Python files"),
    ("mypy a.py", {"a.py": OK_PY}, "passed", ""),
    ("mypy a.py", {"a.py": 'x: int = "a"\n'}, "failed", "exit code 1"),
    ("mypy a.py", {"a.py": BROKEN_PY}, "error", "prevented further checking"),
    ("mypy nope.py", {"a.py": OK_PY}, "error", "prevented further checking"),
    ("bandit", {"a.py": OK_PY}, "passed", ""),
    ("bandit", {"a.py": 'a = eval("1")\n'}, "failed", "B307"),
    ("bandit", {"a.py": BROKEN_PY}, "error", "Files skipped (1)"),
    ("bandit nope.py", {"a.py": OK_PY}, "error", "Total lines of code: 0"),
    ("bandit -q", {"a.py": BROKEN_PY}, "error", "does not say that it looked"),
    ("shellcheck", {"a.sh": OK_SH}, "passed", ""),
    ("shellcheck", {"a.sh": "#!/bin/sh\necho $1\n"}, "failed", "exit code 1"),
    ("shellcheck", {"a.sh": "#!/bin/sh\nif [ ; then\n"}, "error", "could not do its work"),
    ("shellcheck nope.sh", {"a.sh": OK_SH}, "error", "openBinaryFile"),
    ("hadolint", {"Dockerfile": "FROM debian:12\n"}, "passed", ""),
    ("hadolint", {"Dockerfile": "FROM debian\n"}, "failed", "exit code 1"),
    ("hadolint", {"Dockerfile": "FROMM debian\n"}, "error", "could not do its work"),
    ("hadolint nope", {"Dockerfile": "FROM debian\n"}, "error", "withBinaryFile"),
    ("yamllint", {"a.yaml": "---\na: 1\n"}, "passed", ""),
    ("yamllint", {"a.yaml": "---\na:   1\n"}, "failed", "exit code 1"),
    ("yamllint", {"a.yaml": "a: [\n"}, "error", "syntax error"),
    ("yamllint nope.yaml", {"a.yaml": "---\na: 1\n"}, "error", "Errno 2"),
    ("zizmor --offline", {WORKFLOW_PATH: WORKFLOW}, "failed", "4 findings"),
    ("zizmor --offline", {WORKFLOW_PATH: "a: [\n"}, "error", ""),
    ("zizmor --offline .", {"a.txt": ""}, "error", "no audit was performed"),
    ("gitleaks dir .", {"a.txt": "nothing here\n"}, "passed", ""),
    (
        "gitleaks dir .",
        {"a.txt": 'token = "ghp_' + "q7Zk2mVx9Lw4Rt8Yb3Nc6Hd1Jf5Gs0PaEuTi" + '"\n'},
        "failed",
        "leaks found: 1",
    ),
    ("gitleaks dir nope", {"a.txt": ""}, "error", "no such file"),
    ("gitleaks dir .", {"a.txt": ""}, "error", "scanned ~0 bytes"),
    ("detect-secrets scan --all-files", {"a.txt": "nothing\n"}, "passed", ""),
    (
        "detect-secrets scan --all-files",
        {"a.txt": 'key = "AKIA' + 'IOSFODNN7EXAMPLQ"\n'},
        "failed",
        '"results": {',
    ),
    ("pytest -q", {"test_a.py": "def test_a():\n    assert 1\n"}, "passed", ""),
    ("pytest", {"test_a.py": "def test_a():\n    assert 0\n"}, "failed", "exit code 1"),
    ("pytest", {"a.py": ""}, "error", "collected 0 items"),
    ("pytest nope.py", {"a.py": ""}, "error", "collected 0 items"),
    ("pytest -q", {"test_a.py": BROKEN_PY}, "error", "during collection"),
    (
        "python -m pytest",
        {"test_a.py": "import pytest\n@pytest.mark.skip\ndef test_a(): assert 1\n"},
        "error",
        "does not say that it looked",
    ),
    ("python3 -m no_such_module", {"a.py": ""}, "error", "no_such_module is not installed"),
    ("no-such-program --check", {"a.py": ""}, "error", "no-such-program is not installed"),
    ("black --check", {"a.py": OK_PY}, "error", "black is not installed"),
    ("true", {}, "passed", ""),
    ("exit 3", {}, "failed", "exit code 3"),
    ("false | cat", {}, "failed", "exit code 1"),
    ("kill -9 $$", {}, "error", "SIGKILL"),
    ("sh -c 'kill -9 $$'", {}, "error", "SIGKILL"),
    ("if", {}, "error", "The shell cannot read"),
    ("echo && cd src && ruff check .", {"src/a.txt": ""}, "error", "No Python files"),
]
NPM_WHOLE = [
    ("prettier --check", {"a.js": "const a = { b: 1 };\n"}, "passed", ""),
    ("prettier --check", {"a.js": "const a = {b:1}\n"}, "failed", "exit code 1"),
    ("prettier --check", {"a.js": "const = {\n"}, "error", "SyntaxError"),
    ("prettier --check nope.js", {"a.js": ""}, "error", "No files matching"),
    ("prettier --check", {"Dockerfile": ""}, "skipped", "no files that it is for"),
    ("prettier --check Dockerfile", {"Dockerfile": ""}, "error", "No parser could be inferred"),
    ("prettier", {"a.js": "const a = { b: 1 };\n"}, "error", "does not say that it looked"),
    ("eslint", {**ESLINT_FILE, "a.js": "export const a = 1;\n"}, "passed", ""),
    ("eslint", {**ESLINT_FILE, "a.js": "const a = 1;\n"}, "failed", "exit code 1"),
    ("eslint", {**ESLINT_FILE, "a.js": "const = {\n"}, "error", "Parsing error"),
    ("eslint no.js", {**ESLINT_FILE, "no.js": "const a = 1;\n"}, "error", "File ignored"),
    ("eslint nope.js", {**ESLINT_FILE, "a.js": ""}, "error", "No files matching"),
    ("eslint", {"a.js": "const a = 1;\n"}, "error", "Something went wrong"),
    ("biome lint", {"a.js": "export const a = 1;\n"}, "passed", ""),
    ("biome lint", {"a.js": "if (a == 1) debugger;\n"}, "failed", "exit code 1"),
    ("biome lint", {"a.js": "const = {\n"}, "error", "parse"),
    ("biome lint nope.js", {"a.js": ""}, "error", "0 files"),
    ("tsc --noEmit a.ts", {"a.ts": "export const a: number = 1;\n"}, "passed", ""),
    ("tsc --noEmit a.ts", {"a.ts": 'export const a: number = "";\n'}, "failed", "exit code"),
    ("tsc --noEmit", {"a.ts": ""}, "error", "COMMON COMMANDS"),
    ("npm audit", {"package.json": '{"name": "a"}'}, "error", "npm audit could not do its work"),
    ("npm test", {"package.json": '{"scripts": {"test": "true"}}'}, "passed", ""),
    ("npm test", {"package.json": '{"scripts": {"test": "exit 1"}}'}, "failed", "exit code 1"),
    (
        "npm test",
        {"package.json": '{"scripts": {"test": "echo Error: no test specified && exit 1"}}'},
        "error",
        "no test specified",
    ),
]


def needs(command: str) -> None:
    """Skip where a program of the matrix is not installed."""
    program = command.split(maxsplit=1)[0]
    if program in ("prettier", "eslint", "biome", "tsc", "npm"):
        npm_tool(program)
    elif program in OPTIONAL and shutil.which(program, path=str(VENV)) is None:
        pytest.skip(f"{program} is not installed in the environment of the tests")


@pytest.mark.parametrize(("command", "files", "verdict", "words"), [*WHOLE, *NPM_WHOLE])
async def test_a_command_says_what_the_program_says(
    commands: Commands, command: str, files: dict[str, str], verdict: str, words: str
) -> None:
    needs(command)
    evidence = await commands.run(command, files)
    assert (evidence.verdict, words.lower() in evidence.reason.lower()) == (verdict, True), evidence


CHANGED = [
    ("ruff check", {"a.py": OK_PY, "b.py": BAD_PY}, ["a.py"], "passed"),
    ("ruff check", {"a.py": OK_PY, "b.py": BAD_PY}, ["a.py", "b.py"], "failed"),
    ("ruff check", {"a.py": OK_PY, "a.md": ""}, ["a.md"], "skipped"),
    ("ruff check .", {"a.py": BAD_PY, "a.md": ""}, ["a.md"], "failed"),
    ("shellcheck", {"a.sh": OK_SH, "b.sh": "echo $1\n"}, ["a.sh"], "passed"),
    ("bandit", {"a.py": OK_PY, "b.py": 'eval("1")\n'}, ["a.py"], "passed"),
    ("pytest -q", {"test_a.py": "def test_a(): assert 1\n", "b.md": ""}, ["b.md"], "passed"),
]


@pytest.mark.parametrize(("command", "files", "changed", "verdict"), CHANGED)
async def test_only_changed_files_are_looked_at_where_the_program_takes_files(
    commands: Commands, command: str, files: dict[str, str], changed: list[str], verdict: str
) -> None:
    needs(command)
    evidence = await commands.run(command, files, changed)
    assert evidence.verdict == verdict, evidence


async def test_names_of_files_are_never_read_as_shell_or_options(commands: Commands) -> None:
    names = ["$(touch pwned).py", "a b;touch pwned.py", "--fix.py", "'\".py", "@a.py", "-.py"]
    subject = commands.subject(dict.fromkeys(names, BAD_PY), changed=names)
    evidence = await look(commands.check(), gate(command="ruff check"), subject)
    assert evidence.verdict == "failed"
    assert "Found 6 errors" in str(evidence.metrics["output_tail"])
    assert not (subject.root / "pwned").exists()
    assert not (subject.root / "pwned.py").exists()


async def test_a_command_of_ones_own_gets_files_when_the_gate_names_patterns(
    commands: Commands,
) -> None:
    command = """printf '<%s>' "$@" && true"""
    files = {"a b.txt": "", "c.txt": "", "c.md": ""}
    evidence = await commands.run(command, files, ["a b.txt", "c.md"], files=["*.txt"])
    assert evidence.metrics["output_tail"] == "<a b.txt>"
    evidence = await commands.run("printf '<%s>' x", files, ["a b.txt"], files=["*.txt"])
    assert evidence.metrics["output_tail"] == "<x><a b.txt>"
    evidence = await commands.run("echo x", files, ["c.md"], files=["*.txt"])
    assert evidence.verdict == "skipped"
    assert evidence.reason == "None of the changed files is one that it is for."
    evidence = await commands.run("echo x", files, ["c.md"])
    assert evidence.metrics["output_tail"] == "x"


async def test_findings_have_file_and_line(commands: Commands) -> None:
    evidence = await commands.run("ruff check", {"src/a.py": "X = 1\nimport os\n"})
    found = [(one.file, one.line, one.rule, one.severity) for one in evidence.findings]
    assert ("src/a.py", 2, "F401", "high") in found
    assert all(one.fingerprint for one in evidence.findings)
    assert evidence.tools[0].status == "failed"


@pytest.mark.parametrize(
    ("command", "files", "place"),
    [
        ("ruff format --check", {"a.py": "\nX=1\n"}, ("a.py", 1, "unformatted")),
        ("shellcheck", {"a.sh": "#!/bin/sh\necho $1\n"}, ("a.sh", 2, "SC2086")),
        ("hadolint", {"Dockerfile": "FROM debian\n"}, ("Dockerfile", 1, "DL3006")),
        ("yamllint", {"x/a.yaml": "---\na:   1\n"}, ("./x/a.yaml", 2, "colons")),
        ("zizmor --offline", {WORKFLOW_PATH: WORKFLOW}, (WORKFLOW_PATH, 8, "unpinned-uses")),
        ("mypy .", {"a.py": 'x: int = "a"\n'}, ("a.py", 1, "mypy")),
        ("bandit", {"a.py": '\na = eval("1")\n'}, ("a.py", 2, "B307")),
        ("prettier --check", {"a.js": "const a = {b:1}\n"}, ("a.js", None, "prettier")),
        ("eslint", {**ESLINT_FILE, "a.js": "const a = 1;\n"}, ("a.js", 1, "no-unused-vars")),
        (
            "biome lint",
            {"a.js": "if (a == 1) debugger;\n"},
            ("a.js", 1, "lint/suspicious/noDebugger"),
        ),
        ("tsc --noEmit a.ts", {"a.ts": 'export const a: number = "";\n'}, ("a.ts", 1, "TS2322")),
        ("pytest", {"test_a.py": "def test_a():\n    assert 0\n"}, ("test_a.py", 2, "pytest")),
    ],
)
async def test_what_programs_print_for_people_shows_where_to_look(
    commands: Commands, command: str, files: dict[str, str], place: tuple[str, int | None, str]
) -> None:
    needs(command)
    evidence = await commands.run(command, files)
    found = [(one.file, one.line, one.rule) for one in evidence.findings]
    assert (place[0].removeprefix("./"), *place[1:]) in found, evidence


async def test_a_command_that_takes_too_long_is_an_error(commands: Commands) -> None:
    subject = commands.job_subject({})
    evidence = await look(commands.confined(), gate(command="sleep 60"), subject, 0.5)
    assert evidence.verdict == "error"
    assert evidence.reason == "It did not finish within 0.5 seconds."


async def test_a_command_that_floods_its_output_is_an_error(commands: Commands) -> None:
    subject = commands.job_subject({})
    evidence = await look(commands.confined(), gate(command="yes"), subject)
    assert evidence.verdict == "error"
    assert "more than 1 MiB of output" in evidence.reason


async def test_a_command_is_confined_to_the_checkout_and_its_home(commands: Commands) -> None:
    script = "echo a > b; echo a > $HOME/c; ! echo a > ../outside; ! cat /etc/shadow"
    subject = commands.job_subject({"a": ""})
    evidence = await look(commands.confined(), gate(command=script), subject)
    assert evidence.verdict == "passed", evidence
    assert (subject.root / "b").exists()
    assert (subject.home / "c").exists()
    assert not (subject.root.parent / "outside").exists()


async def test_the_identity_of_a_command_is_that_of_its_program(commands: Commands) -> None:
    check = commands.check()
    ruff = await check.identity(gate(command="ruff check"))
    assert ruff is not None
    assert ruff == await check.identity(gate(command="ruff check src"))
    assert ruff != await check.identity(gate(command="biome lint"))


@pytest.mark.parametrize(
    "command", ["pytest", "pip-audit", "mypy .", "./check.sh", "ruff check && pytest", "black ."]
)
async def test_what_depends_on_more_than_its_program_is_asked_each_time(
    commands: Commands, command: str
) -> None:
    assert await commands.check().identity(gate(command=command)) is None


async def test_what_uses_the_network_is_asked_each_time(commands: Commands) -> None:
    assert await commands.check().identity(gate(command="ruff check", network="full")) is None


async def test_a_missing_program_comes_with_the_command_that_installs_it(
    commands: Commands,
) -> None:
    evidence = await commands.run("black --check", {"a.py": OK_PY})
    assert evidence.fix.startswith("Install it: pip install black.")
    assert "PIPELINE_JOB_FOLDERS" in evidence.fix
