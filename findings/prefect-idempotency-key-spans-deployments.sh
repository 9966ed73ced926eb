#!/usr/bin/env bash
# Prefect's idempotency key belongs to the flow, not to the deployment, and is kept for as long as the run is.
#
# Versions: prefect 3.8.8, fastapi 0.150.0, SQLAlchemy 2.0.51; Python 3.11, server in process on SQLite.
# Guess: a key makes one run of one deployment; two installations that each have a deployment of their own at one
#   server do not meet, and a key that was used for a run which has ended makes a new one.
# Behaviour: POST /deployments/B/create_flow_run with a key that deployment A of the same flow has used answers 200 with
#   A's run, in the state it has (here Completed): nothing runs for B, and nothing says so but the run's deployment_id.
# Seen:
#   first: 201, of deployment A
#   again after its end: 200, the same run, COMPLETED
#   by deployment B: 200, the same run, of deployment A, COMPLETED
# Exit: 0 while it is so, 1 if it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check prefect==3.8.8 fastapi==0.150.0 "sqlalchemy[asyncio]==2.0.51" 2>/dev/null
export PREFECT_HOME="$work/home" DO_NOT_TRACK=1 PREFECT_SERVER_ALLOW_EPHEMERAL_MODE=true PREFECT_LOGGING_LEVEL=ERROR
export PREFECT_SERVER_ANALYTICS_ENABLED=false
cat > "$work/keys.py" <<'PY'
import asyncio

import httpx
from prefect.server.api.server import create_app


async def main() -> None:
    app = create_app(webserver_only=True)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://server/api") as api,
    ):
        flow = (await api.post("/flows/", json={"name": "intake"})).json()["id"]
        ids = {
            name: (await api.post("/deployments/", json={"name": name, "flow_id": flow})).json()["id"] for name in "AB"
        }
        names = {identifier: name for name, identifier in ids.items()}

        async def ring(name: str) -> tuple[int, dict]:
            answer = await api.post(f"/deployments/{ids[name]}/create_flow_run", json={"idempotency_key": "ring-1"})
            return answer.status_code, answer.json()

        status, first = await ring("A")
        print(f"first: {status}, of deployment {names[first['deployment_id']]}")
        for state in ("RUNNING", "COMPLETED"):
            await api.post(f"/flow_runs/{first['id']}/set_state", json={"state": {"type": state}, "force": True})
        status, again = await ring("A")
        same = "the same run" if again["id"] == first["id"] else "a new run"
        print(f"again after its end: {status}, {same}, {again['state_type']}")
        status, other = await ring("B")
        same = "the same run" if other["id"] == first["id"] else "a new run"
        print(f"by deployment B: {status}, {same}, of deployment {names[other['deployment_id']]}, {other['state_type']}")


asyncio.run(main())
PY
"$work/venv/bin/python" "$work/keys.py" | tee "$work/seen"
diff "$work/seen" - <<'SEEN'
first: 201, of deployment A
again after its end: 200, the same run, COMPLETED
by deployment B: 200, the same run, of deployment A, COMPLETED
SEEN
