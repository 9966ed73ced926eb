"""What every nginx of a test needs to run as whoever tests, with all that it writes in a folder of its own."""

from __future__ import annotations

from pathlib import Path

_CONFIG = """\
daemon off;
user {user};
worker_processes 1;
pid {home}/nginx.pid;
error_log stderr error;
events {{}}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
{serves}}}
"""


def nginx_config(home: Path, serves: str, *, user: str = "root") -> str:
    """Its configuration; `serves` is what stands in `http` beside the rest, indented by four."""
    return _CONFIG.format(home=home, user=user, serves=serves)
