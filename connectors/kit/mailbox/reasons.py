"""Why a mail server could not be reached, in words of which each has its cure; never what the server wrote."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator


def reason(error: BaseException) -> str:
    """For people: of the error, or of what it was raised from."""
    for one in _causes(error):
        if isinstance(one, ssl.SSLCertVerificationError):
            return (
                "its certificate is not signed by an authority that this machine trusts, or is for another name: write"
                " the name it is for, or give the authority's certificate (authority_pem)"
            )
        if isinstance(one, ssl.SSLError):
            return "it does not speak TLS on this port: check port and security (tls, starttls)"
        if isinstance(one, socket.gaierror):
            return "there is no server of that name: check its name"
        if isinstance(one, ConnectionRefusedError):
            return "nothing listens on that port: check name and port"
        if isinstance(one, TimeoutError):
            return "no answer: check name and port; a firewall may be between"
    return type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__ or one.__context__
