"""The certificate authorities we trust, read once a process: that takes 30 ms, and every client would do it."""

from __future__ import annotations

import ssl
from functools import lru_cache

import httpx


@lru_cache(maxsize=1)
def authorities() -> ssl.SSLContext:
    """httpx's own choice of authorities; for `verify`. The environment has no say in it."""
    return httpx.create_ssl_context(trust_env=False)
