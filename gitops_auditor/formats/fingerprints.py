"""Names for findings that stay the same when lines move, so that old ones can be told from new."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from gitops_auditor.formats.findings import Finding

LENGTH: Final = 32
"""Hexadecimal digits of a fingerprint."""

ReadLine = Callable[[str, int], str | None]
"""The text of a line (from 1) of a file; None when the file has no such line or is gone."""

_DIGITS = re.compile(r"\d+")


def fingerprinted(findings: Iterable[Finding], read_line: ReadLine) -> list[Finding]:
    """The findings in their order, each with its fingerprint; one that it had is replaced.

    It is made of tool, rule, file, the text of the line without regard to white space, and how many
    such came before in the file. Without a line the message stands for the text, without its
    digits. The order of the findings makes no difference.
    """
    given = list(findings)
    subjects = [_subject(finding, read_line) for finding in given]
    earlier: Counter[str] = Counter()
    made: dict[int, str] = {}
    for at in sorted(range(len(given)), key=lambda at: _place(given[at])):
        subject = subjects[at]
        made[at] = _digest(subject, earlier[subject])
        earlier[subject] += 1
    return [one.model_copy(update={"fingerprint": made[at]}) for at, one in enumerate(given)]


def _subject(finding: Finding, read_line: ReadLine) -> str:
    text = read_line(finding.file, finding.line) if finding.file and finding.line else None
    about = ["message", _DIGITS.sub("", finding.message)] if text is None else ["line", text]
    words = [about[0], " ".join(about[1].split())]
    return json.dumps([finding.tool, finding.rule, finding.file, *words])


def _place(finding: Finding) -> tuple[int, int, int, str, str, str]:
    """Findings that are the same in all of this are exchangeable."""
    numbers = (finding.line or 0, finding.column or 0, finding.end_line or 0)
    return (*numbers, finding.message, finding.severity, finding.fix)


def _digest(subject: str, before: int) -> str:
    return hashlib.sha256(f"{subject}{before}".encode("ascii")).hexdigest()[:LENGTH]
