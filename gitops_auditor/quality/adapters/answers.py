"""Reads what a foreign server's tool answered, and believes no more of it than it shows."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

from gitops_auditor.connections.results import CallResult
from gitops_auditor.errors import JsonValue
from gitops_auditor.formats.findings import Finding, Severity
from gitops_auditor.linters.rebasing import all_asked, asked
from gitops_auditor.linters.tool import Request, UnreadableOutput
from gitops_auditor.quality.adapters.mapping import Answer, FlagAnswer, JsonAnswer, TextAnswer

_QUOTED: Final = 300


def read_answer(answer: Answer, result: CallResult, request: Request, server: str) -> list[Finding]:
    """What the tool found in the files of the request; `server` is the name in the findings.

    Raises UnreadableOutput with a sentence when it does not show that it looked at each of them.
    """
    if isinstance(answer, TextAnswer):
        return _read_text(answer, result, request, server)
    if result.is_error:
        raise UnreadableOutput(f"It answered with an error: {_first_words(result.text)}")
    if isinstance(answer, FlagAnswer):
        return _read_flag(answer, result, request, server)
    return _read_json(answer, result, request, server)


def _read_json(
    answer: JsonAnswer, result: CallResult, request: Request, server: str
) -> list[Finding]:
    reports = list(_reports(answer, result))
    if not reports:
        raise UnreadableOutput("There is no report in its answer.")
    seen: list[str] = []
    found: list[Finding] = []
    for report in reports:
        _require_empty(answer.empty, report)
        files = _looked_at(answer, report, request)
        seen += files
        found += _findings(answer, report, files, request, server)
    if len(set(seen)) != len(seen):
        raise UnreadableOutput("It reported the same file twice.")
    all_asked(seen, request)
    return found


def _reports(answer: JsonAnswer, result: CallResult) -> Iterator[JsonValue]:
    if answer.reports == "structured":
        if not isinstance(result.structured, dict):
            raise UnreadableOutput("It gave no structured result.")
        yield result.structured
        return
    for line in result.text.split("\n"):
        if line.startswith("{"):
            yield _parsed(line)


def _parsed(line: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(line)
    except (ValueError, RecursionError):
        raise UnreadableOutput("Its report is not JSON.") from None
    return value


def _looked_at(answer: JsonAnswer, report: JsonValue, request: Request) -> list[str]:
    if not answer.looked_at:
        return list(request.files)
    told = at(report, answer.looked_at)
    paths = told if isinstance(told, list) else [told]
    return [_named(answer, path, request) for path in paths]


def _named(answer: JsonAnswer, told: JsonValue, request: Request) -> str:
    path = _text(told, "which file it means")
    if answer.names and len(request.files) == 1 and path == PurePosixPath(request.files[0]).name:
        return request.files[0]
    return asked(path, request)


def _findings(
    answer: JsonAnswer, report: JsonValue, files: list[str], request: Request, server: str
) -> Iterator[Finding]:
    listed = at(report, answer.findings)
    if not isinstance(listed, list):
        raise UnreadableOutput(f"Its report has no list at {answer.findings}.")
    counts = [at(report, pointer) for pointer in answer.totals]
    if counts and sum(map(_count, counts)) != len(listed):
        raise UnreadableOutput(f"It lists {len(listed)} findings and counts another number.")
    for item in listed:
        _require_read(answer, item)
        file = _file_of(answer, item, files, request)
        yield _finding(answer, item, file, server)


def _count(value: JsonValue) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnreadableOutput("It does not count its findings.")
    return value


def _require_read(answer: JsonAnswer, item: JsonValue) -> None:
    for pointer, pattern in answer.unread:
        value = at(item, pointer)
        if pattern.match(value if isinstance(value, str) else json.dumps(value)):
            said = at(item, answer.fields.message)
            raise UnreadableOutput(f"It could not look at a file: {_first_words(str(said))}")


def _file_of(answer: JsonAnswer, item: JsonValue, files: list[str], request: Request) -> str:
    if answer.fields.file:
        return _named(answer, at(item, answer.fields.file), request)
    if len(files) != 1:
        raise UnreadableOutput("It does not say which file a finding is in.")
    return files[0]


def _finding(answer: JsonAnswer, item: JsonValue, file: str, server: str) -> Finding:
    fields = answer.fields
    rule = at(item, fields.rule) if fields.rule else None
    return Finding(
        tool=server,
        rule=server if rule is None else _text(rule, "a rule"),
        severity=_severity(answer, at(item, fields.severity) if fields.severity else None),
        message=_text(at(item, fields.message), "a message"),
        file=file,
        line=_position(item, fields.line),
        column=_position(item, fields.column),
        end_line=_position(item, fields.end_line),
    )


def _severity(answer: JsonAnswer, word: JsonValue) -> Severity:
    if not answer.severities:
        return answer.severity
    severity = answer.severities.get(word if isinstance(word, str) else json.dumps(word))
    if severity is None:
        raise UnreadableOutput(f"It calls a finding {json.dumps(word)[:40]}, whatever that means.")
    return severity


def _position(item: JsonValue, pointer: str) -> int | None:
    value = at(item, pointer) if pointer else None
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnreadableOutput(f"It has no number at {pointer} of a finding.")
    # Some count lines of what is about a whole file as 0.
    return value or None


def _read_flag(
    answer: FlagAnswer, result: CallResult, request: Request, server: str
) -> list[Finding]:
    _require_empty(answer.empty, result.structured)
    flag = at(result.structured, answer.flag)
    if not isinstance(flag, bool):
        raise UnreadableOutput(f"It has no true or false at {answer.flag}.")
    (file,) = request.files
    wrong = Finding(
        tool=server,
        rule=answer.rule,
        severity=answer.severity,
        message=answer.message,
        file=file,
        fix=f"{answer.fix} {file}" if answer.fix else "",
    )
    return [wrong] if flag else []


def _read_text(
    answer: TextAnswer, result: CallResult, request: Request, server: str
) -> list[Finding]:
    looked = answer.looked.search(result.text)
    if looked is None or answer.broken.search(result.text):
        raise UnreadableOutput(f"It did not look at the file: {_first_words(result.text)}")
    (file,) = request.files
    matches = list(answer.finding.finditer(result.text))
    for word in answer.severities:
        told = sum(match["severity"] == word for match in matches)
        if told != int(looked[word]):
            raise UnreadableOutput(f"It counts {looked[word]} times {word} and tells of {told}.")
    if result.is_error and not matches:
        raise UnreadableOutput(f"It answered with an error: {_first_words(result.text)}")
    return [_text_finding(answer, match, file, server) for match in matches]


def _text_finding(answer: TextAnswer, match: re.Match[str], file: str, server: str) -> Finding:
    line = int(match["line"] or 0)
    return Finding(
        tool=server,
        rule=answer.rule,
        severity=answer.severities[match["severity"]],
        message=match["message"],
        file=file,
        line=line or None,
    )


def _require_empty(pointers: tuple[str, ...], report: JsonValue) -> None:
    for pointer in pointers:
        if wrong := at(report, pointer):
            raise UnreadableOutput(f"It says that it failed: {_first_words(json.dumps(wrong))}")


def at(value: JsonValue, pointer: str) -> JsonValue:
    """What a JSON pointer (RFC 6901) of plain names leads to, None when there is nothing."""
    for name in pointer.split("/")[1:]:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _text(value: JsonValue, what: str) -> str:
    if not isinstance(value, str):
        raise UnreadableOutput(f"It does not tell {what}.")
    return value


def _first_words(text: str) -> str:
    return " ".join(text.split())[:_QUOTED] or "it gives no reason"
