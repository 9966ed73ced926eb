#!/usr/bin/env bash
# Alertmanager's webhook tells startsAt with nanoseconds, its API the same moment cut at milliseconds: they do not match.
#
# Versions: prometheus-alertmanager 0.25.0-1+b4 (Debian 12).
# Guess: an episode of an alert is its fingerprint and startsAt, as the webhook told it; the same two are found again in
#   GET /api/v2/alerts, so that whoever reconciles can compare the texts, or the moments.
# Behaviour: for an alert that was posted without startsAt the webhook has nine digits of a second (RFC 3339 with
#   nanoseconds), the API three, cut and not rounded. Neither the texts nor the moments are equal; cut at milliseconds
#   they are. The fingerprint is the same.
# Seen:
#   the webhook's startsAt has more than three digits of a second, the API's three: True
#   the moments are equal: False
#   cut at milliseconds they are equal: True
#   the fingerprints are equal: True
# Exit: 0 while it is so, 1 if it changed.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
apt-get download -q prometheus-alertmanager=0.25.0-1+b4 >/dev/null 2>&1
dpkg -x prometheus-alertmanager_*.deb unpacked
read -r port hook <<<"$("${PYTHON:-python3}" -c '
import socket
socks = [socket.socket() for _ in range(2)]
for s in socks: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in socks])')"
cat > am.yaml <<Y
route: {receiver: here, group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: here, webhook_configs: [{url: "http://127.0.0.1:$hook/"}]}]
Y
unpacked/usr/bin/prometheus-alertmanager --config.file=am.yaml --storage.path="$work/data" \
	--web.listen-address="127.0.0.1:$port" --cluster.listen-address= >log 2>&1 &
server=$!
"${PYTHON:-python3}" - "$port" "$hook" <<'PY'
import http.server
import json
import re
import sys
import threading
import time
import urllib.request

port, hook = map(int, sys.argv[1:])
api = f"http://127.0.0.1:{port}/api/v2/alerts"
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
heard: list[dict] = []
came = threading.Event()


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()
        came.set()

    def log_message(self, *_: object) -> None: ...


threading.Thread(target=http.server.HTTPServer(("127.0.0.1", hook), Hook).serve_forever, daemon=True).start()
alert = json.dumps([{"labels": {"alertname": "CheckoutFails", "service": "checkout"}}]).encode()
for _ in range(100):
    try:
        opener.open(urllib.request.Request(api, alert, {"Content-Type": "application/json"})).close()
        break
    except OSError:
        time.sleep(0.1)
assert came.wait(20), "no webhook came"
told = heard[0]["alerts"][0]
with opener.open(api) as answer:
    known = json.load(answer)[0]


def digits(moment: str) -> str:
    found = re.search(r"\.(\d+)", moment)
    return found[1] if found else ""


def cut(moment: str) -> str:
    return re.sub(r"(\.\d{3})\d*", r"\1", moment)


seen = (
    ("the webhook's startsAt has more than three digits of a second, the API's three",
     len(digits(told["startsAt"])) > 3 and len(digits(known["startsAt"])) == 3, True),
    ("the moments are equal", told["startsAt"] == known["startsAt"], False),
    ("cut at milliseconds they are equal", cut(told["startsAt"]) == cut(known["startsAt"]), True),
    ("the fingerprints are equal", told["fingerprint"] == known["fingerprint"], True),
)
for what, is_so, _ in seen:
    print(f"{what}: {is_so}")
sys.exit(0 if all(is_so is expected for _, is_so, expected in seen) else 1)
PY
