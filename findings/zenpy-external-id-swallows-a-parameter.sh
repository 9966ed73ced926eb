#!/usr/bin/env bash
# zenpy asks for an organization's external id with another parameter glued to it, so that Zendesk finds nobody.
#
# Versions: zenpy 2.0.57, requests 2.34.2; Python 3.11.
# Guess: organizations.external("crm-1") sends external_id=crm-1, as users(external_id="crm-1") sends external_ids=crm-1.
# Behaviour: the path of this call has a query of its own already, and the parameters are joined to it by a second "?".
#   The server reads external_id as "crm-1?include=None" or "crm-1?page[size]=100" (which of them changes from run to
#   run): an account answers an empty list, which reads as "not there".
# Seen:
#   users: crm-1
#   organizations: crm-1?...
# Exit: 0 while it is so, 1 if it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check zenpy==2.0.57 requests==2.34.2 2>/dev/null
cat > "$work/ask.py" <<'PY'
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit


class Desk(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        kind = "users" if "users" in parts.path else "organizations"
        query = parse_qs(parts.query, keep_blank_values=True)
        (asked,) = [value[0] for name, value in query.items() if name.startswith("external_id")]
        # Which parameter is glued to it changes from run to run.
        word, glue, _ = asked.partition("?")
        print(f"{kind}: {word}{glue and glue + '...'}", flush=True)
        body = json.dumps({kind: [], "count": 0}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


server = HTTPServer(("127.0.0.1", 0), Desk)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["ZENPY_FORCE_NETLOC"] = f"127.0.0.1:{server.server_port}"
os.environ["ZENPY_FORCE_SCHEME"] = "http"
os.environ["NO_PROXY"] = "127.0.0.1"

from zenpy import Zenpy  # noqa: E402

client = Zenpy(subdomain="acme", email="agent@example.com", token="t")
list(client.users(external_id="crm-1"))
list(client.organizations.external("crm-1"))
PY
"$work/venv/bin/python" "$work/ask.py" | tee "$work/seen"
diff "$work/seen" - <<'SEEN'
users: crm-1
organizations: crm-1?...
SEEN
