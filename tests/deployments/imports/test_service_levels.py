"""`liaison sla-import`: by the connection's name from a saved block to YAML and a report; nothing is overwritten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from blocks.slack import SlackBlock
from blocks.zendesk import ZendeskBlock
from connectors.kit.fakes.loopback import serving
from connectors.zendesk.fake.app import (
    API_TOKEN,
    EMAIL,
    SIGNING_SECRET,
    FakeZendesk,
)
from deployments.commands.imports.report import print_report, save_new
from deployments.commands.imports.service_levels import import_service_levels
from incidents.errors import NotAllowed, NotFound, PolicyError, Refused
from incidents.imports.report import Fate, Imported, ImportLine
from incidents.policy.file import load_policy, parse_policy
from tests.connectors.slack.conftest import settings as slack_settings
from tests.incidents.builders import POLICY

NAME = "sla-import-test"


@pytest.fixture
async def zendesk(here: ExitStack) -> AsyncIterator[FakeZendesk]:
    """A Zendesk on loopback, and its connection saved in Prefect."""
    fake = FakeZendesk()
    async with serving(fake.app) as address:
        block = ZendeskBlock(
            base_url=address, email=EMAIL, api_token=API_TOKEN, signing_secrets=[SIGNING_SECRET]
        )
        await block.save(NAME, overwrite=True)
        yield fake
        await ZendeskBlock.adelete(NAME)


async def test_from_the_connection_to_the_policy_file(zendesk: FakeZendesk, policy: Path, tmp_path: Path):
    """The section stands in a policy file as it is, with the promises of Zendesk."""
    zendesk.make_admin()
    zendesk.service_levels.add_schedule("Office", "Berlin", [(1980, 2460)], {"Eve": ("2026-12-24",) * 2})
    zendesk.service_levels.add_policy(
        "Gold", [("first_reply_time", "urgent", 15, True)], all_of=[("current_tags", "includes", "tier_gold")]
    )
    imported = await import_service_levels(f"zendesk/{NAME}", policy)
    own = "\n".join(line for line in POLICY.splitlines() if not line.startswith("sla:"))
    save_new(f"{own}\n{imported.text}", tmp_path / "new.yaml")
    (gold,) = load_policy(tmp_path / "new.yaml").sla.policies
    assert (gold.name, gold.calendar, gold.when.tier) == ("gold", "office", ["gold"])
    assert [line.fate for line in imported.lines] == [Fate.TAKEN] * 3
    assert load_policy(policy) == parse_policy(POLICY)


async def test_a_token_that_does_not_reach(zendesk: FakeZendesk, policy: Path):
    """Said with what is needed."""
    with pytest.raises(NotAllowed, match="administrators only"):
        await import_service_levels(f"zendesk/{NAME}", policy)


async def test_a_connection_without_service_levels(here: ExitStack, policy: Path):
    """A chat promises nothing."""
    block = SlackBlock.model_validate(slack_settings(), from_attributes=True)
    await block.save(NAME, overwrite=True)
    try:
        with pytest.raises(Refused, match=f"slack/{NAME} is no ServiceLevelSource; it is a Slack connection"):
            await import_service_levels(f"slack/{NAME}", policy)
    finally:
        await SlackBlock.adelete(NAME)


async def test_what_is_named_must_be_there(policy: Path, tmp_path: Path):
    """A policy file and a connection; the policy is read first, so a slip in it costs no call."""
    with pytest.raises(PolicyError, match="there is no such file"):
        await import_service_levels("zendesk/support", tmp_path / "none.yaml")
    with pytest.raises(NotFound, match="write vendor/name"):
        await import_service_levels("zendesk", policy)


def test_nothing_is_overwritten(tmp_path: Path):
    """Not an existing file, nor through a link that leads nowhere yet; and a folder that is not there is told."""
    there = tmp_path / "there.yaml"
    there.write_text("mine")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    for path in (there, tmp_path / "link.yaml"):
        with pytest.raises(Refused, match="is there already; choose another name"):
            save_new("sla: {}\n", path)
    assert there.read_text() == "mine"
    with pytest.raises(Refused, match="cannot be written: No such file or directory"):
        save_new("sla: {}\n", tmp_path / "none" / "new.yaml")
    save_new("sla: {}\n", tmp_path / "new.yaml")
    assert (tmp_path / "new.yaml").read_text() == "sla: {}\n"


def test_the_report_is_plain_text():
    """A line for each thing, names shown as they are, and the count of each sort."""
    lines = (
        ImportLine(fate=Fate.TAKEN, what="SLA policy '[red]x[/red]'", words="as x"),
        ImportLine(fate=Fate.LEFT, what="SLA policy 'y'", words="why", cure="what to do"),
    )
    written = StringIO()
    console = Console(file=written, width=40)
    print_report(console, Imported(text="sla: {}\n", lines=lines))
    printed = written.getvalue().splitlines()
    assert printed[0] == "taken     SLA policy '[red]x[/red]': as x"
    assert printed[1] == "left out  SLA policy 'y': why; what to do"
    assert " ".join(printed[2:]).startswith("1 taken, 0 differs, 1 left out.")
