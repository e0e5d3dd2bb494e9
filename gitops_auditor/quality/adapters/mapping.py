"""How the tools of foreign MCP servers are asked, and where their answers have what they found.

Nothing is believed that a mapping does not name: a tool's answer counts only when it shows that
each file it was asked about was looked at.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gitops_auditor.errors import JsonValue
from gitops_auditor.formats.findings import Severity


@dataclass(frozen=True, slots=True)
class Fields:
    """JSON pointers (RFC 6901) into one finding; empty for what it does not tell.

    `file` is needed in answers about several files whose findings are in one list.
    """

    message: str
    rule: str = ""
    severity: str = ""
    file: str = ""
    line: str = ""
    column: str = ""
    end_line: str = ""


@dataclass(frozen=True, slots=True)
class JsonAnswer:
    """Findings in JSON objects: the structured result, or every line of the text that is one.

    `looked_at` points to the file that a report is about, or to the list of them; without it the
    one file that was asked about is meant. `names` says that files are called by their names alone,
    which takes a tool that is asked about one at a time. What `totals` point to is, taken together,
    the number of findings there have to be. What `empty` points to is missing or empty when the
    tool worked. `unread` are pointers into a finding with patterns; a match says that the file was
    not looked at. `severities` are by the tool's word; a word that is not in it is an error.
    """

    reports: Literal["structured", "lines"]
    findings: str
    fields: Fields
    severities: Mapping[str, Severity] = field(default_factory=dict)
    severity: Severity = "medium"
    looked_at: str = ""
    names: bool = False
    totals: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    unread: tuple[tuple[str, re.Pattern[str]], ...] = ()


@dataclass(frozen=True, slots=True)
class FlagAnswer:
    """One boolean in the structured result: true says that the file is not as it has to be."""

    flag: str
    rule: str
    message: str
    fix: str = ""
    severity: Severity = "low"
    empty: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TextAnswer:
    """Findings in text for people, about one file.

    `finding` matches one, with the groups `severity`, `message` and, if it tells, `line` and
    `tool`. `looked` has to match, with a group for each word of `severities` that holds how many
    there are. A match of `broken` says that something did not work.
    """

    finding: re.Pattern[str]
    looked: re.Pattern[str]
    severities: Mapping[str, Severity]
    broken: re.Pattern[str]
    rule: str


Answer = JsonAnswer | FlagAnswer | TextAnswer


@dataclass(frozen=True, slots=True)
class ToolMapping:
    """One tool. `files` are patterns of the files that it is for.

    In `arguments`, `{{ files }}` stands for the absolute paths of all files. Without it files are
    asked about one by one: `{{ file }}` is the absolute path and `{{ content }}` the text.
    `{{ config }}` is the absolute path of the configuration; it is left out when there is none.
    """

    tool: str
    arguments: Mapping[str, JsonValue]
    answer: Answer
    files: tuple[str, ...] = ("**",)


@dataclass(frozen=True, slots=True)
class ServerMapping:
    """What a kind of server can be asked; None for what it has no tool for."""

    name: str
    lint: ToolMapping | None = None
    format: ToolMapping | None = None
    static: ToolMapping | None = None

    @property
    def tools(self) -> frozenset[str]:
        """The names of its tools, which are how a server of the kind is recognized."""
        return frozenset(one.tool for one in (self.lint, self.format, self.static) if one)
