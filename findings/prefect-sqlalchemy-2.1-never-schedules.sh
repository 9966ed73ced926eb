#!/usr/bin/env bash
# Prefect 3.8.8 on SQLAlchemy 2.1: the server is healthy, a deployment's schedule is active, and no run is ever made.
#
# Versions: prefect 3.8.8, fastapi 0.150.0, SQLAlchemy 2.1.9 against 2.0.51; Python 3.11, SQLite.
# Guess: prefect 3.8.8 asks for `sqlalchemy>=2.0,<3`, so an installer may take 2.1, and what starts and answers
#   /api/health works.
# Behaviour: with 2.1.9 the scheduler service fails on every pass ("Can't evaluate bulk DML statement", only in the
#   server's log); the API, the UI and runs made by hand go on. With 2.0.51 the same deployment has
#   its next runs within seconds.
# Seen:
#   sqlalchemy 2.0.51: health 200, 3 scheduled runs
#   sqlalchemy 2.1.9: health 200, 0 scheduled runs
# Exit: 0 while it is so, 1 if it changed.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
export PREFECT_HOME="$work/home" DO_NOT_TRACK=1 PREFECT_SERVER_ANALYTICS_ENABLED=false
export PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS=2 PREFECT_LOGGING_LEVEL=WARNING

cat > "$work/scheduled.py" <<'PY'
import datetime
import sys
import time

import httpx

api = sys.argv[1]
with httpx.Client(base_url=api, timeout=20) as client:
    health = client.get("/health").status_code
    flow = client.post("/flows/", json={"name": "hourly"}).json()["id"]
    schedule = {"active": True, "schedule": {"interval": 3600.0, "anchor_date": "2026-01-01T00:00:00Z"}}
    client.post("/deployments/", json={"name": "hourly", "flow_id": flow, "schedules": [schedule]}).raise_for_status()
    made = 0
    until = time.monotonic() + 25
    while not made and time.monotonic() < until:
        time.sleep(1)
        made = len(client.post("/flow_runs/filter", json={}).json())
print(f"health {health}, {made} scheduled runs")
PY

look() {
    "$PYTHON" -m venv "$work/$1"
    "$work/$1/bin/pip" install --quiet --disable-pip-version-check prefect==3.8.8 fastapi==0.150.0 "sqlalchemy[asyncio]==$1" 2>/dev/null
    rm -rf "$PREFECT_HOME"
    port=$("$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    "$work/$1/bin/prefect" server start --host 127.0.0.1 --port "$port" > "$work/$1.log" 2>&1 &
    server=$!
    for _ in $(seq 90); do
        "$work/$1/bin/python" -c "import httpx; httpx.get('http://127.0.0.1:$port/api/health').raise_for_status()" 2>/dev/null && break
        sleep 1
    done
    "$work/$1/bin/python" "$work/scheduled.py" "http://127.0.0.1:$port/api"
    kill "$server"; wait "$server" 2>/dev/null || true
    server=
}

PYTHON=${PYTHON:-python3}
old=$(look 2.0.51); echo "sqlalchemy 2.0.51: $old"
new=$(look 2.1.9); echo "sqlalchemy 2.1.9: $new"
grep -m1 -o "Can't evaluate[^\"]*" "$work/2.1.9.log" || true
[[ $old != *" 0 scheduled runs" && $new == "health 200, 0 scheduled runs" ]]
