#!/usr/bin/env bash
# Prefect checks a run's parameters against the flow's schema, and takes one whose name the flow does not have.
#
# Versions: prefect 3.8.8, fastapi 0.150.0, SQLAlchemy 2.0.51; Python 3.11, server in process on SQLite.
# Guess: with enforce_parameter_schema, which is on by default, POST /deployments/{id}/create_flow_run refuses whatever
#   the flow could not be called with: a wrong type, a missing parameter, and a misspelt or unknown one.
# Behaviour: a missing parameter and a wrong type are refused with 409; an unknown name is answered 201 and scheduled,
#   because the schema that Prefect makes of a flow does not forbid further properties. The run fails when a worker
#   calls the flow (seen with a served flow). A remedy that is started so looks started. So: look at the deployment's
#   parameter_openapi_schema oneself before starting it.
# Seen:
#   the right parameter: 201
#   none: 409
#   a wrong type: 409
#   the right one and an unknown one: 201
#   a misspelt optional one beside the right one: 201
# Exit: 0 while it is so, 1 if it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check prefect==3.8.8 fastapi==0.150.0 "sqlalchemy[asyncio]==2.0.51" 2>/dev/null
export PREFECT_HOME="$work/home" DO_NOT_TRACK=1 PREFECT_SERVER_ALLOW_EPHEMERAL_MODE=true PREFECT_LOGGING_LEVEL=ERROR
export PREFECT_SERVER_ANALYTICS_ENABLED=false
cat > "$work/parameters.py" <<'PY'
import asyncio

import httpx
from prefect import flow
from prefect.server.api.server import create_app
from prefect.utilities.callables import parameter_schema


@flow
def restart(host: str, wait: int = 5) -> None: ...


ASKED = {
    "the right parameter": {"host": "web-1"},
    "none": {},
    "a wrong type": {"host": "web-1", "wait": "soon"},
    "the right one and an unknown one": {"host": "web-1", "region": "eu"},
    "a misspelt optional one beside the right one": {"host": "web-1", "wiat": 9},
}


async def main() -> None:
    app = create_app(webserver_only=True)
    schema = parameter_schema(restart).model_dump_for_openapi()
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://server/api") as api,
    ):
        made = (await api.post("/flows/", json={"name": "restart"})).json()["id"]
        body = {"name": "here", "flow_id": made, "parameter_openapi_schema": schema}
        deployment = (await api.post("/deployments/", json=body)).json()
        assert deployment["enforce_parameter_schema"] is True
        for what, parameters in ASKED.items():
            answer = await api.post(
                f"/deployments/{deployment['id']}/create_flow_run", json={"parameters": parameters}
            )
            print(f"{what}: {answer.status_code}")


asyncio.run(main())
PY
"$work/venv/bin/python" "$work/parameters.py" | tee "$work/seen"
diff "$work/seen" - <<'SEEN'
the right parameter: 201
none: 409
a wrong type: 409
the right one and an unknown one: 201
a misspelt optional one beside the right one: 201
SEEN
