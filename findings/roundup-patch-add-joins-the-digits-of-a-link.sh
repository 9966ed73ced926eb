#!/usr/bin/env bash
# Roundup's PATCH with "@op": "add" joins the digits of a link: who adds a message and an assignee assigns somebody else.
#
# Versions: roundup 2.6.0 (classic tracker, SQLite); Python 3.11.
# Guess: one PATCH of an issue with "@op": "add", a message and assignedto adds the message, and sets the assignee, as a link
#   holds one item only.
# Behaviour: the operation is for every property of the call, and adding to what holds one item joins texts: an issue of user 1
#   to which user 2 is added is assigned to user 12, answered 200, if there is one (409 "has no node 12" if there is none).
#   So: add lists in a call of their own, or replace everything with what was read under the same ETag.
# Seen:
#   200 assigned to user 12
#   409 user has no node 122
# Exit: 0 while it is so, 1 if it changed.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check roundup==2.6.0 2>/dev/null
cd "$work"
port=$("$work/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
admin() { "$work/venv/bin/roundup-admin" -i tracker "$@" >>log 2>&1; }
admin install classic sqlite "tracker_web=http://127.0.0.1:$port/,mail_domain=desk.example,mail_debug=$work/mail"
admin initialise PW
for number in 3 4 5 6 7 8 9 10 11 12; do # 1 is admin, 2 anonymous
	admin create user "username=user$number" password=PW roles=User
done
cat > serve.py <<'PY'
import sys
from wsgiref.simple_server import make_server
from roundup.cgi.wsgi_handler import RequestDispatcher

make_server("127.0.0.1", int(sys.argv[1]), RequestDispatcher("tracker")).serve_forever()
PY
"$work/venv/bin/python" serve.py "$port" >>log 2>&1 &
server=$!
cat > ask.py <<'PY'
import base64
import json
import sys
import time
import urllib.error
import urllib.request

base = f"http://127.0.0.1:{sys.argv[1]}"
login = base64.b64encode(b"admin:PW").decode()
headers = {"Authorization": f"Basic {login}", "X-Requested-With": "rest", "Origin": base, "Content-Type": "application/json"}
straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{base}/rest/data/{path}", data, headers, method=method)
    try:
        with straight.open(request, timeout=30) as answer:
            return answer.status, json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["error"]


for _ in range(200):
    try:
        call("GET", "status")
        break
    except OSError:
        time.sleep(0.1)

_, issue = call("POST", "issue", {"title": "Card payments fail", "assignedto": "1"})
where = f"issue/{issue['id']}"
for _ in range(2):
    _, message = call("POST", "msg", {"content": "Over to you", "author": "1"})
    _, seen = call("GET", where)
    change = {"@op": "add", "@etag": seen["@etag"], "messages": [message["id"]], "assignedto": "2"}
    status, told = call("PATCH", where, change)
    if status == 200:
        _, seen = call("GET", where)
        print(status, "assigned to user", seen["attributes"]["assignedto"]["id"])
    else:
        print(status, told["msg"])
PY
"$work/venv/bin/python" ask.py "$port" | tee seen
diff seen - <<'SEEN'
200 assigned to user 12
409 user has no node 122
SEEN
