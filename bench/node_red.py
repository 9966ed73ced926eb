"""Node-RED with one flow: an HTTP request is answered 200 and kept nowhere. Installed by npm into a scratch folder."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

VERSION = "4.1.1"
"""The newest that runs on Debian 12's Node.js 20 of NodeSource; 5 wants a newer one."""
INSTALL_SECONDS = 600
SETTINGS = """\
module.exports = {
    uiPort: %(port)d, uiHost: "127.0.0.1", userDir: %(home)s, flowFile: "flows.json",
    httpAdminRoot: false, disableEditor: true, logging: {console: {level: "error"}}
};
"""


def can_be_installed() -> bool:
    """Whether this machine has Node.js and npm."""
    return shutil.which("node") is not None and shutil.which("npm") is not None


@contextlib.contextmanager
def node_red(home: Path, path: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Its process, which answers POSTs at `path` after a while. Raises CalledProcessError when npm cannot install."""
    npm, node = shutil.which("npm"), shutil.which("node")
    assert npm is not None, "see can_be_installed"
    assert node is not None, "see can_be_installed"
    subprocess.run(
        [npm, "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", f"node-red@{VERSION}"],
        cwd=home,
        check=True,
        timeout=INSTALL_SECONDS,
    )
    (home / "settings.js").write_text(SETTINGS % {"port": port, "home": json.dumps(str(home))})
    (home / "flows.json").write_text(json.dumps(_flow(path)))
    command = [node, home / "node_modules/node-red/red.js", "--settings", home / "settings.js"]
    process = subprocess.Popen(command, cwd=home, env={**os.environ, "NODE_ENV": "production"})
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _flow(path: str) -> list[dict[str, object]]:
    return [
        {"id": "t", "type": "tab", "label": "bench"},
        {"id": "in", "z": "t", "type": "http in", "url": path, "method": "post", "wires": [["out"]]},
        {"id": "out", "z": "t", "type": "http response", "statusCode": "200", "wires": []},
    ]
