"""Structured logs: one JSON object a line on standard error; addresses masked at info level."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

_ADDRESS = re.compile(r"([\w.+-])[\w.+-]*@([\w-])[\w.-]*")


def mask_addresses(_logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Replace e-mail addresses by `a…@b…` unless debugging: logs are read by more people than the database."""
    if method == "debug":
        return event
    return {key: _ADDRESS.sub(r"\1…@\2…", value) if isinstance(value, str) else value for key, value in event.items()}


def add_status(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Keep the status that Django notes beside a refused or failed request."""
    status = getattr(event["_record"], "status_code", None)
    return event if status is None else {**event, "status": status}


def _of_libraries(name_process: Processor, renderer: Processor) -> logging.Handler:
    """Write what libraries log by the standard library (Django, waitress, uvicorn) as our own lines are written."""
    before: list[Processor] = [
        name_process,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        add_status,
    ]
    after: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        mask_addresses,
        renderer,
    ]
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=[*before, stamp], processors=after))
    return handler


def set_up(process: str, level: str = "info") -> None:
    """Configure structlog and the standard library's logging for this process."""

    def name_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        # No context variable: threads that others start would not have it.
        return {**event, "process": process}

    renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            name_process,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            mask_addresses,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[_of_libraries(name_process, renderer)], force=True)
