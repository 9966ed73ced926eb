#!/usr/bin/env bash
# Prefect's newest artifact of a key has, where it is asked for by its key, an id by which it cannot be read.
#
# Versions: prefect 3.8.8, fastapi 0.150.0, SQLAlchemy 2.0.51; Python 3.11, server in process on SQLite.
# Guess: GET /artifacts/KEY/latest answers with an Artifact, so its `id` is the artifact's: it can be read, changed
#   (PATCH) and linked to in the UI (/artifacts/artifact/ID) by it.
# Behaviour: the answer is made of the row that the server keeps for each key, and `id` is that row's own. Reading or
#   changing by it is answered 404. The artifact's id is `latest_id` in POST /artifacts/latest/filter; a change by that
#   one is seen under the key as well, and the key keeps a single version. So: to rewrite a page in place, or to link to
#   its newest version, ask the filter.
# Seen:
#   id made: A; id by key: B; the same: no
#   read by A: 200, read by B: 404
#   changed by B: 404
#   latest_id of the filter is A: yes
#   changed by A: 204; by key it reads: second
# Exit: 0 while it is so, 1 if it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check prefect==3.8.8 fastapi==0.150.0 "sqlalchemy[asyncio]==2.0.51" 2>/dev/null
export PREFECT_HOME="$work/home" DO_NOT_TRACK=1 PREFECT_SERVER_ALLOW_EPHEMERAL_MODE=true PREFECT_LOGGING_LEVEL=ERROR
export PREFECT_SERVER_ANALYTICS_ENABLED=false
cat > "$work/latest.py" <<'PY'
import asyncio

import httpx
from prefect.server.api.server import create_app


async def main() -> None:
    app = create_app(webserver_only=True)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://server/api") as api,
    ):
        page = {"key": "report", "type": "markdown", "data": "first"}
        made = (await api.post("/artifacts/", json=page)).json()["id"]
        named = (await api.get("/artifacts/report/latest")).json()["id"]
        print("id made: A; id by key: B; the same:", "yes" if made == named else "no")
        read = [(await api.get(f"/artifacts/{one}")).status_code for one in (made, named)]
        print(f"read by A: {read[0]}, read by B: {read[1]}")
        by_key = await api.patch(f"/artifacts/{named}", json={"data": "second"})
        print(f"changed by B: {by_key.status_code}")
        (found,) = (await api.post("/artifacts/latest/filter", json={})).json()
        print("latest_id of the filter is A:", "yes" if found["latest_id"] == made else "no")
        changed = await api.patch(f"/artifacts/{made}", json={"data": "second"})
        reads = (await api.get("/artifacts/report/latest")).json()["data"]
        print(f"changed by A: {changed.status_code}; by key it reads: {reads}")


asyncio.run(main())
PY
seen=$("$work/venv/bin/python" "$work/latest.py")
echo "$seen"
diff <(echo "$seen") - <<'SEEN'
id made: A; id by key: B; the same: no
read by A: 200, read by B: 404
changed by B: 404
latest_id of the filter is A: yes
changed by A: 204; by key it reads: second
SEEN
