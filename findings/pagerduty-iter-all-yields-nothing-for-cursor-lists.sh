#!/usr/bin/env bash
# pagerduty's iter_all and list_all answer nothing, and ask nothing, for lists that PagerDuty pages by cursor.
#
# Versions: pagerduty 7.2.0, httpx2 2.16.2; Python 3.11.
# Guess: as its documentation says, iter_all returns iter_cursor for such a list, so list_all("audit/records") has them all.
# Behaviour: iter_all is a generator, in which "return iter_cursor(...)" ends it: no request is sent, no error raised, and
#   the list is empty. iter_cursor itself works. Audit records, workflow actions and incident reviews read as "none".
# Seen:
#   list_all: 0 records, 0 requests
#   iter_cursor: 3 records, 2 requests
# Exit: 0 while it is so, 1 if it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pagerduty==7.2.0 httpx2==2.16.2 trustme==1.2.1 2>/dev/null
cat > "$work/ask.py" <<'PY'
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pagerduty
import trustme

PAGES = {None: (["a", "b"], "next"), "next": (["c"], None)}
asked: list[str] = []


class Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        asked.append(self.path)
        cursor = parse_qs(urlsplit(self.path).query).get("cursor", [None])[0]
        ids, following = PAGES[cursor]
        body = json.dumps({"records": [{"id": one} for one in ids], "next_cursor": following, "limit": 2}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


own = trustme.CA()
server = HTTPServer(("127.0.0.1", 0), Api)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
own.issue_cert("127.0.0.1").configure_cert(context)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
trust = ssl.create_default_context()
own.configure_trust(trust)
address = f"https://127.0.0.1:{server.server_port}"
client = pagerduty.RestApiV2Client("token", base_url=address, verify=trust, trust_env=False)
for name in ("list_all", "iter_cursor"):
    asked.clear()
    found = list(getattr(client, name)("audit/records"))
    print(f"{name}: {len(found)} records, {len(asked)} requests", flush=True)
PY
"$work/venv/bin/python" "$work/ask.py" | tee "$work/seen"
diff "$work/seen" - <<'SEEN'
list_all: 0 records, 0 requests
iter_cursor: 3 records, 2 requests
SEEN
