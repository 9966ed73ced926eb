"""What is counted of Prefect's access log is what an incident asks for."""

from __future__ import annotations

from bench.prefect_calls import counted

LOG = """\
INFO | "POST /api/flow_runs/f6b64994-d6fc-4c71-ab12-ac4c0acf1fe8/set_state HTTP/1.1" 201
INFO | "POST /api/flow_runs/2bedbeb0-e10d-41fd-875b-66c4b05907af/set_state HTTP/1.1" 201
INFO | "POST /api/work_pools/liaison/get_scheduled_flow_runs HTTP/1.1" 200
INFO | "GET /api/block_types/slug/zendesk/block_documents?offset=0&limit=200 HTTP/1.1" 200
INFO | "GET /api/block_types/slug/zendesk/block_documents/name/demo HTTP/1.1" 200
something else says GET /api/health
"""


def test_requests_by_the_clock_are_not_the_incidents():
    assert counted(LOG) == {
        "POST /api/flow_runs/ID/set_state": 2,
        "GET /api/block_types/slug/zendesk/block_documents/name/demo": 1,
    }
