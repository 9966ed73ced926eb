"""The calls that parts of the connector are handed, rather than the connector itself."""

from __future__ import annotations

from typing import Any, Protocol


class Get(Protocol):
    """Reads one path of the account. Raises `incidents.errors`."""

    async def __call__(self, path: str, **params: str) -> dict[str, Any]: ...


class Call(Protocol):
    """Sends one call to the account; returns the parsed answer. Raises `incidents.errors`."""

    async def __call__(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        json: Any = None,
        headers: dict[str, str] | None = None,
        is_repeatable: bool | None = None,
    ) -> Any: ...
