"""What a process has loaded is there to stay: garbage is looked for among what came later."""

from __future__ import annotations

import gc


def keep_what_is_loaded() -> None:
    """Leave modules, classes and settings out of every later look for garbage. Call it once all of them are there.

    A worker's are 278,000 objects, through which a full look takes 0.16 s of CPU, again and again, with everything
    standing still meanwhile: pages, webhooks and the heartbeats of leases.
    """
    gc.collect()
    gc.freeze()
