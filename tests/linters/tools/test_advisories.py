"""The local database of advisories: what it matches, and what it refuses to pass."""

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_auditor.formats.findings import ToolReport
from gitops_auditor.linters.tool import UnreadableOutput
from gitops_auditor.linters.tools.advisories import ADVISORIES
from gitops_auditor.linters.tools.advisory_ranges import first_fixed, is_affected
from gitops_auditor.linters.tools.advisory_records import Affected, Record
from gitops_auditor.linters.tools.advisory_severity import severity_of
from gitops_auditor.linters.tools.cvss import base_score, rating
from gitops_auditor.linters.tools.locked_packages import reader_for
from tests.linters.tools.direct import DATABASE, report_of, request_for

CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"

LOCKS: Mapping[str, str] = {
    "requirements.txt": "# comment\nweak_thing == 1.4 ; python_version > '3'\nfine==1.0\n",
    "requirements/dev.txt": "-r ../requirements.txt\n-e .\nWeak.Thing==1.4 \\\n  --hash=sha256:0\n",
    "poetry.lock": '[[package]]\nname = "weak-thing"\nversion = "1.4"\n',
    "uv.lock": (
        '[[package]]\nname = "own"\nversion = "0"\nsource = { editable = "." }\n'
        '[[package]]\nname = "weak-thing"\nversion = "1.4"\n'
        'source = { registry = "https://example.test" }\n'
    ),
    "pylock.toml": '[[packages]]\nname = "weak-thing"\nversion = "1.4"\n',
    "Pipfile.lock": '{"default": {"Weak_Thing": {"version": "==1.4"}}, "develop": {}}',
    "package-lock.json": json.dumps(
        {
            "packages": {
                "": {"name": "own"},
                "node_modules/own": {"resolved": "packages/own", "link": True},
                "packages/own": {"version": "0.0.0"},
                "node_modules/a/node_modules/@scope/weak": {"version": "3.1.0"},
            }
        }
    ),
    "npm-shrinkwrap.json": json.dumps(
        {
            "dependencies": {
                "a": {"version": "1.0.0", "dependencies": {"@scope/weak": {"version": "3.1.0"}}}
            }
        }
    ),
}


def _reported(
    tmp_path: Path, files: Mapping[str, str], database: Path | None = DATABASE
) -> ToolReport:
    return report_of(ADVISORIES, request_for(tmp_path, files, advisories=database))


@pytest.mark.parametrize("file", LOCKS)
def test_each_kind_of_lock_file_is_compared_with_the_advisories(file: str, tmp_path: Path) -> None:
    report = _reported(tmp_path, {file: LOCKS[file]})
    (finding,) = report.findings
    is_npm = file.endswith(("package-lock.json", "shrinkwrap.json"))
    assert finding.rule == ("TEST-2026-0002" if is_npm else "TEST-2026-0001")
    assert finding.file == file
    assert finding.line is not None
    update = "@scope/weak to 3.1.5" if is_npm else "weak-thing to 1.5"
    assert finding.fix == f"Update {update}."
    assert report.version.startswith("3 advisories, changed 2026-")


def test_the_line_is_that_of_the_package(tmp_path: Path) -> None:
    (finding,) = _reported(tmp_path, {"requirements.txt": LOCKS["requirements.txt"]}).findings
    assert finding.line == 2
    assert finding.severity == "critical"
    assert finding.message == "weak-thing 1.4: Invented: runs what it is sent (CVE-0000-0001)"


@pytest.mark.parametrize("version", ["1.5", "2.0rc1", "0.9"])
def test_versions_that_nothing_is_known_of_pass(version: str, tmp_path: Path) -> None:
    report = _reported(tmp_path, {"requirements.txt": f"weak-thing=={version}\n"})
    assert report.status == "passed", report


def test_an_advisory_that_was_withdrawn_matches_nothing(tmp_path: Path) -> None:
    assert _reported(tmp_path, {"requirements.txt": "taken-back==1.0\n"}).status == "passed"


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"requirements.txt": "weak-thing>=1\n"}, "not pinned"),
        ({"requirements.txt": "weak-thing==1.*\n"}, "not pinned"),
        ({"requirements.txt": "weak-thing\n"}, "requirements.txt:1"),
        ({"requirements.txt": "weak @ https://example.test/a.whl\n"}, "not pinned"),
        ({"requirements.txt": "weak-thing==one\n"}, "weak-thing==one is not pinned"),
        ({"poetry.lock": "[[package]"}, "Not TOML"),
        ({"poetry.lock": '[[package]]\nname = "weak-thing"\n'}, "not pinned"),
        ({"poetry.lock": '[[package]]\nname = "weak-thing"\nversion = "x"\n'}, "no version"),
        ({"package-lock.json": "{}"}, "cannot be read"),
        ({"package-lock.json": '{"packages": 1}'}, "cannot be read"),
        ({"package-lock.json": "[" * 5000}, "cannot be read"),
    ],
)
def test_what_cannot_be_compared_is_an_error(
    files: Mapping[str, str], says: str, tmp_path: Path
) -> None:
    report = _reported(tmp_path, files)
    assert report.status == "error"
    assert says in report.reason


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ({}, "There are no advisories"),
        ({"a.json": "{"}, "not in the OSV format"),
        ({"a.json": "{}"}, "not in the OSV format: id"),
        ({"a.json": '{"id": "X", "affected": {}}'}, "affected"),
        ({"a.txt": '{"id": "X"}'}, "There are no advisories"),
    ],
)
def test_a_database_that_cannot_be_read_is_an_error(
    records: Mapping[str, str], says: str, tmp_path: Path
) -> None:
    folder = tmp_path / "database"
    folder.mkdir()
    for name, text in records.items():
        (folder / name).write_text(text, encoding="utf-8")
    report = _reported(tmp_path, {"requirements.txt": "fine==1\n"}, folder)
    assert report.status == "error"
    assert says in report.reason


@pytest.mark.parametrize("database", [None, Path("/nonexistent/advisories")])
def test_without_a_database_it_says_what_to_set(database: Path | None, tmp_path: Path) -> None:
    request = request_for(tmp_path, {"requirements.txt": "fine==1\n"}, advisories=database)
    report = report_of(ADVISORIES, request)
    assert report.status == "error"
    assert str(database or "GITOPS_ADVISORY_DATABASE") in report.reason
    assert ADVISORIES.is_wanted(request) is (database is not None)


def test_a_database_can_be_one_file_with_a_list(tmp_path: Path) -> None:
    records = [json.loads(file.read_text("utf-8")) for file in DATABASE.glob("*.json")]
    database = tmp_path / "all.json"
    database.write_text(json.dumps(records), encoding="utf-8")
    files = {"requirements.txt": "weak-thing==1.4\n"}
    assert _reported(tmp_path, files, database).status == "failed"


def test_files_that_settle_no_versions_are_not_taken() -> None:
    taken = {*LOCKS, "deep/pylock.dev.toml", "dev-requirements.txt"}
    others = {"pyproject.toml", "package.json", "yarn.lock", "notes.txt", "Cargo.lock"}
    assert {file for file in taken | others if ADVISORIES.takes(file)} == taken
    assert reader_for("Cargo.lock") is None


def _affected(ecosystem: str, events: list[dict[str, str]]) -> Affected:
    return Affected.model_validate(
        {
            "package": {"ecosystem": ecosystem, "name": "n"},
            "ranges": [{"type": "ECOSYSTEM", "events": events}],
        }
    )


@pytest.mark.parametrize(
    ("version", "events", "expected"),
    [
        ("1.0", [{"introduced": "0"}], True),
        ("1.9", [{"introduced": "0"}, {"fixed": "2.0"}], True),
        ("2.0", [{"introduced": "0"}, {"fixed": "2.0"}], False),
        ("2.0", [{"introduced": "0"}, {"last_affected": "2.0"}], True),
        ("2.0.1", [{"introduced": "0"}, {"last_affected": "2.0"}], False),
        ("2.0rc1", [{"introduced": "0"}, {"fixed": "2.0"}], True),
        ("3.5", [{"introduced": "3"}, {"fixed": "2"}, {"introduced": "0"}, {"fixed": "4"}], True),
        ("2.5", [{"introduced": "3"}, {"fixed": "2"}, {"introduced": "0"}, {"fixed": "4"}], False),
        ("1.5", [{"introduced": "0"}, {"limit": "1.4"}], False),
        ("1.5", [{"introduced": "0"}, {"limit": "*"}], True),
    ],
)
def test_events_decide_whether_a_version_is_affected(
    version: str, events: list[dict[str, str]], *, expected: bool
) -> None:
    assert is_affected(version, _affected("PyPI", events), "PyPI") is expected


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=8, unique=True).map(sorted),
    st.integers(0, 41),
    st.sampled_from(["PyPI", "npm"]),
    st.randoms(use_true_random=False),
)
def test_a_version_is_affected_between_its_introduction_and_the_fix_in_any_order_of_events(
    bounds: list[int], number: int, ecosystem: str, random: Random
) -> None:
    events = [
        {"introduced" if at % 2 == 0 else "fixed": f"{bound}.0.0"}
        for at, bound in enumerate(bounds)
    ]
    random.shuffle(events)
    ranges = [*pairwise(bounds), (bounds[-1], 100)][::2]
    expected = any(start <= number < end for start, end in ranges)
    affected = _affected(ecosystem, events)
    assert is_affected(f"{number}.0.0", affected, ecosystem) is expected
    fix = first_fixed(f"{number}.0.0", affected, ecosystem)
    above = [bound for bound in bounds[1::2] if bound > number]
    assert fix == (f"{above[0]}.0.0" if above else "")


def test_a_range_without_a_beginning_and_an_advisory_without_versions_are_refused() -> None:
    with pytest.raises(UnreadableOutput):
        is_affected("1.0", _affected("PyPI", [{"fixed": "2"}]), "PyPI")
    with pytest.raises(UnreadableOutput):
        is_affected("1.0", Affected(), "PyPI")


def test_listed_versions_are_affected_whatever_they_look_like() -> None:
    affected = Affected(versions=("odd version",))
    assert is_affected("odd version", affected, "PyPI")
    assert not is_affected("1.0", affected, "PyPI")


@pytest.mark.parametrize(
    ("vector", "score"),
    [
        (CRITICAL, 9.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:L", 3.7),
        ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", 0.0),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", None),
        ("CVSS:3.1/AV:N", None),
        ("nonsense", None),
    ],
)
def test_base_scores_are_those_of_the_specification(vector: str, score: float | None) -> None:
    assert base_score(vector) == score


@pytest.mark.parametrize(
    ("score", "severity"), [(10, "critical"), (8.9, "high"), (4.0, "medium"), (0.0, "low")]
)
def test_ratings_begin_at_their_least_score(score: float, severity: str) -> None:
    assert rating(score) == severity


def test_the_severity_is_the_databases_word_else_the_worst_score_else_high() -> None:
    scores = ({"type": "CVSS_V3", "score": CRITICAL}, {"type": "CVSS_V3", "score": "2.0"})
    assert severity_of(Record(id="A", severity=scores), Affected()) == "critical"
    word: dict[str, object] = {"severity": "MODERATE"}
    told = Record(id="A", severity=scores, database_specific=word)
    assert severity_of(told, Affected()) == "medium"
    assert severity_of(Record(id="A"), Affected()) == "high"
    of_package = Affected(severity=({"type": "CVSS_V3", "score": "5.0"},))
    assert severity_of(Record(id="A"), of_package) == "medium"
