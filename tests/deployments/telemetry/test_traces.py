"""Traces leave by OTLP where OpenTelemetry's variables say whereto, and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from deployments.telemetry.traces import are_wanted
from tests.docs.documents import PROJECT

PROGRAM = """
import os
from deployments.telemetry.traces import start_tracing
from incidents.telemetry.spans import current_trace, span
print(start_tracing("worker", os.environ))
with span("send page", attributes={"liaison.connection": "pagerduty/main"}):
    print(current_trace())
"""
WITHOUT_SDK = f"import sys\nsys.modules['opentelemetry.sdk.trace'] = None\n{PROGRAM}"


@contextmanager
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """What speaks OTLP over HTTP: its address, and what it was sent."""
    heard: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run(program: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env={**clean, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_traced_reaches_a_collector_at_the_process_s_end():
    with collector() as (address, heard):
        done = run(PROGRAM, OTEL_EXPORTER_OTLP_ENDPOINT=address)
    assert done.returncode == 0, done.stderr
    said, kept = done.stdout.split()
    assert said == "True"
    ((path, body),) = heard
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    names = {one.key: one.value.string_value for one in resource.resource.attributes}
    (span,) = resource.scope_spans[0].spans
    assert (path, names["service.name"], span.name) == ("/v1/traces", "liaison-worker", "send page")
    assert span.trace_id.hex() == kept.split("-")[1]


def test_prefect_traces_nothing_of_its_own():
    """Its spans have what failed in words, and no sieve of ours."""
    program = f"{PROGRAM}from prefect.settings import get_current_settings\n"
    program += "print(get_current_settings().cloud.enable_orchestration_telemetry)\n"
    with collector() as (address, _):
        done = run(program, OTEL_EXPORTER_OTLP_ENDPOINT=address)
    assert done.stdout.split()[-1] == "False", done.stderr


def test_the_operators_name_stays():
    with collector() as (address, heard):
        run(PROGRAM, OTEL_EXPORTER_OTLP_ENDPOINT=address, OTEL_SERVICE_NAME="acme-liaison")
    assert b"acme-liaison" in heard[0][1]


def test_a_collector_that_is_away_stops_nobody():
    with collector() as (address, _):
        pass
    done = run(PROGRAM, OTEL_EXPORTER_OTLP_ENDPOINT=address, OTEL_EXPORTER_OTLP_TIMEOUT="1")
    assert done.returncode == 0, done.stderr


def test_nothing_is_traced_by_itself():
    assert run(PROGRAM).stdout.split() == ["False", "None"]


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_the_standard_variables_say_whether(environ: Mapping[str, str], wanted: bool):
    assert are_wanted(environ) is wanted


def test_without_the_extra_it_says_what_is_missing():
    done = run(WITHOUT_SDK, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    assert "OTEL_EXPORTER_OTLP_ENDPOINT is set" in done.stderr
    assert "pip install 'liaison[tracing]'" in done.stderr
