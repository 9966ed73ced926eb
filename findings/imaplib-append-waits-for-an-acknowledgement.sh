#!/usr/bin/env bash
# imaplib waits some 40 ms for each mail that it puts into a folder, also on the same machine.
#
# Versions: imaplib of Python 3.11.7, Linux.
# Guess: IMAP4.append (APPEND of RFC 3501) takes a fraction of a millisecond over loopback, as every other command does.
# Behaviour: it writes the mail, and then the line end after it, on a socket with Nagle's algorithm on. The server says
#   nothing until it has the line end; the kernel holds that back until the first part is acknowledged, and the other side
#   delays the acknowledgement. With TCP_NODELAY set on client.socket() it takes what one would guess.
# Seen:
#   APPEND 44.1 ms each as it comes, 0.1 ms with TCP_NODELAY
# Exit: 0 while it is so, 1 if it changed.
set -euo pipefail
exec "${PYTHON:-python3}" - <<'PYTHON'
import asyncio
import imaplib
import re
import socket
import statistics
import threading
import time

MAILS = 20
MAIL = b"Subject: Hello\r\n\r\n" + b"Since ten I cannot pay.\r\n" * 20


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As little of an IMAP server as APPEND needs."""
    writer.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
    while line := await reader.readline():
        tag, command = line.split()[:2]
        literal = re.search(rb"\{(\d+)\}\r\n$", line)
        if command == b"CAPABILITY":
            writer.write(b"* CAPABILITY IMAP4rev1\r\n")
        if literal:
            writer.write(b"+ go ahead\r\n")
            await reader.readexactly(int(literal[1]))
            await reader.readline()
        writer.write(tag + b" OK done\r\n")
        await writer.drain()


def serve(started: threading.Event, port: list[int]) -> None:
    async def run() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        port.append(server.sockets[0].getsockname()[1])
        started.set()
        await server.serve_forever()

    asyncio.run(run())


def milliseconds(port: int, *, at_once: bool) -> float:
    client = imaplib.IMAP4("127.0.0.1", port)
    client.login("user", "password")
    if at_once:
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    taken = []
    for _ in range(MAILS):
        began = time.perf_counter()
        kind, _ = client.append("INBOX", "", "", MAIL)
        taken.append(time.perf_counter() - began)
        assert kind == "OK"
    return statistics.median(taken) * 1000


started, port = threading.Event(), []
threading.Thread(target=serve, args=(started, port), daemon=True).start()
started.wait()
plain, at_once = milliseconds(port[0], at_once=False), milliseconds(port[0], at_once=True)
print(f"APPEND {plain:.1f} ms each as it comes, {at_once:.1f} ms with TCP_NODELAY")
raise SystemExit(0 if plain > 20 > at_once else 1)
PYTHON
