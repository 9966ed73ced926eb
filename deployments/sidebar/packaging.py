"""`liaison sidebar`: the app's files with this installation's addresses in them, as a folder or as the zip that Zendesk
takes.

What a package must be: developer.zendesk.com, "Manifest reference", "Setting up new apps" (its files), and the checks
of Zendesk's own `zendesk_apps_support`. Nothing secret is in it: the token is pasted where the app is installed.
"""

from __future__ import annotations

import html
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from incidents.errors import LiaisonError
from incidents.links.sidebar_links import PATH

_APP = Path(__file__).parent / "app"
_PAGE, _MANIFEST = "assets/iframe.html", "manifest.json"
_NO_ADDRESS = '<meta name="liaison-tickets" content="">'
_NO_TIME = (1980, 1, 1, 0, 0, 0)
"""Of files in a zip: the same package twice is the same bytes."""
VENDOR = "zendesk"


class CannotPackage(LiaisonError):
    """What was asked for makes no app that would work."""


def app_files(connection: str, *, gateway: str, email: str) -> Mapping[str, bytes]:
    """The package's files by their paths in it. `gateway` is its address as Zendesk's servers reach it, `email` whom
    agents write to about the app. Raises `CannotPackage`.
    """
    address = urlsplit(gateway)
    if connection.partition("/")[0] != VENDOR or not connection.partition("/")[2]:
        raise CannotPackage(f"{connection!r} is no Zendesk connection: name it as zendesk/support")
    if address.scheme != "https" or address.hostname is None:
        raise CannotPackage(
            f"{gateway!r} is not reached by Zendesk's servers: give the gateway's address on the Internet, such as"
            " --gateway https://liaison.example.com"
        )
    name, at, host = email.partition("@")
    if not (name and at and host) or email != email.strip():
        raise CannotPackage(f"{email!r} is no mail address: give one that agents may write to about the app")
    tickets = f"{gateway.rstrip('/')}{PATH}{connection}/"
    files = {path: (_APP / path).read_bytes() for path in _paths()}
    manifest = json.loads(files[_MANIFEST])
    manifest["author"]["email"] = email
    manifest["domainWhitelist"] = [address.hostname]
    files[_MANIFEST] = json.dumps(manifest, indent=2).encode() + b"\n"
    with_address = _NO_ADDRESS.replace('content=""', f'content="{html.escape(tickets)}"')
    files[_PAGE] = files[_PAGE].decode().replace(_NO_ADDRESS, with_address).encode()
    return files


def write_app(target: Path, files: Mapping[str, bytes]) -> None:
    """Write the zip of this name, else the folder, which may have an older package of ours and nothing else in it.
    Raises `CannotPackage`.
    """
    try:
        if target.suffix == ".zip":
            _write_zip(target, files)
        else:
            _write_folder(target, files)
    except OSError as error:
        raise CannotPackage(f"{target}: {error.strerror or error}") from error


def _write_zip(target: Path, files: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for path, content in files.items():
            package.writestr(zipfile.ZipInfo(path, _NO_TIME), content, zipfile.ZIP_DEFLATED)


def _write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    if target.exists():
        there = {str(one.relative_to(target)) for one in target.rglob("*") if one.is_file()}
        if strange := sorted(there - set(files)):
            raise CannotPackage(f"{target} has other files in it, such as {strange[0]}: name an empty folder")
    for path, content in files.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(content)


def _paths() -> list[str]:
    return sorted(str(one.relative_to(_APP)) for one in _APP.rglob("*") if one.is_file())
