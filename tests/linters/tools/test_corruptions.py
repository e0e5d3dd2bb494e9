"""Outputs that real programs printed, then spoilt: none of them may become a pass."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from gitops_auditor.formats.findings import ToolReport
from gitops_auditor.linters import judging
from gitops_auditor.linters.judging import Start
from gitops_auditor.linters.tool import Ended, Request, Tool
from gitops_auditor.linters.tools.advisories import ADVISORIES
from gitops_auditor.linters.tools.bandit import BANDIT
from gitops_auditor.linters.tools.biome import BIOME
from gitops_auditor.linters.tools.biome_format import BIOME_FORMAT
from gitops_auditor.linters.tools.detect_secrets import DETECT_SECRETS
from gitops_auditor.linters.tools.eslint import ESLINT
from gitops_auditor.linters.tools.gitleaks import GITLEAKS
from gitops_auditor.linters.tools.prettier import PRETTIER
from tests.linters.tools.direct import DATABASE, ended, request_for

RULES = "export default [{ rules: { eqeqeq: 2 } }];\n"
GOOD_JS = {"a.js": "export const a = 1;\n", "b.js": "export const b = 2;\n"}
BAD_JS = {**GOOD_JS, "a.js": "if (a == 2) { debugger; }\n"}
GOOD_PY = {"a.py": "x = 1\n", "b.py": "y = 2\n"}
TOKEN = "gh" + "p_" + "h7Gd9Kq2Lx5Vb8Nm3Zc6Wp1Rt4Yf0Sj2Ue5A"
GOOD: Mapping[Tool, Mapping[str, str]] = {
    BIOME: GOOD_JS,
    BIOME_FORMAT: GOOD_JS,
    ESLINT: {**GOOD_JS, "eslint.config.mjs": RULES},
    PRETTIER: GOOD_JS,
    BANDIT: GOOD_PY,
    GITLEAKS: GOOD_PY,
    DETECT_SECRETS: GOOD_PY,
    ADVISORIES: {"requirements.txt": "fine==1\n", "poetry.lock": ""},
}
BAD: Mapping[Tool, Mapping[str, str]] = {
    BIOME: BAD_JS,
    BIOME_FORMAT: BAD_JS,
    ESLINT: {**BAD_JS, "eslint.config.mjs": RULES},
    PRETTIER: BAD_JS,
    BANDIT: {**GOOD_PY, "a.py": "eval(input())\n"},
    GITLEAKS: {**GOOD_PY, "a.py": f"token = '{TOKEN}'\n"},
    DETECT_SECRETS: {**GOOD_PY, "a.py": f"token = '{TOKEN}'\n"},
    ADVISORIES: {"requirements.txt": "weak-thing==1.4\n", "poetry.lock": ""},
}


class Recording(NamedTuple):
    """One real end of a tool's program."""

    tool: Tool
    request: Request
    ended: Ended


TELLING_JSON: Final = [tool for tool in GOOD if tool not in (BIOME_FORMAT, PRETTIER)]


@pytest.fixture(scope="module", params=GOOD, ids=lambda tool: tool.name)
def recordings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Recording, Recording]:
    """What one tool says of clean files, and of files with a fault."""
    tool: Tool = request.param
    clean, faulty = (
        request_for(tmp_path_factory.mktemp("recorded"), files, advisories=DATABASE)
        for files in (GOOD[tool], BAD[tool])
    )
    good, bad = (Recording(tool, one, ended(tool, one)) for one in (clean, faulty))
    assert (_judged(good, good.ended).status, _judged(bad, bad.ended).status) == (
        "passed",
        "failed",
    )
    return good, bad


def _judged(recording: Recording, end: Ended) -> ToolReport:
    return judging.judged(recording.tool, [Start(recording.request, end)])


Spoil = Callable[[bytes], bytes]


@st.composite
def _spoiling(draw: st.DrawFn) -> Spoil:
    """One way to spoil bytes, at a place that is a share of their length."""
    share = draw(st.floats(0, 1, exclude_max=True))
    length = draw(st.floats(0, 0.5))
    junk = draw(st.binary(max_size=8))
    kind = draw(st.sampled_from(["cut the end", "cut out", "put in", "twice", "flip"]))

    def spoil(body: bytes) -> bytes:
        at = int(share * len(body))
        end = at + 1 + int(length * len(body))
        return {
            "cut the end": body[:at],
            "cut out": body[:at] + body[end:],
            "put in": body[:at] + junk + body[at:],
            "twice": body[:end] + body[at:],
            "flip": body[:at] + bytes(255 - one for one in body[at : at + 1]) + body[at + 1 :],
        }[kind]

    return spoil


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(["stdout", "stderr", "both"]),
    _spoiling(),
    st.sampled_from([None, 0, 1, 2, 9, 137]),
)
def test_a_fault_that_was_found_never_becomes_a_pass(
    recordings: tuple[Recording, Recording], where: str, spoil: Spoil, code: int | None
) -> None:
    _, bad = recordings
    end = bad.ended if code is None else replace(bad.ended, exit_code=code)
    stdout = spoil(end.stdout) if where != "stderr" else end.stdout
    stderr = spoil(end.stderr) if where != "stdout" else end.stderr
    report = _judged(bad, replace(end, stdout=stdout, stderr=stderr))
    assert report.status in ("failed", "error"), report
    assert TOKEN not in report.model_dump_json()


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside: Any = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)
    for key, item in inside:
        yield (*path, key)
        yield from _paths(item, (*path, key))


def _without(value: Any, path: tuple[Any, ...]) -> Any:
    return _with(value, path, lambda holder, key: holder.pop(key))


def _with(value: Any, path: tuple[Any, ...], change: Callable[[Any, Any], object]) -> Any:
    copied = json.loads(json.dumps(value))
    holder = copied
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return copied


@pytest.mark.parametrize("recordings", TELLING_JSON, indirect=True, ids=lambda tool: tool.name)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.floats(0, 1, exclude_max=True),
    st.sampled_from(["gone", None, "", 0, -1, [], {}, True, "other.js"]),
)
@example(0.0, "gone")
def test_well_formed_lies_about_a_fault_never_become_a_pass(
    recordings: tuple[Recording, Recording], share: float, instead: object
) -> None:
    _, bad = recordings
    line, newline, rest = bad.ended.stdout.partition(b"\n")
    told = _loaded(line)
    if told is None:
        told, newline, rest = _loaded(bad.ended.stdout), b"", b""
    paths = list(_paths(told))
    path = paths[int(share * len(paths))]
    # It counts nothing: a run that found only the planted secret looks like that.
    assume(bad.tool is not DETECT_SECRETS or path[:2] != ("results", "a.py"))
    lie = (
        _without(told, path)
        if instead == "gone"
        else _with(told, path, lambda holder, key: holder.__setitem__(key, instead))
    )
    stdout = json.dumps(lie).encode() + newline + rest
    report = _judged(bad, replace(bad.ended, stdout=stdout))
    assert report.status in ("failed", "error"), (path, report)


def _loaded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


EMPTY = [b"", b"\n", b"[]", b"{}", b"null", b"0", b'""', b"[[]]", b"[{}]", b'{"results": []}']


@pytest.mark.parametrize("stdout", EMPTY, ids=repr)
@pytest.mark.parametrize("code", [0, 1])
def test_an_empty_output_is_no_pass(
    recordings: tuple[Recording, Recording], stdout: bytes, code: int
) -> None:
    for recording in recordings:
        stderr = b"" if recording.tool is PRETTIER else recording.ended.stderr
        report = _judged(recording, Ended(code, stdout, stderr, 0.0))
        assert report.status == "error", report


def test_the_output_of_another_run_is_no_pass(
    recordings: tuple[Recording, Recording], tmp_path: Path
) -> None:
    good, bad = recordings
    more = replace(good.request, files=(*good.request.files, "more.js"))
    fewer = replace(good.request, files=good.request.files[1:])
    elsewhere = replace(good.request, root=tmp_path / "elsewhere", files=("z/z.js",))
    for request in (more, fewer, elsewhere):
        report = judging.judged(good.tool, [Start(request, good.ended)])
        assert report.status == "error", report
    swapped = replace(good.ended, exit_code=bad.ended.exit_code + 1)
    assert _judged(good, swapped).status == "error"


def test_a_clean_output_that_was_cut_is_no_pass(recordings: tuple[Recording, Recording]) -> None:
    good, _ = recordings
    whole = good.ended.stdout.rstrip()
    for at in range(0, len(whole) // 3, max(1, len(whole) // 300)):
        report = _judged(good, replace(good.ended, stdout=whole[:at]))
        assert report.status == "error", whole[:at]
