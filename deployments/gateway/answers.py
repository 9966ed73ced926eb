"""What the gateway says: a status, a short body, and for everything that is our fault when to come again."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.types import Message, Send

RETRY_AFTER_SECONDS = 5
TEXT = "text/plain; charset=utf-8"

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """One answer; it can be sent any number of times.

    Without a body there is no content type either: Slack would show a body to whoever typed the command.
    """

    status: int
    body: bytes = b""
    headers: Headers = ()
    content_type: str = TEXT
    _start: Message = field(init=False, repr=False)
    _body: Message = field(init=False, repr=False)

    def __post_init__(self) -> None:
        headers = [*self.headers, (b"content-length", str(len(self.body)).encode())]
        if self.body:
            headers.append((b"content-type", self.content_type.encode()))
        start = {"type": "http.response.start", "status": self.status, "headers": headers}
        object.__setattr__(self, "_start", start)
        object.__setattr__(self, "_body", {"type": "http.response.body", "body": self.body})

    async def send(self, send: Send) -> None:
        """Send it to whoever asked; `send` is ASGI's."""
        await send(self._start)
        await send(self._body)


def busy(why: bytes) -> HookAnswer:
    """503: the sender keeps the delivery and comes again."""
    return HookAnswer(503, why, headers=((b"retry-after", str(RETRY_AFTER_SECONDS).encode()),))
