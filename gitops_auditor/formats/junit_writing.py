"""Suites of cases as JUnit XML, for hosts of code that show it."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

from gitops_auditor.formats.junit import JunitCase, JunitSuite, Outcome

# Characters that XML 1.0 (section 2.2) does not know.
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENTS: Final[dict[Outcome, str]] = {
    "failed": "failure",
    "error": "error",
    "skipped": "skipped",
}


def write_junit(suites: Sequence[JunitSuite]) -> bytes:
    """A report in UTF-8 with the suites and cases in their order, and the counts of each suite.

    A message stands in the attribute and, after the place, in the element: hosts show either.
    Characters that XML does not know are replaced by U+FFFD.
    """
    root = ET.Element("testsuites", _counts([one for it in suites for one in it.cases]))
    for suite in suites:
        attributes = {"name": _clean(suite.name), **_counts(suite.cases)}
        element = ET.SubElement(root, "testsuite", attributes)
        for case in suite.cases:
            _add(element, case)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _counts(cases: Sequence[JunitCase]) -> dict[str, str]:
    found = Counter(case.outcome for case in cases)
    return {
        "tests": str(len(cases)),
        "failures": str(found["failed"]),
        "errors": str(found["error"]),
        "skipped": str(found["skipped"]),
        "time": f"{sum(case.seconds for case in cases):.3f}",
    }


def _add(suite: ET.Element, case: JunitCase) -> None:
    attributes = {"name": case.name, "classname": case.classname, "file": case.file}
    if case.line is not None:
        attributes["line"] = str(case.line)
    attributes["time"] = f"{case.seconds:.3f}"
    kept = {name: _clean(value) for name, value in attributes.items() if value or name == "name"}
    element = ET.SubElement(suite, "testcase", kept)
    tag = _ELEMENTS.get(case.outcome)
    if tag is not None:
        message = _clean(case.message)
        result = ET.SubElement(element, tag, {"message": message})
        result.text = _clean(_placed(case))


def _placed(case: JunitCase) -> str:
    places = [case.file, str(case.line)] if case.file and case.line else [case.file]
    return ": ".join(text for text in (":".join(places), case.message) if text)


def _clean(text: str) -> str:
    return _NO_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text)
