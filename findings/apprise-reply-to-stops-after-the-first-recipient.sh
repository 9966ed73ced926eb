#!/usr/bin/env bash
# Apprise mails only the first of several recipients, where the address also says whom to answer.
#
# Versions: apprise 1.13.1, aiosmtpd 1.4.6; Python 3.11, an SMTP server in process on loopback.
# Guess: `mailto://...?to=ana@...,bo@...&reply=desk@...` sends one mail to each of the two with a Reply-To, as it does
#   without `reply`.
# Behaviour: the first one is mailed, the second is not, and notify() says False as for any failure: whoever takes that
#   for "nobody was reached" and tries again mails the first one each time, and never the second. So: one recipient an
#   address where there is a `reply`.
# Seen:
#   without reply: True, mailed ana@shop.example bo@shop.example
#   with reply: False, mailed ana@shop.example
#   with reply, again: False, mailed ana@shop.example
#   with reply, one each: True True, mailed ana@shop.example bo@shop.example
# Exit: 0 while it is so, 1 if it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check apprise==1.13.1 aiosmtpd==1.4.6 2>/dev/null
cat > "$work/recipients.py" <<'PY'
import logging
import socket

from aiosmtpd.controller import Controller
from apprise import Apprise

logging.getLogger("apprise").setLevel(logging.CRITICAL)


class Sink:
    def __init__(self) -> None:
        self.mailed: list[str] = []

    async def handle_DATA(self, server, session, envelope) -> str:
        self.mailed += envelope.rcpt_tos
        return "250 kept"


sink = Sink()
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
server = Controller(sink, hostname="127.0.0.1", port=port)
server.start()


def notify(*to: str, reply: str = "") -> bool:
    told = Apprise()
    more = f"&reply={reply}" if reply else ""
    told.add(f"mailto://127.0.0.1:{port}/?mode=insecure&from=oncall@shop.example&to={','.join(to)}{more}")
    return bool(told.notify(body="Checkout fails", title="INC-7"))


def seen(what: str, *answers: bool) -> None:
    print(f"{what}: {' '.join(map(str, answers))}, mailed {' '.join(sorted(sink.mailed))}")
    sink.mailed.clear()


ANA, BO, DESK = "ana@shop.example", "bo@shop.example", "desk@shop.example"
seen("without reply", notify(ANA, BO))
seen("with reply", notify(ANA, BO, reply=DESK))
seen("with reply, again", notify(ANA, BO, reply=DESK))
seen("with reply, one each", notify(ANA, reply=DESK), notify(BO, reply=DESK))
server.stop()
PY
"$work/venv/bin/python" "$work/recipients.py" | tee "$work/seen"
diff "$work/seen" - <<'SEEN'
without reply: True, mailed ana@shop.example bo@shop.example
with reply: False, mailed ana@shop.example
with reply, again: False, mailed ana@shop.example
with reply, one each: True True, mailed ana@shop.example bo@shop.example
SEEN
