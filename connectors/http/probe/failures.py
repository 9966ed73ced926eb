"""What a look that got no answer says about the service: failing, or nothing at all.

The rule: only what the service itself did counts against it. Whatever may as well be our resolver, our
network, our trust store or our own guard proves nothing.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import httpx

from incidents.errors import LiaisonError

CERTIFICATE_HAS_EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED, openssl/x509_vfy.h


_FAILURES: tuple[tuple[tuple[type[BaseException], ...], bool | None, str], ...] = (
    ((ssl.SSLError,), None, "TLS failed"),
    ((socket.gaierror,), None, "name could not be resolved"),
    ((ConnectionRefusedError,), False, "connection refused"),
    ((httpx.ConnectTimeout,), None, "no connection, the host is down or our way to it,"),
    ((httpx.ReadTimeout, httpx.WriteTimeout), False, "no answer"),
    (
        (httpx.ReadError, httpx.WriteError, httpx.CloseError, httpx.RemoteProtocolError),
        False,
        "connection broke off without an answer",
    ),
    ((httpx.DecodingError,), False, "answer could not be decoded"),
    ((httpx.HTTPError, httpx.InvalidURL), None, "no connection"),
)
"""The first row that fits any of an error's causes."""


def failure(error: Exception) -> tuple[bool | None, str]:
    """Whether the service is healthy (False or None), and what happened in a few words."""
    roots = list(_roots(error))
    for root in roots:
        if isinstance(root, ssl.SSLCertVerificationError) and root.verify_code == CERTIFICATE_HAS_EXPIRED:
            # Customers' browsers refuse it as we do.
            return False, "certificate has expired"
        if isinstance(root, LiaisonError):
            # Our guard's words: they name the setting to change.
            return None, f"not looked, {root},"
    for kinds, is_healthy, words in _FAILURES:
        if any(isinstance(root, kinds) for root in roots):
            return is_healthy, words
    return None, f"the look failed ({type(error).__name__})"


def _roots(error: BaseException) -> Iterator[BaseException]:
    """The error and all that led to it; several addresses of one host fail as a group."""
    seen: list[BaseException] = []
    waiting: list[BaseException] = [error]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.append(current)
        yield current
        waiting += [cause for cause in (current.__cause__, current.__context__) if cause is not None]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions
