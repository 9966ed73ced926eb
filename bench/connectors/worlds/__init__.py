"""Every connector whose fake is an HTTP server.

Left out, as there is no such server: `catalogfile` and `staticpage` (files), `customersql` (a database), `roster`
(rotas of its own, told by other connections), and `mail`, which `bench.connectors.mail` measures.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.connectors.worlds.helpdesks import HELPDESKS
from bench.connectors.worlds.monitors import MONITORS
from bench.connectors.worlds.people import PEOPLE
from bench.connectors.worlds.trackers import TRACKERS
from bench.connectors.worlds.world import World

WORLDS: Sequence[World] = (*HELPDESKS, *PEOPLE, *TRACKERS, *MONITORS)
