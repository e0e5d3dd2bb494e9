"""What the linters really printed over two files each: without a fault, and with one in the second.

The roots are /w and the folders of their own /s. `is_clean` says of a bare output, in the simplest
way there is, whether it is word for word what a tool prints over files without faults.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gitops_auditor.linters.tool import Ended, Request, Tool
from gitops_auditor.linters.tools.hadolint import HADOLINT
from gitops_auditor.linters.tools.mypy import MYPY
from gitops_auditor.linters.tools.ruff import RUFF
from gitops_auditor.linters.tools.ruff_format import RUFF_FORMAT
from gitops_auditor.linters.tools.shellcheck import SHELLCHECK
from gitops_auditor.linters.tools.yamllint import YAMLLINT
from gitops_auditor.linters.tools.zizmor import ZIZMOR


@dataclass(frozen=True)
class Recording:
    """A tool's word over the same two files."""

    tool: Tool
    request: Request
    clean: Ended
    faulty: Ended
    is_clean: Callable[[Ended], bool]


def request_of(*files: str) -> Request:
    """Two files, or others, in the root of the recordings."""
    return Request(Path("/w"), files, None, Path("/s"))


def ended(code: int, stdout: str, stderr: str = "") -> Ended:
    """An end."""
    return Ended(code, stdout.encode(), stderr.encode(), 0.1)


def _says(end: Ended, code: int, stdout: str, *stderr: str) -> bool:
    lines = end.stderr.decode(errors="replace").split("\n")
    return (
        end.exit_code == code
        and "".join(end.stdout.decode(errors="replace").split()) == "".join(stdout.split())
        and all(any(line.endswith(mark) for line in lines) for mark in stderr)
    )


def _bare(end: Ended) -> Ended:
    """Without declarations of XML."""
    return replace(end, stdout=re.sub(rb"<\?xml [^>]*\?>", b"", end.stdout))


_STAMP: Final = "[2026-11-23][17:50:11]"
_CHECKED: Final = f"""\
{_STAMP}[ruff::resolve][DEBUG] Using Ruff default settings
{_STAMP}[ruff::commands::check][DEBUG] Identified files to lint in: 1.657157ms
{_STAMP}[ruff::diagnostics][DEBUG] Checking: /w/a.py
{_STAMP}[ruff::diagnostics][DEBUG] Checking: /w/b.py
{_STAMP}[ruff::commands::check][DEBUG] Checked 2 files in: 415.908\u00b5s
"""
_FORMATTED: Final = f"""\
{_STAMP}[ruff::resolve][DEBUG] Using Ruff default settings
{_STAMP}[ruff::commands::format][DEBUG] format_path; path=/w/a.py
{_STAMP}[tracing::span][DEBUG] Printer::print;
{_STAMP}[ruff::commands::format][DEBUG] format_path; path=/w/b.py
{_STAMP}[tracing::span][DEBUG] Printer::print;
{_STAMP}[ruff::commands::format][DEBUG] Formatted 2 files in 398.71\u00b5s
"""
_UNUSED: Final = """\
[
  {
    "cell": null,
    "code": "F401",
    "end_location": {"column": 10, "row": 1},
    "filename": "/w/b.py",
    "fix": {
      "applicability": "safe",
      "edits": [],
      "message": "Remove unused import: `os`"
    },
    "location": {"column": 8, "row": 1},
    "message": "`os` imported but unused",
    "name": "unused-import",
    "noqa_row": 1,
    "severity": "error",
    "url": null
  }
]"""
_UNFORMATTED: Final = """\
[
  {
    "cell": null,
    "code": "unformatted",
    "end_location": {"column": 3, "row": 1},
    "filename": "/w/b.py",
    "fix": {"applicability": "safe", "edits": [], "message": null},
    "location": {"column": 2, "row": 1},
    "message": "File would be reformatted",
    "name": "unformatted",
    "noqa_row": null,
    "severity": "error",
    "url": null
  }
]"""
_SHELL: Final = """\
<?xml version='1.0' encoding='UTF-8'?>
<checkstyle version='4.3'>
<file name='a.sh' >
</file>
<file name='b.sh' >
</file>
</checkstyle>
"""
_UNQUOTED: Final = """\
<error line='2' column='6' severity='info' message='Double quote.' source='ShellCheck.SC2086' />
"""
_DOCKER: Final = (
    '<?xml version="1.0" encoding="UTF-8"?><checkstyle version="4.3">'
    '<file name="Dockerfile"/><file name="b.Dockerfile"/></checkstyle>'
)
_FILES: Final = _DOCKER.partition("?>")[2]
_UNTAGGED: Final = (
    '<error column="1" line="1" message="Always tag." severity="warning" source="DL3006"/>'
)
_END: Final = "[Errno 2] No such file or directory: '/s/the-end'"
_TWICE: Final = 'b.yaml:2:1: [error] duplication of key "a" in mapping (key-duplicates)\n'
_FLOWS: Final = (".github/workflows/a.yml", ".github/workflows/b.yml")
_COMPLETED: Final = "\n".join(
    [
        " INFO zizmor: \U0001f308 zizmor v1.32.0",
        *(f" INFO audit: zizmor: \U0001f308 completed {flow}" for flow in _FLOWS),
        "",
    ]
)
_INJECTION: Final = """\
[
  {
    "ident": "template-injection",
    "desc": "code injection via template expansion",
    "determinations": {"confidence": "High", "severity": "High", "persona": "Regular"},
    "locations": [
      {
        "symbolic": {
          "key": {"Local": {"verbatim_path": ".github/workflows/b.yml"}},
          "annotation": "may expand into attacker-controllable code",
          "feature_kind": "Normal",
          "kind": "Primary"
        },
        "concrete": {
          "location": {
            "start_point": {"row": 8, "column": 22},
            "end_point": {"row": 8, "column": 46}
          }
        }
      }
    ],
    "ignored": false,
    "fixes": []
  }
]"""
_PLANTED: Final = (
    '{"file": "/s/gitops_auditor_planted.py", "line": 2, "column": 0, "end_line": 2,'
    ' "end_column": 22, "message": "Name \\"gitops_auditor_unknown\\" is not defined",'
    ' "hint": null, "code": "name-defined", "severity": "error"}\n'
)
_MISTYPED: Final = (
    '{"file": "b.py", "line": 1, "column": 9, "end_line": 1, "end_column": 11,'
    ' "message": "Incompatible types", "hint": null, "code": "assignment", "severity": "error"}\n'
)

RECORDINGS: Final = (
    Recording(
        RUFF,
        request_of("a.py", "b.py"),
        ended(0, "[]", _CHECKED),
        ended(1, _UNUSED, _CHECKED),
        lambda end: _says(end, 0, "[]", "Checking: /w/a.py", "Checking: /w/b.py"),
    ),
    Recording(
        RUFF_FORMAT,
        request_of("a.py", "b.py"),
        ended(0, "[]", _FORMATTED),
        ended(1, _UNFORMATTED, _FORMATTED),
        lambda end: _says(end, 0, "[]", "path=/w/a.py", "path=/w/b.py"),
    ),
    Recording(
        SHELLCHECK,
        request_of("a.sh", "b.sh"),
        ended(0, _SHELL),
        ended(1, _SHELL.replace("<file name='b.sh' >\n", f"<file name='b.sh' >\n{_UNQUOTED}")),
        lambda end: _says(_bare(end), 0, _SHELL.partition("?>")[2]),
    ),
    Recording(
        HADOLINT,
        request_of("Dockerfile", "b.Dockerfile"),
        ended(0, _DOCKER),
        ended(1, _DOCKER.replace('"b.Dockerfile"/>', f'"b.Dockerfile">{_UNTAGGED}</file>')),
        # Its configuration may ask for reports in other formats, which are empty then too.
        lambda end: any(_says(_bare(end), 0, also + _FILES) for also in ("", "[]", _FILES)),
    ),
    Recording(
        YAMLLINT,
        request_of("a.yaml", "b.yaml"),
        ended(255, "", _END),
        ended(255, _TWICE, _END),
        lambda end: _says(end, 255, "", _END),
    ),
    Recording(
        ZIZMOR,
        request_of(*_FLOWS),
        ended(0, "[]", _COMPLETED),
        ended(0, _INJECTION, _COMPLETED),
        lambda end: _says(end, 0, "[]", *(f"completed {flow}" for flow in _FLOWS)),
    ),
    Recording(
        MYPY,
        request_of("a.py", "b.py"),
        ended(1, _PLANTED),
        ended(1, _PLANTED + _MISTYPED),
        lambda end: _says(end, 1, _PLANTED),
    ),
)
