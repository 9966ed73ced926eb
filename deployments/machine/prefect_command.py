"""`python -m deployments.machine.prefect_command ARGUMENTS`: Prefect's own command, for servers.

What a server of Prefect's loads is set aside before it serves: it is some 280,000 objects, and without looks through
them for garbage a storm costs it a fifth less CPU. All its callers waited meanwhile, 0.85 s a look on a busy machine.
"""

from __future__ import annotations

import runpy

# `server start` would load it only when its application is made, after which nobody asks us.
import prefect.server.api.server  # noqa: F401

from deployments.machine.garbage import keep_what_is_loaded


def main() -> None:
    """Become `prefect`, with the arguments of this process."""
    keep_what_is_loaded()
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
