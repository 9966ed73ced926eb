"""Traces by OTLP, where OpenTelemetry's own variables say whereto; nothing of it otherwise."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

from opentelemetry import trace

from incidents.errors import LiaisonError

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")

OF_PREFECT = "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY"
"""Prefect 3's variable for spans of its own, which it makes unless told not to."""


class NoTracing(LiaisonError):
    """Traces are asked for and cannot be made; the message has the cure."""


def are_wanted(environ: Mapping[str, str]) -> bool:
    """Whether there is an endpoint, and nobody says no."""
    is_off = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    exporter = environ.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower()
    return any(environ.get(name) for name in ENDPOINTS) and not is_off and exporter == "otlp"


def start_tracing(role: str, environ: MutableMapping[str, str]) -> bool:
    """Export what this process traces from now on, if the environment asks for it; whether it does.

    The exporter reads all further variables (headers, certificate, sampler, time-outs) itself. What is left at the
    process's end is sent then. Prefect's own spans are switched off in `environ`, which it reads when it is imported:
    they carry runs' names, states and messages of errors, and go by no sieve of ours. Raises `NoTracing`.
    """
    if not are_wanted(environ):
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - an extra
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        named = next(name for name in ENDPOINTS if environ.get(name))
        raise NoTracing(
            f"{named} is set and OpenTelemetry's SDK is not installed: pip install 'liaison[tracing]', or take the "
            "variable away"
        ) from error
    names = {"service.name": f"liaison-{role}"} if not environ.get("OTEL_SERVICE_NAME") else {}
    provider = TracerProvider(resource=Resource.create(names))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    environ[OF_PREFECT] = "false"
    return True
