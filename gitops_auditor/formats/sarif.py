"""SARIF 2.1.0 (OASIS standard, 27 March 2020) as tools write it; sections of it are given below.

It is read strictly where a mistake could make results disappear, and leniently elsewhere: what is
not read (code flows, snippets, fixes, graphs) may have any shape. Columns are as the tool counts.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from gitops_auditor.formats.sarif_messages import message_text
from gitops_auditor.formats.sarif_nodes import (
    Object,
    UnreadableSarif,
    as_object,
    choice,
    objects,
    optional_object,
    refuse_elsewhere,
    required_flag,
    text,
)
from gitops_auditor.formats.sarif_places import Places
from gitops_auditor.formats.sarif_rules import Level, Rules, SarifRule, default_level, level

__all__ = ["Level", "SarifResult", "SarifRule", "SarifRun", "UnreadableSarif", "read_sarif"]

MAX_BYTES: Final = 64_000_000
VERSION: Final = "2.1.0"

_KINDS: Final = ("fail", "open", "review", "pass", "informational", "notApplicable")
_HARMLESS: Final = ("pass", "informational", "notApplicable")
_STATES: Final = ("new", "unchanged", "updated", "absent")
_STATUSES: Final = ("accepted", "underReview", "rejected")

_Standing = Literal["open", "suppressed", "gone", "harmless"]


@dataclass(frozen=True, slots=True)
class SarifResult:
    """Something that a tool found (3.27), at the first of its locations.

    `file` is relative to the root, and empty for what has no file. `level` is the one that the
    result or else its rule has; tools disagree on what levels mean.
    """

    rule: str
    level: Level
    message: str
    file: str = ""
    line: int | None = None
    column: int | None = None
    end_line: int | None = None


@dataclass(frozen=True, slots=True)
class SarifRun:
    """One run of a tool (3.14). `version` is empty when the tool does not say.

    `suppressed` counts results that are accepted as they are (3.27.23), `gone` those that only the
    baseline has (3.27.24), `harmless` those that say something is well (3.27.9); the other ones are
    `results`. `failures` says why the run was not successful, a sentence each.
    `artifacts` are files that it says to have looked at, None when it does not say.
    """

    tool: str
    version: str
    rules: Mapping[str, SarifRule]
    results: tuple[SarifResult, ...]
    suppressed: int
    gone: int
    harmless: int
    failures: tuple[str, ...]
    artifacts: frozenset[str] | None

    @property
    def successful(self) -> bool:
        """Nothing says that the tool could not do all of its work."""
        return not self.failures


def read_sarif(content: bytes, *, root: Path | str) -> list[SarifRun]:
    """The runs of a document, at least one. Files below `root`, an absolute path, are named by it.

    Raises UnreadableSarif for what is not a whole document of version 2.1.0, names files outside of
    the root, keeps parts of itself elsewhere, or does not say what it found.
    """
    document = as_object(_parsed(content), "The document")
    if document.get("version") != VERSION:
        raise UnreadableSarif(f"The document is not of version {VERSION}.")
    refuse_elsewhere(document, "inlineExternalProperties")
    runs = objects(document, "runs")
    if not runs:
        raise UnreadableSarif("The document holds no runs.")
    return [_read_run(run, str(root)) for run in runs]


def _parsed(content: bytes) -> object:
    if len(content) > MAX_BYTES:
        raise UnreadableSarif(f"The document has more than {MAX_BYTES} bytes.")
    try:
        return json.loads(
            content.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except RecursionError:
        raise UnreadableSarif("The document is nested too deeply.") from None
    except ValueError as error:
        raise UnreadableSarif(f"The document is not JSON: {str(error)[:200]}.") from None


def _unique(pairs: list[tuple[str, object]]) -> Object:
    """An object; of a key that is there twice, readers see one value or the other."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("an object has the same key twice")
    return made


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no number")


def _read_run(run: Object, root: str) -> SarifRun:
    refuse_elsewhere(run, "externalPropertyFileReferences")
    rules = Rules(optional_object(run, "tool"))
    name = text(rules.driver, "name")
    if not name:
        raise UnreadableSarif("A run does not say which tool it is of.")
    if "results" not in run:
        raise UnreadableSarif(f"{name[:80]} does not say what it found.")
    places = Places(run, root)
    found = objects(run, "results") if run["results"] is not None else []
    standings = [_standing(result) for result in found]
    open_ones = [one for one, stands in zip(found, standings, strict=True) if stands == "open"]
    counts = Counter(standings)
    return SarifRun(
        tool=name,
        version=text(rules.driver, "version") or text(rules.driver, "semanticVersion"),
        rules=rules.described(),
        results=tuple(_read_result(result, rules, places) for result in open_ones),
        suppressed=counts["suppressed"],
        gone=counts["gone"],
        harmless=counts["harmless"],
        failures=tuple(_failures(run)),
        artifacts=places.artifacts(),
    )


def _standing(result: Object) -> _Standing:
    """Whether a result is open; it is suppressed only when every suppression is accepted."""
    kind = choice(result, "kind", _KINDS, "fail")
    state = choice(result, "baselineState", _STATES, "new")
    suppressions = objects(result, "suppressions")
    statuses = {choice(one, "status", _STATUSES, "accepted") for one in suppressions}
    if kind in _HARMLESS:
        return "harmless"
    if state == "absent":
        return "gone"
    return "suppressed" if statuses == {"accepted"} else "open"


def _read_result(result: Object, rules: Rules, places: Places) -> SarifResult:
    name, rule = rules.of(result)
    fails = choice(result, "kind", _KINDS, "fail") == "fail"
    place = places.of(result)
    return SarifResult(
        rule=name,
        level=level(result, default_level(rule) if fails else "none"),
        message=message_text(optional_object(result, "message"), rule, rules.driver),
        file=place.file,
        line=place.line,
        column=place.column,
        end_line=place.end_line,
    )


def _failures(run: Object) -> list[str]:
    """3.14.23 (results are null when it could not begin), 3.20.14, 3.20.21, 3.20.22."""
    told = ["It could not begin to look: its results are null."] if run["results"] is None else []
    for invocation in objects(run, "invocations"):
        if not required_flag(invocation, "executionSuccessful"):
            reason = text(invocation, "exitCodeDescription")
            told.append(f"It says that it was not successful. {reason}".strip())
        for key in ("toolExecutionNotifications", "toolConfigurationNotifications"):
            notices = objects(invocation, key)
            told += [_told(one) for one in notices if level(one, "warning") == "error"]
    return told


def _told(notification: Object) -> str:
    said = text(optional_object(notification, "message"), "text")
    return said[:500] or "It says that an error happened."
