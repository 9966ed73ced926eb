#!/usr/bin/env bash
# REQUESTS_CA_BUNDLE in the environment counts for more than the CA file that a requests session was given.
#
# Versions: requests 2.34.2, trustme 1.2.1, certifi 2026.10.18; Python 3.11.
# Guess: session.verify = "own-ca.pem" is the most particular word and decides, as verify=... of a single call does.
# Behaviour: the environment is merged between the two: with REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE) set, as behind many
#   company proxies, the session's file is passed over and the call fails, unless the session has trust_env = False.
#   Clients that take a session, such as zenpy, inherit it.
# Seen:
#   session.verify: 200
#   session.verify, REQUESTS_CA_BUNDLE set: SSLError
#   verify of the call, REQUESTS_CA_BUNDLE set: 200
#   session.verify, REQUESTS_CA_BUNDLE set, trust_env False: 200
# Exit: 0 while it is so, 1 if it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check requests==2.34.2 trustme==1.2.1 certifi==2026.10.18 2>/dev/null
cat > "$work/ask.py" <<'PY'
import os
import pathlib
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import certifi
import requests
import trustme

for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy"):
    os.environ.pop(name, None)
own = trustme.CA()
own_file = pathlib.Path(sys.argv[1]) / "own-ca.pem"
own.cert_pem.write_to_path(str(own_file))


class Desk(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


server = HTTPServer(("127.0.0.1", 0), Desk)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
own.issue_cert("127.0.0.1").configure_cert(context)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()


def ask(label: str, session: requests.Session, **options: str) -> None:
    try:
        told = str(session.get(f"https://127.0.0.1:{server.server_port}/", timeout=10, **options).status_code)
    except requests.exceptions.SSLError as error:
        told = type(error).__name__
    print(f"{label}: {told}", flush=True)


def trusting() -> requests.Session:
    session = requests.Session()
    session.verify = str(own_file)
    return session


ask("session.verify", trusting())
os.environ["REQUESTS_CA_BUNDLE"] = certifi.where()
ask("session.verify, REQUESTS_CA_BUNDLE set", trusting())
ask("verify of the call, REQUESTS_CA_BUNDLE set", requests.Session(), verify=str(own_file))
session = trusting()
session.trust_env = False
ask("session.verify, REQUESTS_CA_BUNDLE set, trust_env False", session)
PY
"$work/venv/bin/python" "$work/ask.py" "$work" | tee "$work/seen"
diff "$work/seen" - <<'SEEN'
session.verify: 200
session.verify, REQUESTS_CA_BUNDLE set: SSLError
verify of the call, REQUESTS_CA_BUNDLE set: 200
session.verify, REQUESTS_CA_BUNDLE set, trust_env False: 200
SEEN
