"""The example of docs/example_flow, installed as pip installs it: deployed like our own, and its story."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes
from email.policy import default
from importlib import import_module
from pathlib import Path
from shutil import copytree, rmtree

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.exceptions import ObjectNotFound

from blocks.mail import MailBlock
from connectors.mail.fake.app import FakeMailServer
from deployments.worker.registration import register
from incidents.case import EntryKind
from tests.connectors.mail.world import NAME, mail_settings
from tests.deployments.conftest import SAMPLE_YAML
from tests.servers import PrefectServer
from tests.stories.installation import Installation

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "example_flow"
MANAGER = "sam@shop.example"
FLOW = "account_manager/account_manager"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example as pip installs it, in a folder of its own."""
    folder = tmp_path_factory.mktemp("example")
    source = copytree(EXAMPLE, folder / "source")  # a build leaves files behind
    offline = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index")
    pip = [sys.executable, "-m", "pip", "install", *offline, "--target", str(folder / "site"), str(source)]
    subprocess.run(pip, check=True, capture_output=True)  # noqa: S603
    return folder / "site"


@pytest.fixture
def installed(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    site = copytree(built, tmp_path / "site")
    monkeypatch.syspath_prepend(site)
    yield site
    for name in [name for name in sys.modules if name.partition(".")[0] == "liaison_account_manager"]:
        del sys.modules[name]


@pytest.fixture
async def mailbox(liaison: Installation) -> AsyncIterator[FakeMailServer]:
    server = FakeMailServer()
    async with server.serving() as ports:
        settings = mail_settings({"imap_port": ports.imap, "smtp_port": ports.smtp})
        await MailBlock(**dict(settings)).save(NAME.partition("/")[2], overwrite=True)
        yield server


def test_it_is_less_than_forty_lines():
    assert len((EXAMPLE / "liaison_account_manager" / "flow.py").read_text().splitlines()) < 40


def test_its_own_tests_pass(built: Path):
    """Run as its author would: with Liaison's checkout beside it."""
    tests = str(EXAMPLE / "tests")
    program = f"""
import sys
sys.path.append({str(built)!r})
import pytest
raise SystemExit(pytest.main(["-q", "-p", "no:cacheprovider", "--rootdir", {tests!r}, {tests!r}]))
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


async def test_the_account_manager_hears_once(
    liaison: Installation, mailbox: FakeMailServer, installed: Path
):
    """Of the gold customer, not of the other one; again by no later run, and the timeline has it."""
    account_manager = import_module("liaison_account_manager.flow").account_manager
    tickets = await liaison.escalated(2)
    await account_manager(manager=MANAGER, by=NAME)
    assert mailbox.mailbox.sent_to(MANAGER) == []

    desk = liaison.world.zendesk
    desk.tickets[tickets[0]].tags.append("tier_gold")
    desk.customer_reply(tickets[0], "Any news?")
    await liaison.intake()
    for _ in range(2):
        await account_manager(manager=MANAGER, by=NAME)
    (mail,) = [message_from_bytes(data, policy=default) for data in mailbox.mailbox.sent_to(MANAGER)]
    assert mail["Subject"] == "Customer 1 (gold) is hit by INC-1 (checkout)."
    told = [entry.text for entry in await liaison.timeline() if entry.kind is EntryKind.SENT_OUTBOUND_MESSAGE]
    assert told == [f"Messages by {NAME} to customers who have not written: 1"]


async def test_it_is_registered_like_our_own_and_goes_when_it_is_gone(
    prefect_server: PrefectServer, prefect_client: PrefectClient, installed: Path
):
    """What an operator changed is kept, and nothing is deleted while the package cannot be read."""
    registered = await register(prefect_server.access, file=SAMPLE_YAML)
    assert "account_manager" in registered.deployments
    there = await prefect_client.read_deployment_by_name(FLOW)
    assert there.entrypoint == "liaison_account_manager.flow.account_manager"
    assert [str(one.schedule.cron) for one in there.schedules] == ["*/5 * * * *"]

    change = DeploymentUpdate(parameters={"manager": MANAGER, "by": NAME})
    await prefect_client.update_deployment(there.id, change)
    code = installed / "liaison_account_manager" / "flow.py"
    good = code.read_text()
    code.write_text("import nothing_of_that_name")
    del sys.modules["liaison_account_manager.flow"]
    remarks = (await register(prefect_server.access, file=SAMPLE_YAML)).remarks
    assert any(
        "the flow account_manager of liaison-account-manager 0.1.0 is left out" in one for one in remarks
    )
    assert "account_manager: kept as it is, while flows are left out" in remarks

    code.write_text(good)
    remarks = (await register(prefect_server.access, file=SAMPLE_YAML)).remarks
    assert [one for one in remarks if one.startswith("account_manager: parameters kept")]
    assert (await prefect_client.read_deployment_by_name(FLOW)).parameters["manager"] == MANAGER

    rmtree(installed)
    remarks = (await register(prefect_server.access, file=SAMPLE_YAML)).remarks
    assert "account_manager: deleted, nothing declares it any longer" in remarks
    with pytest.raises(ObjectNotFound):
        await prefect_client.read_deployment_by_name(FLOW)
