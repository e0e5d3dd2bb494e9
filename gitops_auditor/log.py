"""Structured logs to standard error; standard output belongs to MCP over stdio and to results.

structlog takes as long to import as a quick tool call takes to answer, so the first line brings it.
"""

import logging
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class _Style(NamedTuple):
    level: str = "info"
    human: bool = False


class _State:
    """What was asked for, and whether structlog knows it."""

    style = _Style()
    applied = False


def configure_logging(level: str, *, human: bool) -> None:
    """Log from `level` (debug, info, warning, error) up, as JSON lines or readable."""
    _State.style = _Style(level, human)
    _State.applied = False
    # Libraries tell of their everyday as info; at that level only our own lines are wanted.
    libraries = "WARNING" if level == "info" else level.upper()
    logging.basicConfig(level=libraries, stream=sys.stderr, force=True)
    # It warns of every query that ends with its task; what fails is raised as well.
    logging.getLogger("psycopg").setLevel("ERROR")


def get_logger(name: str) -> "FilteringBoundLogger":
    """A logger whose lines carry `name` as the component."""
    return cast("FilteringBoundLogger", _Logger(name))


class _Logger:
    """Stands for a structlog logger until its first line."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, method: str) -> Any:
        import structlog  # noqa: PLC0415 - see the module's docstring

        if not _State.applied:
            _apply(_State.style)
            _State.applied = True
        return getattr(structlog.get_logger(component=self._name), method)


def _apply(style: _Style) -> None:
    import structlog  # noqa: PLC0415 - see the module's docstring

    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if style.human
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Plain tracebacks: the structured form prints local variables, which may hold secrets.
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(style.level),
        # Asked for at each line: what standard error is may change, as it does for stdio.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
