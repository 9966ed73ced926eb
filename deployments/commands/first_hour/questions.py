"""Questions, and what an answer must be: each is judged at once, with the cure."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from connectors.kit.addresses import LOOPBACK, keeps_secrets
from connectors.kit.mailbox.access import ADDRESS
from incidents.policy.process import Links
from incidents.texts.plain_text import did_you_mean, one_line

LONGEST = 2_000
"""Characters of an answer."""
_PERSON = re.compile(r"(?P<name>[^<>@,]+?)\s*<(?P<address>[^<>\s]+)>")
_NOT_A_NAME = re.compile(r"[^a-z0-9]+")
_YES, _NO = frozenset({"yes", "y"}), frozenset({"no", "n"})
YES, NO = "yes", "no"


@dataclass(frozen=True, kw_only=True, slots=True)
class SetupQuestion:
    """One question. `default` is the answer of who only presses Enter; None where there must be one.

    `read` brings an answer into its form, and raises `ValueError` with the cure for one that cannot be used.
    """

    key: str
    text: str
    hint: str = ""
    default: str | None = None
    is_secret: bool = False
    read: Callable[[str], str] = one_line


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedPerson:
    """Somebody who can be on call; `key` is what the policy calls them."""

    key: str
    name: str
    address: str


def slug(title: str, *, otherwise: str) -> str:
    """What the policy and connections call it: small letters, digits and dashes; `otherwise` if none are left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return _NOT_A_NAME.sub("-", plain).strip("-")[:40].strip("-") or otherwise


def yes_or_no(text: str) -> str:
    """`yes` or `no`."""
    word = text.strip().lower()
    if word not in _YES | _NO:
        raise ValueError("write yes or no")
    return YES if word in _YES else NO


def one_of(options: Collection[str]) -> Callable[[str], str]:
    """One of these words."""

    def read(text: str) -> str:
        word = text.strip().lower()
        if word not in options:
            raise ValueError(f"write one of {', '.join(options)}{did_you_mean(word, list(options))}")
        return word

    return read


def required(text: str) -> str:
    """Something that can be read, in one line."""
    found = one_line(text)
    if not found:
        raise ValueError("it cannot be empty")
    return found


def secret(text: str) -> str:
    """A password or token as it was typed, but for blanks around it, which come from copying."""
    found = text.strip()
    if not found or any(ord(character) < 32 for character in found):
        raise ValueError("it is empty or has a line break in it; copy it again")
    return found


def mail_address(text: str) -> str:
    """One plain address."""
    found = text.strip()
    if ADDRESS.fullmatch(found) is None:
        raise ValueError(f"{found[:60]!r} is no mail address; write one such as support@acme.example")
    return found


def colleagues(text: str) -> str:
    """Addresses, or @ and a domain, by commas; or nothing."""
    for one in parts(text):
        if ADDRESS.fullmatch(one if not one.startswith("@") else f"x{one}") is None:
            raise ValueError(
                f"{one[:60]!r} is no address; write ada@acme.example, or @acme.example for all of a domain"
            )
    return ", ".join(parts(text))


def titles(text: str) -> str:
    """Names by commas, at least one, no two alike."""
    found = parts(text)
    names = [slug(title, otherwise=f"service-{number}") for number, title in enumerate(found, start=1)]
    if not found:
        raise ValueError("name at least one, as customers call it: Checkout")
    if len(set(names)) < len(names):
        raise ValueError("two of them would have one name; make them differ")
    if any(len(title) > 100 for title in found):
        raise ValueError("a name is at most 100 letters")
    return ", ".join(found)


def people(text: str) -> str:
    """`Ana Silva <ana@acme.example>`, by commas, at least one; each by another first name or address."""
    people_of(text)
    return ", ".join(parts(text))


def people_of(text: str) -> Sequence[NamedPerson]:
    """The same, read. Raises `ValueError` with the cure."""
    found: list[NamedPerson] = []
    for number, part in enumerate(parts(text), start=1):
        match = _PERSON.fullmatch(part)
        if match is None or ADDRESS.fullmatch(match["address"]) is None:
            raise ValueError(f"{part[:60]!r}: write name and address, as in Ana Silva <ana@acme.example>")
        name = one_line(match["name"])
        first = slug(name.split()[0], otherwise=f"person-{number}")
        key = (
            first if all(first != other.key for other in found) else slug(name, otherwise=f"person-{number}")
        )
        if any(key == other.key for other in found):
            raise ValueError(f"{name!r} is there twice; leave one out, or tell them apart")
        found.append(NamedPerson(key=key, name=name, address=match["address"]))
    if not found:
        raise ValueError("somebody must be there to be woken: Ana Silva <ana@acme.example>")
    return found


def time_zone(text: str) -> str:
    """A zone such as Europe/Berlin."""
    try:
        return ZoneInfo(text.strip()).key
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{text[:40]!r} is no time zone; write one such as Europe/Berlin, or UTC") from error


def zone_of_this_machine() -> str:
    """The zone that the machine's clock shows, as far as that can be told; else UTC."""
    try:
        link = Path("/etc/localtime").resolve()
        named = os.environ.get("TZ") or str(link).partition("/zoneinfo/")[2]
        return time_zone(named) if named else "UTC"
    except (ValueError, OSError):
        return "UTC"


def number(least: int, most: int) -> Callable[[str], str]:
    """A whole number from `least` to `most`."""

    def read(text: str) -> str:
        word = text.strip()
        if not word.isascii() or not word.isdigit() or not least <= int(word) <= most:
            raise ValueError(f"write a whole number from {least} to {most}")
        return str(int(word))

    return read


def public_address(text: str) -> str:
    """https:// and a host, without anything behind it but a path; http on this machine only; or nothing."""
    url = text.strip().rstrip("/")
    try:
        is_usable = not url or (keeps_secrets(url) and not set("?#@ ") & set(url))
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ValueError(
            f"{url[:80]!r} cannot be it; write https:// and a host: https://liaison.acme.example"
        )
    return url


def web_address(text: str) -> str:
    """http:// or https:// and a host, as people open it in a browser; or nothing."""
    url = text.strip().rstrip("/")
    try:
        return Links(prefect_ui=url).prefect_ui or "" if url else ""
    except ValidationError as error:
        raise ValueError(
            f"{url[:80]!r} cannot be it; write http:// or https:// and a host: https://prefect.acme.example"
        ) from error


def folder(text: str, *, words: Collection[str] = ("none",)) -> str:
    """A folder that is there, or could be made, for this page alone; or one of the words for something else."""
    if text.strip().lower() in words:
        return text.strip().lower()
    path = Path(text.strip()).expanduser()
    path = path if path.is_absolute() else Path.cwd() / path
    if ".." in path.parts or len(path.parts) < 2:
        raise ValueError(
            f"{str(path)[:200]!r} is no place for it; write a path without '..', such as /srv/status"
        )
    if not path.parent.is_dir():
        raise ValueError(f"{path.parent} is not there; make it first (mkdir -p), or write another folder")
    if not os.access(path if path.is_dir() else path.parent, os.W_OK):
        raise ValueError(f"{path} cannot be written by you; choose another folder")
    if path.is_dir() and any(path.iterdir()) and not (path / ".liaison-status-page").exists():
        raise ValueError(
            f"{path} has files of somebody else in it; choose an empty folder, or one not there yet"
        )
    return str(path)


def mail_server(kind: str) -> Callable[[str], str]:
    """`host`, `host:port` or `host:port/tls`, read as `host:port/security`; `kind` is imap or smtp."""
    standard = {"imap": {993: "tls", 143: "starttls"}, "smtp": {465: "tls", 587: "starttls", 25: "starttls"}}
    ports = standard[kind]
    first = next(iter(ports))

    def read(text: str) -> str:
        place, _, said = text.strip().partition("/")
        host, colon, digits = place.rpartition(":") if ":" in place else (place, "", "")
        port = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 6 else 0
        if not host or " " in host or "@" in host or (colon and not 0 < port < 65536):
            raise ValueError(
                f"write the server's name: {kind}.acme.example, or with its port {kind}.acme.example:{first}"
            )
        if not colon:
            port = first
        security = said.strip().lower() or ("none" if host in LOOPBACK else ports.get(port, ""))
        if security not in ("tls", "starttls", "none"):
            raise ValueError(f"say how port {port} is spoken to: {host}:{port}/tls or {host}:{port}/starttls")
        if security == "none" and host not in LOOPBACK:
            raise ValueError(f"the password would travel in clear; write {host}:{port}/tls or /starttls")
        return f"{host}:{port}/{security}"

    return read


def server_of(read_answer: str) -> tuple[str, int, str]:
    """Host, port and security of what `mail_server` has read."""
    place, _, security = read_answer.rpartition("/")
    host, _, port = place.rpartition(":")
    return host, int(port), security


def parts(text: str) -> list[str]:
    """What stands between commas, without what is empty or there twice."""
    return list(dict.fromkeys(part for one in text.split(",") if (part := one_line(one))))
