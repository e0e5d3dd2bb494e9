"""A report as PDF, set by Typst. Nothing is fetched: fonts come with it or from the machine."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from importlib import resources
from typing import TYPE_CHECKING, Final

from gitops_auditor.quality.reports.composition import document
from gitops_auditor.quality.reports.data import ReportData
from gitops_auditor.quality.reports.document import Block, Chart, Document, Issues
from gitops_auditor.quality.reports.wording import count, shortened

if TYPE_CHECKING:
    from typst import Compiler

LONGEST_TEXT: Final = 600
_KEPT: Final = 10
_FOREIGN: Final = re.compile(r"[^\x00-\u058f\u1e00-\u2bff\ufffd]")
"""Characters that the fonts which come with Typst may not have."""
_LONG_WORD: Final = re.compile(r"\S{24,}")
_PIECE: Final = re.compile(r"[^/_.:@-]{1,16}[/_.:@-]*|[/_.:@-]+")


def as_pdf(data: ReportData) -> bytes:
    """The PDF, on A4 paper, tagged for readers of screens.

    Names and messages are data of the template, so nothing in them is markup. The same data gives
    the same bytes. Blocks for tenths of a second: call it in a thread.
    """
    import typst  # noqa: PLC0415 - costs time that only who makes a PDF has to spend

    text = json.dumps(_breakable(_plain(document(data))), ensure_ascii=False)
    template = resources.files(__package__).joinpath("report.typ").read_bytes()
    content = typst.compile(
        template,
        format="pdf",
        ignore_system_fonts=_FOREIGN.search(text) is None,
        sys_inputs={"document": text},
        timestamp=data.generated_at.replace(microsecond=0),
    )
    _forget(typst.Compiler(ignore_system_fonts=True))
    if not isinstance(content, bytes):
        raise TypeError("Typst gave several files for one PDF.")
    return content


def _forget(compiler: "Compiler") -> None:
    """Typst keeps what it laid out for ten more documents: in a service hundreds of megabytes."""
    for _ in range(_KEPT + 1):
        compiler.compile(b"", format="pdf")


def _plain(report: Document) -> dict[str, object]:
    return {
        "title": report.title,
        "running": shortened(report.title, 80),
        "lead": report.lead,
        "facts": report.facts,
        "sections": [
            {"title": section.title, "blocks": [_block(one) for one in section.blocks]}
            for section in report.sections
        ],
    }


def _block(block: Block) -> dict[str, object]:
    known: dict[str, object] = asdict(block)
    if isinstance(block, Chart):
        known["empty-shown"] = block.is_empty
    if isinstance(block, Issues):
        known["more-shown"] = f"{count(block.more)} more are not shown." if block.more else ""
    return known


def _breakable(value: object) -> object:
    """The same data; words too long for a column get places where a line may end."""
    if isinstance(value, str):
        return _LONG_WORD.sub(_with_breaks, shortened(value, LONGEST_TEXT))
    if isinstance(value, Mapping):
        return {key: _breakable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_breakable(one) for one in value]
    return value


def _with_breaks(word: re.Match[str]) -> str:
    return "\N{ZERO WIDTH SPACE}".join(_PIECE.findall(word[0]))
