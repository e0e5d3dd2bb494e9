"""Structured logs to standard error; standard output belongs to MCP over stdio and to results."""

import logging
import sys
from typing import Any, cast

import structlog
from structlog.typing import FilteringBoundLogger


def configure_logging(level: str, *, human: bool) -> None:
    """Log from `level` (debug, info, warning, error) up, as JSON lines or readable."""
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if human
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
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=level.upper(), stream=sys.stderr, force=True)


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger whose lines carry `name` as the component."""
    return cast("FilteringBoundLogger", structlog.get_logger(component=name))
