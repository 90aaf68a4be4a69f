"""Structured logs: one JSON object a line on standard error; addresses masked at info level."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

_ADDRESS = re.compile(r"([\w.+-])[\w.+-]*@([\w-])[\w.-]*")


def mask_addresses(_logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Replace e-mail addresses by `a…@b…` unless debugging: logs are read by more people than the database."""
    if method == "debug":
        return event
    return {key: _ADDRESS.sub(r"\1…@\2…", value) if isinstance(value, str) else value for key, value in event.items()}


def set_up(process: str, level: str = "info") -> None:
    """Configure structlog and the standard library's logging for this process."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            mask_addresses,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(level=max(number, logging.WARNING), stream=sys.stderr)
