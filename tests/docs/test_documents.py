"""Whoever copies out of the documentation gets what it says."""

from __future__ import annotations

import ast
import base64
import importlib
import inspect
import json
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
import typer
import yaml
from pydantic import SecretStr
from typer.core import TyperGroup

from blocks.catalogue import BLOCKS
from connectors.kit.webhooks.signing import sign_timestamped_base64
from connectors.zendesk import Zendesk, ZendeskSettings
from connectors.zendesk.webhook import SIGNATURE, TIMESTAMP
from deployments.cli.app import app
from deployments.drill.accounts.sandbox_file import SandboxFile, read_sandbox_file
from incidents.events import TicketEvent
from incidents.models import TicketRef
from incidents.policy.file import parse_policy
from incidents.policy.policy import Policy
from tests.docs.documents import PROJECT, Shown, blocks, documents, lines_of_commands
from tests.shape.sources import PRODUCT

# nginx: by tests/real/gateway.
PROVEN = {"yaml", "json", "python", "sh", "nginx", ""}
LIAISON = cast(TyperGroup, typer.main.get_command(app))
UsageError = typer.BadParameter.__base__
"""What the command line says no with. Typer does not export it, and brings a click of its own."""
FOLDERS = tuple(sorted(path.name for path in PROJECT.iterdir() if (path / "__init__.py").exists()))


def test_every_block_is_in_a_language_that_is_proven_here():
    languages = {shown.language: shown.place for document in documents() for shown in document.blocks()}
    assert set(languages) <= PROVEN, languages


SANDBOX_FILES = [shown for shown in blocks("yaml") if shown.text.startswith("# sandbox.yaml")]
POLICY_SECTIONS = [
    shown
    for shown in blocks("yaml")
    if shown not in SANDBOX_FILES
    # In a connector's README as well: how the policy names the connection.
    and (
        not shown.place.startswith("connectors/")
        or set(re.findall(r"^(\w+):", shown.text, re.MULTILINE)) <= set(Policy.model_fields)
    )
]
IN_CONNECTORS = [shown for shown in blocks("yaml") if shown not in POLICY_SECTIONS + SANDBOX_FILES]
BODIES = [shown for shown in blocks("json") if "{{" in shown.text]
SETTINGS = [shown for shown in blocks("json") if shown not in BODIES]


@pytest.mark.parametrize("shown", POLICY_SECTIONS, ids=str)
def test_a_policys_section_loads_in_place_of_the_examples(shown: Shown):
    """By the policy's own loader, and as text: other readers take `on` for a truth value."""
    policy = (PROJECT / "liaison.example.yaml").read_text(encoding="utf-8")
    for section in re.findall(r"^(\w+):", shown.text, re.MULTILINE):
        assert section in Policy.model_fields, f"{shown.place}: a policy has no {section}"
        policy = re.sub(rf"^{section}:.*\n((?: .*)?\n)*", "", policy, flags=re.MULTILINE)
    assert parse_policy(f"{policy}\n{shown.text}", file=shown.place)


@pytest.mark.parametrize("shown", SANDBOX_FILES, ids=str)
def test_a_drills_file_is_read(shown: Shown, tmp_path: Path):
    """As `liaison drill --on` does, with every key that there is."""
    file = tmp_path / "sandbox.yaml"
    file.write_text(shown.text)
    assert read_sandbox_file(file).model_fields_set == set(SandboxFile.model_fields)


@pytest.mark.parametrize("shown", IN_CONNECTORS, ids=str)
def test_what_a_vendor_is_given_names_our_own_addresses(shown: Shown):
    """A vendor's own format, such as Slack's manifest, which `make test-real` holds against Slack's description."""
    vendor = shown.place.split("/")[1]
    assert yaml.safe_load(shown.text)
    addresses = re.findall(r"https://liaison\.example\.com(\S*)", shown.text)
    assert addresses
    assert all(re.fullmatch(rf"/hooks/{vendor}/\w+", address) for address in addresses)


@pytest.mark.parametrize("shown", SETTINGS, ids=str)
def test_settings_in_a_vendors_readme_are_settings_of_its_block(shown: Shown):
    """A section that is shown alone is laid over the first settings of the same README: it goes with them."""
    readme, vendor = shown.place.partition(":")[0], shown.place.split("/")[1]
    first = next(one for one in SETTINGS if one.place.startswith(f"{readme}:"))
    secret = "whsec_" + base64.b64encode(b"s" * 32).decode()
    whole, alone = (json.loads(one.text.replace("whsec_...", secret)) for one in (first, shown))
    assert BLOCKS[vendor].model_validate({**whole, **alone}).model_fields_set >= set(alone)


@pytest.mark.parametrize("shown", BODIES, ids=str)
def test_a_body_that_a_vendor_is_told_to_send_is_understood(shown: Shown):
    assert shown.place.startswith("connectors/zendesk/"), "prove it as Zendesk's here"
    now, secret = datetime(2026, 4, 2, tzinfo=UTC), "the-signing-secret-of-a-test"
    settings = ZendeskSettings(
        subdomain="acme",
        email="a@b.example",
        api_token=SecretStr("token"),
        signing_secrets=[SecretStr(secret)],
    )
    zendesk = Zendesk("zendesk/support", settings)
    body, time = re.sub(r"\{\{.*?\}\}", "4711", shown.text.strip()).encode(), f"{now:%Y-%m-%dT%H:%M:%SZ}"
    headers = [
        (TIMESTAMP, time),
        (SIGNATURE, sign_timestamped_base64(body, secret.encode(), timestamp=time)),
    ]
    (event,) = zendesk.events(zendesk.verify(headers, body, now=now))
    assert isinstance(event, TicketEvent)
    assert event.ref == TicketRef(connection="zendesk/support", id="4711")


@pytest.mark.parametrize("shown", blocks("python"), ids=str)
def test_python_runs(shown: Shown, tmp_path: Path):
    """In a process of its own, with every warning an error; also a block that awaits at its top."""
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    is_async = bool(compile(shown.text, shown.place, "exec", flags).co_flags & inspect.CO_COROUTINE)
    runner = (
        "import asyncio, sys\n"
        f"code = compile(open(sys.argv[1]).read(), {shown.place!r}, 'exec', {flags})\n"
        + ("asyncio.run(eval(code, {}))" if is_async else "exec(code, {})")
    )
    file = tmp_path / "shown.py"
    file.write_text(shown.text, encoding="utf-8")
    done = subprocess.run(  # noqa: S603 - our own documentation
        [sys.executable, "-c", runner, str(file)],
        cwd=PROJECT,
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("shown", lines_of_commands("liaison"), ids=str)
def test_a_command_has_the_verb_and_the_options_that_are_shown(shown: Shown, tmp_path: Path):
    parsed(shown.text, tmp_path)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("shows INC-1", "No such command"),
        ("replay uic FILE", "No such command"),
        ("show INC-1 --jason", "No such option"),
        ("show INC-1 INC-2", "unexpected extra argument"),
        ("show --json", "Missing"),
    ],
)
def test_a_command_that_is_not_there_is_found_out(line: str, complaint: str, tmp_path: Path):
    with pytest.raises(UsageError, match=complaint):
        parsed(line, tmp_path)


def parsed(line: str, folder: Path) -> None:
    """Parse as the real command line does, without doing it. Raises `UsageError`.

    FILE and FOLDER stand for something that exists, `...` for whatever may come; a verb that is only named, without
    anything after it, may lack its arguments.
    """
    (folder / "file").touch()
    places = {"FILE": str(folder / "file"), "FOLDER": str(folder)}
    words = [places.get(word, word) for word in shlex.split(line) if word not in {"...", "…"}]
    command, context = LIAISON, typer.Context(LIAISON, info_name="liaison")
    while isinstance(command, TyperGroup):
        if not words:
            return
        name, command, words = command.resolve_command(context, words)
        context = typer.Context(command, info_name=name, parent=context)
    if words:
        command.make_context(context.info_name, words, parent=context.parent)


def test_the_readme_tells_of_every_verb():
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    verbs = {name for name, command in LIAISON.commands.items() if not command.hidden}
    assert {name for name in verbs if f"liaison {name}" not in readme} == set()


@pytest.mark.parametrize("shown", lines_of_commands("make"), ids=str)
def test_make_has_the_target(shown: Shown):
    targets = re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    wanted = [word for word in shown.text.split() if "=" not in word]
    assert set(wanted) <= set(targets), shown.place


def test_paths_that_the_text_names_are_there():
    named = re.compile(rf"({'|'.join(FOLDERS)}|docs|requirements)/[\w./-]*")
    gone = [
        f"{shown.place}: {shown.text}"
        for document in documents()
        for shown in document.spans()
        if named.fullmatch(shown.text) and not (PROJECT / shown.text).exists()
    ]
    assert gone == []


def test_names_in_the_code_that_the_text_names_are_there():
    named = re.compile(rf"({'|'.join(FOLDERS)})(\.\w+)+")
    gone = [
        f"{shown.place}: {shown.text}"
        for document in documents()
        for shown in document.spans()
        if named.fullmatch(shown.text)
        and not shown.text.endswith((".py", ".md"))
        and not is_there(shown.text)
        and not is_setting(shown.text)
    ]
    assert gone == []


def is_there(dotted: str) -> bool:
    """Whether it is a module, or a name in one."""
    names = dotted.split(".")
    for count in range(len(names), 0, -1):
        try:
            found: object = importlib.import_module(".".join(names[:count]))
        except ModuleNotFoundError:
            continue
        for name in names[count:]:
            if not hasattr(found, name):
                return False
            found = getattr(found, name)
        return True
    return False


def is_setting(dotted: str) -> bool:
    """Whether it is a key of the policy, as `insights.routing.mode`."""
    model: Any = Policy
    for name in dotted.split("."):
        if name not in getattr(model, "model_fields", {}):
            return False
        model = model.model_fields[name].annotation
    return True


@pytest.mark.parametrize(
    ("dotted", "there"), [("incidents.ports.Pager", True), ("incidents.ports.Pagers", False)]
)
def test_a_name_that_is_not_there_is_found_out(dotted: str, *, there: bool):
    assert is_there(dotted) is there


def test_links_within_the_project_lead_somewhere():
    broken = [
        f"{shown.place}: {shown.text}"
        for document in documents()
        for shown in document.links()
        if not re.match(r"[a-z]+:|#", shown.text)
        and not (PROJECT / document.name).parent.joinpath(shown.text.partition("#")[0]).exists()
    ]
    assert broken == []


def test_the_architecture_shows_every_room():
    """A vendor's folder is none: whoever adds one touches nothing else."""
    map_of_rooms = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = [
        path.parent.relative_to(PROJECT).as_posix()
        for package in PRODUCT
        for path in sorted((PROJECT / package).glob("*/__init__.py"))
        if package != "connectors" or path.parent.name == "kit"
    ]
    assert rooms
    assert [room for room in rooms if f"`{room}`" not in map_of_rooms] == []
    assert [package for package in PRODUCT if f"**{package}**" not in map_of_rooms] == []


def test_the_glossary_has_25_words_at_most_each_with_one_meaning():
    glossary = (PROJECT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| \*\*(.+?)\*\* \| ", glossary, re.MULTILINE)
    assert 0 < len(words) <= 25
    assert len(set(words)) == len(words)
