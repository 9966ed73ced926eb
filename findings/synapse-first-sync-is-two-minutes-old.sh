#!/usr/bin/env bash
# Synapse answers a sync without "since" from a cache of two minutes: "from now on" begins up to two minutes ago.
#
# Versions: matrix-synapse 1.163.2 (SQLite, its default settings); Python 3.11.
# Guess: GET /sync?timeout=0 without "since" tells where the stream stands now, so whoever drops its content and goes on from
#   its next_batch hears only what is said afterwards.
# Behaviour: the same request of the same user and device within two minutes (caches.sync_response_cache_duration) gets the
#   first answer again, with the old next_batch. Going on from there, everything said since then comes: a bot that is
#   started anew without a place of its own obeys commands a second time. With another filter or timeout the answer is new.
#   So: know events by their ids, whatever place was begun at.
# Seen:
#   a second sync without since begins where the first did: True
#   from there comes what was said between the two: True
#   a sync with another timeout begins later: True
# Exit: 0 while it is so, 1 if it changed.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check matrix-synapse==1.163.2 2>/dev/null
cd "$work"
port=$("$work/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$work/venv/bin/python" -m synapse.app.homeserver --server-name find.test --config-path hs.yaml --generate-config \
	--report-stats=no >/dev/null 2>&1
"$work/venv/bin/python" - "$port" <<'PY'
import sys
import yaml
known = yaml.safe_load(open("hs.yaml"))
known["listeners"] = [{"port": int(sys.argv[1]), "bind_addresses": ["127.0.0.1"], "type": "http", "tls": False,
                       "resources": [{"names": ["client"]}]}]
known["trusted_key_servers"], known["federation_domain_whitelist"] = [], []
known["registration_shared_secret"] = "of this finding"
yaml.safe_dump(known, open("hs.yaml", "w"))
PY
"$work/venv/bin/python" -m synapse.app.homeserver --config-path hs.yaml >"$work/log" 2>&1 &
server=$!
cat > ask.py <<'PY'
import hashlib
import hmac
import json
import sys
import time
import urllib.error
import urllib.request

BASE, SECRET = f"http://127.0.0.1:{sys.argv[1]}", b"of this finding"
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(method: str, path: str, body: object = None, token: str = "") -> dict:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(BASE + path, data=data, method=method)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with opener.open(request, timeout=60) as answer:
        return json.load(answer)


for _ in range(300):
    try:
        call("GET", "/_matrix/client/versions")
        break
    except urllib.error.URLError:
        time.sleep(0.2)
where = "/_synapse/admin/v1/register"
nonce = call("GET", where)["nonce"]
mac = hmac.new(SECRET, b"\0".join([nonce.encode(), b"bot", b"password", b"notadmin"]), hashlib.sha1).hexdigest()
told = call("POST", where, {"nonce": nonce, "username": "bot", "password": "password", "admin": False, "mac": mac})
token, v3 = told["access_token"], "/_matrix/client/v3"
room = call("POST", f"{v3}/createRoom", {}, token)["room_id"]
first = call("GET", f"{v3}/sync?timeout=0", token=token)["next_batch"]
said = {"msgtype": "m.text", "body": "between the two"}
call("PUT", f"{v3}/rooms/{room}/send/m.room.message/1", said, token)
second = call("GET", f"{v3}/sync?timeout=0", token=token)["next_batch"]
print(f"a second sync without since begins where the first did: {first == second}")
news = call("GET", f"{v3}/sync?timeout=0&since={second}", token=token)
print(f"from there comes what was said between the two: {'between the two' in json.dumps(news)}")
other = call("GET", f"{v3}/sync?timeout=1", token=token)["next_batch"]
print(f"a sync with another timeout begins later: {other != first}")
PY
"$work/venv/bin/python" ask.py "$port" | tee "$work/seen"
diff "$work/seen" - <<'SEEN'
a second sync without since begins where the first did: True
from there comes what was said between the two: True
a sync with another timeout begins later: True
SEEN
