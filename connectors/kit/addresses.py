"""The guard before configured addresses: no call reaches a private or special one by surprise.

A probe or an action calls what an operator, a runbook or a ticket named. Such a name must not become a way
into the machine's own network: loopback, neighbours, the cloud's metadata service. The guard resolves the
name itself, refuses when any of its addresses is not public, and connects to the very address it checked, so
that a second DNS answer (rebinding) changes nothing. Redirects come through the same door as any request.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import httpx

from connectors.kit.authorities import authorities
from incidents.errors import Refused

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""This very machine, as addresses name it."""

MAX_TRIED = 4  # addresses of one host, in the resolver's order

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052; DNS64 answers with it for public IPv4-only hosts
# Routable by number, yet inside: Azure's platform host, and ranges younger than Python's tables.
_SPECIAL: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("168.63.129.16/32"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("64:ff9b:1::/48"),
    IPv6Network("3fff::/20"),
)


def keeps_secrets(url: str) -> bool:
    """Whether credentials may travel to this address: https, or plain http that never leaves the machine.

    Raises ValueError for an address nobody can read, such as one with a port that is no number.
    """
    parts = urlsplit(url)
    is_local = parts.scheme == "http" and parts.hostname in LOOPBACK
    return bool(parts.hostname) and (parts.scheme == "https" or is_local)


def over_https(base_url: str, *, local: str) -> str:
    """The address without a slash at its end. Raises ValueError unless credentials may travel there; `local` is what
    may be reached in clear on this machine: `a sandbox`."""
    if not keeps_secrets(base_url):
        raise ValueError(f"base_url must be https (plain http only for {local} on this machine)")
    return base_url.rstrip("/")


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could call the address; an IPv4 address inside an IPv6 one decides."""
    inner = _embedded(address)
    if inner is not None:
        return is_public(inner)
    if isinstance(address, IPv6Address) and (address.is_site_local or address.scope_id is not None):
        return False
    # `is_global` alone lets multicast through, and IPv6 blocks nobody has been given.
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in _SPECIAL)


class GuardedTransport(httpx.AsyncBaseTransport):
    """Lets through what `is_public`, and hosts the operator allowed by name.

    `allow` has "host" or "host:port" entries; such a host may resolve to anything. A refused host raises
    `Refused`, which names it and the setting to change; a name without an address is httpx's ConnectError,
    as for any client. `inner` must not pool connections by address unless every host behind it is trusted
    alike: pinned requests of two hosts at one address would share a connection, and its TLS identity.
    """

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport | None = None,
        *,
        allow: Sequence[str] = (),
        resolve: Resolver | None = None,
        setting: str = "allow_private",
    ) -> None:
        self._inner = inner or httpx.AsyncHTTPTransport(
            verify=authorities(), trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )
        self._allow = frozenset(entry.strip().lower().rstrip(".") for entry in allow)
        self._resolve = resolve or resolve_by_system
        self._setting = setting

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.raw_host.decode("ascii").lower()
        port = request.url.port or {"http": 80, "https": 443}.get(request.url.scheme, 0)
        if self._is_allowed(host, port):
            return await self._inner.handle_async_request(request)
        addresses = await self._public_addresses(request, host, port)
        for address in addresses[:-1]:
            try:
                return await self._inner.handle_async_request(_pinned(request, host, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # nothing was sent: the host's next address may answer
        return await self._inner.handle_async_request(_pinned(request, host, addresses[-1]))

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _is_allowed(self, host: str, port: int) -> bool:
        name = _bare(host)
        return not self._allow.isdisjoint({host, name, f"{name}:{port}"})

    async def _public_addresses(self, request: httpx.Request, host: str, port: int) -> Sequence[Address]:
        seconds = request.extensions.get("timeout", {}).get("connect")
        try:
            async with asyncio.timeout(seconds):
                found = [ip_address(text) for text in await self._resolve(host, port)]
        except TimeoutError as error:
            raise httpx.ConnectTimeout(f"no address for {host} in time", request=request) from error
        except (OSError, ValueError) as error:
            raise httpx.ConnectError(f"no address for {host}", request=request) from error
        if not found:
            raise httpx.ConnectError(f"no address for {host}", request=request)
        for address in found:
            if not is_public(address):
                raise Refused(
                    f"{host} is at {address}, which is not a public address; "
                    f'if it is meant, add "{_bare(host)}:{port}" to {self._setting}'
                )
        return found[:MAX_TRIED]


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """The system's addresses for the host, best first. It also reads 127.1 and 0x7f.1 as C does."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


def _bare(host: str) -> str:
    """The host as it stands before a port."""
    return f"[{host}]" if ":" in host else host.rstrip(".")


def _embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address an IPv6 one leads to: mapped, 6to4, NAT64. (No Teredo address is public at all.)"""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def _pinned(request: httpx.Request, host: str, address: Address) -> httpx.Request:
    """The same request to this address; the Host header and the TLS name stay the host's."""
    extensions = dict(request.extensions)
    if host != str(address):
        extensions["sni_hostname"] = host
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions=extensions,
    )
