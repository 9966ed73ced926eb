"""A plugin for Alerta's server: tells Liaison of each alert that comes, changes or goes.

It runs in Alerta's process and knows nothing of Liaison's code. Settings of Alerta (alertad.conf, or the environment):
`LIAISON_URL`, the connection's address at the gateway, and `LIAISON_TOKEN`. What does not go out is only logged:
Liaison's own look at the API finds it.
"""

from __future__ import annotations

import json
import logging
import urllib.request
from datetime import datetime, timezone
from typing import Any

from alerta.plugins import PluginBase

LOG = logging.getLogger("alerta.plugins.liaison")
OVER = ("closed", "expired")
TIMEOUT = 3.0  # seconds; whoever sends the alert waits for them


class LiaisonPlugin(PluginBase):  # type: ignore[misc]  # Alerta has no types
    """Alerta says what its methods are called for: https://docs.alerta.io/development.html."""

    def pre_receive(self, alert: Any, **kwargs: Any) -> Any:
        """Nothing is done before Alerta knows what the alert is."""
        return alert

    def post_receive(self, alert: Any, **kwargs: Any) -> None:
        """New, repeated, or of another severity."""
        self._tell(alert, str(alert.status), kwargs)

    def status_change(self, alert: Any, status: str, text: str, **kwargs: Any) -> None:
        """Before it is done: the alert is as it was, so the end is told of the right `createTime`, and is now."""
        self._tell(alert, status, kwargs, changed=_now())

    def post_action(self, alert: Any, action: str, text: str, **kwargs: Any) -> None:
        """Closed, acknowledged or shelved by hand, or expired."""
        self._tell(alert, str(alert.status), kwargs)

    def delete(self, alert: Any, **kwargs: Any) -> bool:
        """What is not there any more does not fire; this, too, is said before it is done."""
        self._tell(alert, "closed", kwargs, changed=_now())
        return True

    def _tell(
        self, alert: Any, status: str, kwargs: dict[str, Any], *, changed: datetime | None = None
    ) -> None:
        url, token = (
            self.get_config(name, default="", type=str, **kwargs) for name in ("LIAISON_URL", "LIAISON_TOKEN")
        )
        if not url or not token:
            LOG.error("LIAISON_URL and LIAISON_TOKEN are not set: Liaison is told nothing")
            return
        told = {**alert.get_body(history=False), "status": status, "rawData": None}
        if changed is not None and status in OVER:
            # The alert still has the time of its change before, and that would be taken for its end.
            told["updateTime"] = changed.isoformat(timespec="milliseconds")
        body = json.dumps({"version": 1, "alert": told}, default=str).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310
            with urllib.request.urlopen(request, timeout=TIMEOUT):  # noqa: S310  # the operator's own address
                pass
        except (OSError, ValueError) as error:
            LOG.warning("Liaison was not told of alert %s: %s", alert.id, type(error).__name__)


def _now() -> datetime:
    return datetime.now(timezone.utc)  # noqa: UP017  # Alerta's Python may be older than ours
