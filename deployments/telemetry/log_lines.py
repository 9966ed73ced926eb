"""A role's log as lines of JSON: when, what, which incident, which run; without secrets.

Prefect sets up the logging of whoever imports it, by variables of the environment; these name our handler and formatter
there. So its server's lines, its workers' and flows', and ours are all made here.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

from opentelemetry import trace

from deployments.commands.doctor.masking import Masking, secrets_of_environment
from incidents.errors import LiaisonError
from incidents.links.signed import keys_in
from incidents.telemetry.confided import confided
from incidents.telemetry.subject import current_incident

FORMAT = "LIAISON_LOG_FORMAT"
ROLE = "LIAISON_ROLE"
UNREADABLE = "[a line that could not be searched for secrets]"


class NoSuchFormat(LiaisonError):
    """The variable says something else than `text` or `json`."""


def log_settings(role: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that this role's process wants, before Prefect is imported; none for a log as Prefect has it. What
    the operator has set of them stays. Raises `NoSuchFormat`."""
    wanted = environ.get(FORMAT, "text").strip().lower()
    if wanted not in {"text", "json"}:
        raise NoSuchFormat(f"{FORMAT} is {wanted[:40]!r}: it may be text or json")
    if wanted == "text":
        return {}
    settings = {
        ROLE: role,
        "PREFECT_LOGGING_HANDLERS_CONSOLE_CLASS": f"{__name__}.{LineHandler.__name__}",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER": "json",
        "PREFECT_LOGGING_FORMATTERS_JSON_CLASS": f"{__name__}.{JsonLines.__name__}",
    }
    return {name: value for name, value in settings.items() if name == ROLE or name not in environ}


class LineHandler(logging.StreamHandler[TextIO]):
    """A line a record, as it is. `styles` are for Prefect's own handler, which colours and breaks lines."""

    def __init__(self, stream: TextIO | None = None, styles: Mapping[str, str] | None = None) -> None:
        super().__init__(stream)


class JsonLines(logging.Formatter):
    """An object a line; which members there are stands in docs/monitoring.md."""

    def __init__(self, *_: object) -> None:
        super().__init__()
        self._role = os.environ.get(ROLE, "")
        self._of_environment = frozenset(secrets_of_environment(os.environ)) | frozenset(
            keys_in(os.environ.get("LIAISON_KEY", ""))
        )
        self._known: frozenset[str] | None = None
        self._masking = Masking(())

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON, in one line, with every secret of this process masked."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "role": self._role,
            "logger": record.name,
            "message": self._masked(record.getMessage()),
            "incident": current_incident(),
            **self._run_of(record),
            **_trace(),
            "error": self._masked(self.formatException(record.exc_info)) if record.exc_info else None,
        }
        return json.dumps({name: value for name, value in told.items() if value}, ensure_ascii=False)

    def _run_of(self, record: logging.LogRecord) -> dict[str, object]:
        """The run that says it; the run in which it is said, where somebody else than Prefect's logger does. Names are
        masked: they hold what people typed into forms."""
        run, name = getattr(record, "flow_run_id", None), getattr(record, "flow_run_name", None)
        context = sys.modules.get("prefect.context")
        # Only looked at where it is imported: this is loaded while Prefect is.
        inside = getattr(context, "FlowRunContext", None)
        here = inside.get() if inside is not None and not run else None
        if (found := getattr(here, "flow_run", None)) is not None:
            run, name = str(found.id), found.name
        names = {"run_name": name, "task": getattr(record, "task_run_name", None)}
        return {"run": run} | {key: self._masked(str(value)) for key, value in names.items() if value}

    def _masked(self, text: str) -> str:
        try:
            return self._mask().mask(text)
        except Exception:  # noqa: BLE001 - whatever fails in the sieves, what they let through is not shown
            return UNREADABLE

    def _mask(self) -> Masking:
        known = self._of_environment | confided()
        if known != self._known:
            self._known, self._masking = known, Masking(known)
        return self._masking


def _trace() -> dict[str, object]:
    here = trace.get_current_span().get_span_context()
    if not here.is_valid:
        return {}
    return {"trace": trace.format_trace_id(here.trace_id), "span": trace.format_span_id(here.span_id)}
