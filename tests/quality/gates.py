"""Gates as people write them, for properties."""

from typing import Any

from hypothesis import strategies as st

Written = dict[str, Any]

NAMES = st.text("abc XYZ-", min_size=1, max_size=12).filter(str.strip)
THRESHOLDS = st.sampled_from(["critical", "high", "medium", "low", "error", "warning", "info"])
PATTERNS = st.lists(st.sampled_from(["**/*.py", "src/**", "*.md"]), min_size=1, max_size=2)
_COMMON: dict[str, st.SearchStrategy[Any]] = {
    "description": st.sampled_from(["", "Why it is there."]),
    "required": st.sampled_from([True, False, None]),
    "timeout": st.sampled_from([30, "5m"]),
    "fix": st.just("Do it."),
}
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(-1, 1), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
_FINDINGS: dict[str, st.SearchStrategy[Any]] = {
    "new_issues_only": st.booleans(),
    "tools": st.sampled_from(["ruff", ["ruff", "mypy"]]),
    "files": PATTERNS,
}
_PERCENT = st.sampled_from([0, 80, 99.5, "80%"])


def _gate(
    named: dict[str, st.SearchStrategy[Any]], optional: dict[str, st.SearchStrategy[Any]]
) -> st.SearchStrategy[Written]:
    return st.fixed_dictionaries({"name": NAMES, **named}, optional={**_COMMON, **optional})


def _with_threshold(gates: st.SearchStrategy[Written]) -> st.SearchStrategy[Written]:
    spelled = st.sampled_from([None, "fail_threshold", "severity", "level"])
    return st.builds(
        lambda gate, name, value: {**gate, **({name: value} if name else {})},
        gates,
        spelled,
        THRESHOLDS,
    )


_MCP = _with_threshold(
    _gate(
        {"mcp": st.sampled_from(["code-linter", "eslint"])},
        {
            **_FINDINGS,
            "action": st.just("check_format"),
            "arguments": st.dictionaries(st.text(max_size=3), _JSON, max_size=2),
            "config": st.just("ruff.toml"),
        },
    )
)
_SCAN = _with_threshold(
    st.one_of(
        _gate({"mcp": st.just("security-scanner")}, _FINDINGS),
        _gate(
            {"scan": st.sampled_from(["secrets", ["static", "dependencies"]])},
            {**_FINDINGS, "mcp": st.just("security-scanner")},
        ),
    )
)
_COMMAND = st.one_of(
    _gate({"command": st.just("prettier --check")}, {"network": st.just("full")}),
    _with_threshold(
        _gate(
            {"command": st.just("x"), "report": st.just({"format": "sarif", "path": "a.sarif"})},
            {"new_issues_only": st.booleans(), "files": PATTERNS},
        )
    ),
)
_COVERAGE = st.one_of(
    _gate({"minimum": _PERCENT}, {"report": st.just("lcov.info"), "new_code_minimum": _PERCENT}),
    _gate({"new_code_minimum": _PERCENT}, {"files": PATTERNS}),
    _gate({"minimum": _PERCENT, "command": st.just("make test")}, {"network": st.just("full")}),
)
_CHECK = _gate({"check": st.just("README.md exists and LICENSE contains /MIT/")}, {})
_BENCHMARK = _gate(
    {"baseline": st.just("previous_release")},
    {
        "tolerance": st.sampled_from([0, 10, "10%", 200]),
        "metrics": st.just("bench.json"),
        "command": st.just("make bench"),
    },
)
_PIPELINE = _gate({}, {"pipeline": NAMES})

GATES = st.one_of(_MCP, _SCAN, _COMMAND, _COVERAGE, _CHECK, _BENCHMARK, _PIPELINE)
"""Gates of each kind, as a file states them, that are read without a problem."""
