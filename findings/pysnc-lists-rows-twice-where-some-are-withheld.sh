#!/usr/bin/env bash
# PySNC, ServiceNow's own Python client, lists rows twice, or none at all, where its user may not see some of a table.
#
# Versions: pysnc 1.2.1, requests 2.34.2; Python 3.11. The server here does what ServiceNow's documentation of the Table API says
#   of sysparm_limit: it "is applied before ACL evaluation". No instance was asked.
# Guess: iterating a GlideRecord gives each row that the user may see, once.
# Behaviour: the next page is asked for by as many rows as were shown, and not by as many as were asked for. So a page that had
#   ten rows left out is followed by one that begins ten rows too early: those come twice. A page of which nothing is shown ends
#   the list, however many follow, without an error; len() says how many there are, the withheld ones among them.
# Seen:
#   nothing withheld: 250 may be seen, 250 rows, 250 of them different, len 250
#   rows 50 to 59 withheld: 240 may be seen, 250 rows, 240 of them different, len 250
#   rows 0 to 129 withheld: 120 may be seen, 0 rows, 0 of them different, len 250
# Exit: 0 while it is so, 1 if it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pysnc==1.2.1 requests==2.34.2 trustme==1.2.1 2>/dev/null
cat > "$work/ask.py" <<'PY'
import json
import os
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pysnc
import trustme

ROWS = [f"{number:032x}" for number in range(250)]
withheld: set[str] = set()


class Table(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        start, limit = int(asked["sysparm_offset"][0]), int(asked["sysparm_limit"][0])
        page = [one for one in ROWS[start : start + limit] if one not in withheld]
        result = [{"sys_id": {"value": one, "display_value": one}} for one in page]
        body = json.dumps({"result": result}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Total-Count", str(len(ROWS)))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


own = trustme.CA()
own.cert_pem.write_to_path(sys.argv[1])
# An environment that names another bundle would come before what the client is given.
os.environ["REQUESTS_CA_BUNDLE"] = sys.argv[1]
server = HTTPServer(("127.0.0.1", 0), Table)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
own.issue_cert("127.0.0.1").configure_cert(context)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"https://127.0.0.1:{server.server_port}"
for words, rows in (
    ("nothing withheld", []),
    ("rows 50 to 59 withheld", ROWS[50:60]),
    ("rows 0 to 129 withheld", ROWS[:130]),
):
    withheld.clear()
    withheld.update(rows)
    records = pysnc.ServiceNowClient(address, ("user", "password"), auto_retry=False).GlideRecord("incident")
    records.order_by("sys_id")
    records.query()
    seen = [record.get_value("sys_id") for record in records]
    print(
        f"{words}: {len(ROWS) - len(rows)} may be seen, {len(seen)} rows, {len(set(seen))} of them different,"
        f" len {len(records)}",
        flush=True,
    )
PY
"$work/venv/bin/python" "$work/ask.py" "$work/own.pem" | tee "$work/seen"
diff "$work/seen" - <<'SEEN'
nothing withheld: 250 may be seen, 250 rows, 250 of them different, len 250
rows 50 to 59 withheld: 240 may be seen, 250 rows, 240 of them different, len 250
rows 0 to 129 withheld: 120 may be seen, 0 rows, 0 of them different, len 250
SEEN
