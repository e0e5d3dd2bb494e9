"""Structured logs to standard error; standard output belongs to MCP over stdio and to results.

structlog takes as long to import as a quick tool call takes to answer, so the first line brings it.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class _Style(NamedTuple):
    level: str = "info"
    human: bool = False
    components: Mapping[str, str] = {}


class _State:
    """What was asked for, and whether structlog knows it."""

    style = _Style()
    applied = False


def configure_logging(
    level: str, *, human: bool, components: Mapping[str, str] | None = None
) -> None:
    """Log from `level` (debug, info, warning, error) up, as JSON lines or readable.

    `components` names those that have a level of their own.
    """
    _State.style = _Style(level, human, components or {})
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


def _least(style: _Style) -> str:
    return min((style.level, *style.components.values()), key=_LEVELS.__getitem__)


def _drop_lower(
    style: _Style, _logger: object, method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    import structlog  # noqa: PLC0415 - see the module's docstring

    wanted = style.components.get(str(line.get("component")), style.level)
    if _LEVELS.get(method, 40) < _LEVELS[wanted]:
        raise structlog.DropEvent
    return line


def _apply(style: _Style) -> None:
    import structlog  # noqa: PLC0415 - see the module's docstring

    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if style.human
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            partial(_drop_lower, style),
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Plain tracebacks: the structured form prints local variables, which may hold secrets.
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_least(style)),
        # Asked for at each line: what standard error is may change, as it does for stdio.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
