"""The programs that run tests: a run in which no test ran is no pass."""

from typing import Final

from gitops_auditor.quality.checks.known_command import KnownCommand

_NO_TESTS: Final = (
    r"^=* ?no tests ran|no test specified|collected 0 items|^No tests? (?:found|files? found)"
    r"|^[ \t]*0 passing|^(?:#|\u2139) tests 0$"
)
_OF_NPM: Final = r"^npm (?:error|ERR!) (?:code E|Missing script|could not determine)"
_ANY: Final = frozenset(range(1, 126))
"""Scripts end as they like, and some programs with the number of failures."""
_OF_JEST: Final = r"^Tests:[ \t]+.*\b[1-9]\d* passed"
_OF_VITEST: Final = r"^[ \t]*Tests[ \t]+.*\b[1-9]\d* passed"

TEST_COMMANDS: Final = (
    *(
        KnownCommand(
            (name,),
            "pip install pytest",
            nothing=r"^=* ?no tests ran|^collected 0 items|^no tests ran",
            broke=r"^INTERNALERROR>|^ERROR: (?:file or directory not found|not found)"
            r"|errors? during collection|^ERROR collecting|^ERROR: usage:",
            proof=r"^=*[ \t]*(?:.*, )?[1-9]\d* passed",
        )
        for name in ("pytest", "py.test")
    ),
    *(
        KnownCommand(
            words,
            "install Node.js, which brings npm",
            failed=_ANY,
            nothing=_NO_TESTS,
            broke=_OF_NPM,
        )
        for words in (
            ("npm", "test"),
            ("npm", "t"),
            ("npm", "run", "test"),
            ("pnpm", "test"),
            ("pnpm", "run", "test"),
        )
    ),
    *(
        KnownCommand(words, "install Node.js, which brings npm", failed=_ANY, broke=_OF_NPM)
        for words in (("npm", "run"), ("npm", "run-script"), ("pnpm", "run"))
    ),
    KnownCommand(
        ("jest",), "npm install --save-dev jest", nothing=r"^No tests found", proof=_OF_JEST
    ),
    KnownCommand(
        ("vitest",),
        "npm install --save-dev vitest",
        nothing=r"No test (?:files|suite) found",
        proof=_OF_VITEST,
    ),
    KnownCommand(
        ("mocha",),
        "npm install --save-dev mocha",
        failed=_ANY,
        proof=r"^[ \t]*[1-9]\d* passing",
    ),
    KnownCommand(
        ("tox",),
        "pip install tox",
        nothing=r"^[ \t]+\S+: SKIP\b|no tests ran",
        broke=r"InterpreterNotFound|could not find python|^ROOT: No tox",
        proof=r"congratulations :\)",
    ),
    KnownCommand(
        ("cargo", "test"),
        "install Rust",
        failed=frozenset({101}),
        broke=r"could not find `Cargo.toml`|^error(?:\[E\d+\])?: (?:could not compile|no )",
        proof=r"^test result: ok\. [1-9]",
    ),
    KnownCommand(
        ("go", "test"),
        "install Go",
        nothing=r"no packages to test|matched no packages",
        broke=r"go\.mod file not found|\[(?:build|setup) failed\]",
        proof=r"^ok[ \t]+\S+",
    ),
)
