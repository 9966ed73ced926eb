#!/usr/bin/env bash
# Prefect's server has two settings called retention period; one reads seconds, the other does not start with them.
#
# Versions: prefect 3.8.8, fastapi 0.150.0, SQLAlchemy 2.0.51; Python 3.11.
# Guess: both are durations, so both take a number of seconds from the environment, as most durations of Prefect's
#   settings do (`..._LOOP_SECONDS`, `..._RETENTION_PERIOD` of the vacuum).
# Behaviour: PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD takes 604800 as seven days.
#   PREFECT_SERVER_EVENTS_RETENTION_PERIOD refuses the same text, and with it every `prefect` command and the server's
#   start fail. Both take ISO 8601 (P7D), which is the spelling to use.
# Seen:
#   P7D: vacuum 7 days, 0:00:00; events 7 days, 0:00:00
#   604800: vacuum 7 days, 0:00:00; events refused
# Exit: 0 while it is so, 1 if it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check prefect==3.8.8 fastapi==0.150.0 "sqlalchemy[asyncio]==2.0.51" 2>/dev/null
export PREFECT_HOME="$work/home" DO_NOT_TRACK=1
cat > "$work/periods.py" <<'PY'
import os

from prefect.settings.models.server.events import ServerEventsSettings
from prefect.settings.models.server.services import ServerServicesDBVacuumSettings
from pydantic import ValidationError


def read(kind: type, name: str, spelling: str) -> str:
    os.environ[name] = spelling
    try:
        return str(kind().retention_period)
    except ValidationError:
        return "refused"
    finally:
        del os.environ[name]


for spelling in ("P7D", "604800"):
    vacuum = read(ServerServicesDBVacuumSettings, "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD", spelling)
    events = read(ServerEventsSettings, "PREFECT_SERVER_EVENTS_RETENTION_PERIOD", spelling)
    print(f"{spelling}: vacuum {vacuum}; events {events}")
PY
"$work/venv/bin/python" "$work/periods.py" | tee "$work/seen"
diff "$work/seen" - <<'SEEN'
P7D: vacuum 7 days, 0:00:00; events 7 days, 0:00:00
604800: vacuum 7 days, 0:00:00; events refused
SEEN
