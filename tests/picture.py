"""`python -m tests.picture` draws docs/demo.svg: what `make demo` shows on a terminal."""

import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from tests.factories.terminal import COMMAND, SECONDS, environment

PICTURE = Path(__file__).parents[1] / "docs" / "demo.svg"
UPDATE = "python -m tests.picture"
WIDTH = 100
CONFLICTS_SHOWN = 1
RUNS = "Two of their pipelines"
GATES = "Their quality gates"
GATES_SHOWN = 3
PLANS = "Two changes of many repositories"
APPROVING = "gitops-auditor plan approve"
FAILING = "test/totals"
SAMPLE_ID = "01a208f49652c21a1781ead6"
SAMPLE_COMMIT = "4cac5d5fc5"
SAMPLE_HASH = "6b86e6847466"
FONTS = 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace'


def picture() -> str:
    """The drawing, made from a run of the demo in a new folder."""
    console = Console(
        record=True,
        width=WIDTH,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
    )
    console.print(Text.from_ansi(_excerpt(_demo())))
    return console.export_svg(title="make demo", code_format=_format(), unique_id="demo")


def _demo() -> str:
    with tempfile.TemporaryDirectory() as folder:
        colours = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": str(WIDTH)}
        done = subprocess.run(
            [*COMMAND, "demo", "--once"],
            cwd=folder,
            env=environment(Path(folder) / "unused", **colours),
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=True,
        )
    return done.stdout


def _excerpt(shown: str) -> str:
    """The output without some of its conflicts, so that the picture fits a screen."""
    paragraphs = shown.rstrip().split("\n\n")
    start = next(i for i, text in enumerate(paragraphs) if "Version conflicts" in text) + 1
    end = next(i for i, text in enumerate(paragraphs) if "Impact of" in text)
    kept = paragraphs[: start + CONFLICTS_SHOWN]
    asked = next(i for i, text in enumerate(paragraphs) if GATES in text)
    planned = next(i for i, text in enumerate(paragraphs) if PLANS in text)
    told, _, ran = "\n\n".join(paragraphs[end:asked]).partition(RUNS)
    more = f"... {end - start - CONFLICTS_SHOWN} more"
    return "\n\n".join(
        [
            *(*kept, more, told + RUNS + _failure(ran)),
            *_failed_gates(paragraphs[asked:planned]),
            _undone_plan(paragraphs[planned:]),
        ]
    )


def _undone_plan(paragraphs: list[str]) -> str:
    """The heading, and the last plan, whose steps come one by one, with samples of its numbers."""
    heading = paragraphs[0].splitlines()[0]
    shown = [line for line in paragraphs[-1].splitlines() if APPROVING not in line]
    text = "\n".join([heading, *shown])
    return _settled(re.sub(r"(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])", SAMPLE_HASH, text))


def _failed_gates(paragraphs: list[str]) -> list[str]:
    """The heading, and the gates of the last repository without what differs each time."""
    heading = paragraphs[0].splitlines()[0]
    first, *others = paragraphs[-GATES_SHOWN:]
    shown = [_settled(re.sub(r" at [0-9a-f]{10}", f" at {SAMPLE_COMMIT}", one)) for one in others]
    return [f"{heading}\n{_settled(first)}", *shown]


def _failure(ran: str) -> str:
    """The heading, and the run that fails, without what differs from one run to the next."""
    heading, *lines = ran.splitlines()
    end = next(index for index, line in enumerate(lines) if "Billing" in line)
    shown = [line for line in lines[:end] if FAILING in line and not _is_aside(line)]
    text = "\n".join([heading, *shown, *lines[end:]])
    return _settled(text)


def _settled(text: str) -> str:
    return re.sub(r"[0-9a-f]{24}", SAMPLE_ID, re.sub(r"\d+\.\d s\b", "0.1 s", text))


def _is_aside(line: str) -> bool:
    return "[gitops-auditor]" in line or "publish" in line


def _format() -> str:
    """The template without fonts from elsewhere: a picture must not call anybody."""
    own = re.sub(r"@font-face {{.*?}}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    own = re.sub(r"font-family: [^;]*;", f"font-family: {FONTS};", own)
    own = own.replace("<!-- Generated with Rich https://www.textualize.io -->", "")
    return own.replace("<svg ", '<svg xml:space="preserve" ', 1)


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
    sys.exit(0)
