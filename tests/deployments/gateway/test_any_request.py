"""Whatever comes, the gateway answers as its table says: a stranger's noise and a genuine webhook alike."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import Message, Scope

from deployments.gateway.app import Gateway
from tests.deployments.gateway.conftest import Store
from tests.deployments.gateway.vendors import VENDORS, Vendor

ANSWERS = {200, 401, 404, 405, 413, 503}
SIGNATURES = sorted({name.lower() for vendor in VENDORS for name, _ in vendor.sign(b"")})

# As a server hands them on: what no header can carry over the wire is not among them.
values = st.binary(max_size=60).map(lambda value: value.translate(None, b"\0\r\n"))
names = st.one_of(
    st.sampled_from([*SIGNATURES, "content-length", "content-type", "content-encoding", "transfer-encoding"]),
    st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=20),
)
headers = st.lists(st.tuples(names, values), max_size=10)
bodies = st.one_of(
    st.binary(max_size=500),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from([vendor.event for vendor in VENDORS]),
)
paths = st.one_of(
    st.sampled_from([vendor.path for vendor in VENDORS]),
    st.sampled_from(["/healthz", "/readyz", "/metrics", "/hooks/http/probes-only", "/hooks/http/nobody"]),
    st.text(max_size=40).map(lambda text: f"/hooks/{text}"),
    st.text(max_size=40).map(lambda text: f"/{text}"),
)

# A thousand requests are more than a thousand databases; the examples share one, and each is judged by itself.
shared = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def _call(
    gateway: Gateway,
    path: str,
    headers: list[tuple[str, bytes]],
    chunks: list[bytes],
    *,
    method: str = "POST",
) -> int:
    """The status, however the body is cut in pieces."""
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.encode(), value) for name, value in headers],
    }
    waiting = list(chunks)
    sent: list[Message] = []

    async def receive() -> Message:
        chunk = waiting.pop(0) if waiting else b""
        return {"type": "http.request", "body": chunk, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        sent.append(message)

    await gateway(scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    return int(sent[0]["status"])


@shared
@given(
    path=paths,
    headers=headers,
    chunks=st.lists(bodies, max_size=4),
    method=st.sampled_from(["POST", "POST", "POST", "GET", "HEAD", "PUT", "BREW"]),
)
async def test_a_stranger(
    gateway: Gateway, path: str, headers: list[tuple[str, bytes]], chunks: list[bytes], method: str
):
    """Never an exception, never a 500."""
    assert await _call(gateway, path, headers, chunks, method=method) in ANSWERS


@shared
@given(data=st.data(), vendor=st.sampled_from(VENDORS), chunks=st.lists(bodies, max_size=4), more=headers)
async def test_a_genuine_one(
    gateway: Gateway,
    store: Store,
    *,
    data: st.DataObject,
    vendor: Vendor,
    chunks: list[bytes],
    more: list[tuple[str, bytes]],
):
    """200, whatever is in its body and in the headers around the signature's; and its bytes are in the store."""
    body = b"".join(chunks)
    signed = [(name.lower(), value.encode()) for name, value in vendor.sign(body)]
    around = [pair for pair in more if pair[0] not in SIGNATURES and pair[0] != "content-length"]
    mixed = data.draw(st.permutations([*signed, *around]))
    assert await _call(gateway, vendor.path, mixed, chunks) == 200
    if vendor.connection != "http/desk":  # its one id makes all but the first a duplicate
        assert body in {row.body for row in await store.deliveries()}


@shared
@given(vendor=st.sampled_from(VENDORS), data=st.data())
async def test_a_damaged_one(gateway: Gateway, vendor: Vendor, data: st.DataObject):
    """One byte of the body or of a signature's header is another: 401."""
    signed = [(name.lower(), value.encode()) for name, value in vendor.sign(vendor.event)]
    parts = [vendor.event, *(value for _, value in signed)]
    which = data.draw(st.integers(0, len(parts) - 1))
    at = data.draw(st.integers(0, len(parts[which]) - 1))
    was = parts[which][at : at + 1]
    other = data.draw(st.integers(33, 126).map(lambda code: bytes([code])).filter(lambda byte: byte != was))
    parts[which] = parts[which][:at] + other + parts[which][at + 1 :]
    headers = [(name, value) for (name, _), value in zip(signed, parts[1:], strict=True)]
    status = await _call(gateway, vendor.path, headers, [parts[0]])
    # A hex digit may be written large.
    is_same = which > 0 and was.lower() == other.lower()
    assert status in ({200, 401} if is_same else {401})
