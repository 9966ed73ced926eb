"""What a drill on accounts refuses, with the connection's name and the cure; nothing was written by then."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import yaml

from blocks.connect import read_block
from blocks.slack import SlackBlock
from deployments.demo.policies import POLICY, merged
from deployments.drill.accounts.admission import NotAdmitted, PolicyInForce, admitted
from deployments.drill.accounts.plan import DrillMarks, NotAgreed, plan_lines, require_yes
from deployments.drill.accounts.sandbox_file import SandboxFile
from deployments.drill.stories import STORIES
from incidents.errors import NotFound
from incidents.policy.file import parse_policy
from tests.deployments.drill.sandbox import HELPDESK, PAGER, THEIRS, Sandbox, open_sandbox
from tests.servers import PrefectServer

ACCOUNTS = SandboxFile(helpdesk=HELPDESK, pager=PAGER)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    found = Path(tempfile.mkdtemp(prefix="drill"))
    yield found
    shutil.rmtree(found)


@pytest.fixture(scope="module")
async def accounts(prefect_server: PrefectServer, folder: Path) -> AsyncIterator[Sandbox]:
    async with open_sandbox(prefect_server, folder) as opened:
        yield opened


@pytest.fixture
async def sandbox(accounts: Sandbox) -> AsyncIterator[Sandbox]:
    """Both connections are saved and marked; at the end it is as nobody had touched it."""
    await accounts.save()
    with accounts.prefect.settings():
        yield accounts
    assert [one["subject"] for one in await accounts.tickets()] == [THEIRS]
    assert await accounts.pages() == []
    assert (accounts.journals(), accounts.scratch_folders()) == ([], [])


def in_force(**changes: object) -> list[PolicyInForce]:
    """The stories' policy with connections of other names: theirs are saved in the same Prefect server."""
    text = yaml.safe_dump(merged(yaml.safe_load(POLICY.read_text()), changes)).replace("/demo", "/real")
    return [PolicyInForce(file=Path("liaison.yaml"), policy=parse_policy(text))]


async def refusal(accounts: SandboxFile, policies: list[PolicyInForce]) -> str:
    with pytest.raises(NotAdmitted) as raised:
        await admitted(accounts, policies)
    return str(raised.value)


async def test_who_is_admitted(sandbox: Sandbox) -> None:
    """Marked ones beside a policy that uses others; the plan says who we are there, and how much is written."""
    found = await admitted(ACCOUNTS, in_force())
    marks = DrillMarks.fresh("example.org")
    said = "\n".join(plan_lines(STORIES["wrong-alarm"], found, marks, looked_at=["liaison.yaml"]))
    await found.aclose()
    for words in (HELPDESK, PAGER, "Liaison (agent", "opens 3 tickets", marks.tag, "@example.org", "no page"):
        assert words in said, said


@pytest.mark.parametrize("name", [HELPDESK, PAGER])
async def test_an_unmarked_connection(sandbox: Sandbox, name: str) -> None:
    await sandbox.save(helpdesk_mark=name != HELPDESK, pager_mark=name != PAGER)
    said = await refusal(ACCOUNTS, in_force())
    assert said.startswith(f"{name} is not marked as a sandbox")
    assert "tick is_sandbox in its block 'sandbox'" in said


@pytest.mark.parametrize(
    ("name", "changes", "key"),
    [
        (HELPDESK, {"helpdesks": [HELPDESK]}, "helpdesks"),
        (PAGER, {"teams": {"payments": {"pager": PAGER}}}, "teams.payments.pager"),
    ],
)
async def test_a_connection_in_force(
    sandbox: Sandbox, name: str, changes: dict[str, object], key: str
) -> None:
    """However it is marked."""
    said = await refusal(ACCOUNTS, in_force(**changes))
    assert said.startswith(f"{name} is used by the policy in force (liaison.yaml: {key}")


async def test_the_same_account_by_another_name(sandbox: Sandbox) -> None:
    """Its address or a key of it is enough."""
    real = await read_block(HELPDESK)
    await type(real).model_validate(dict(real)).save("real", overwrite=True)
    said = await refusal(ACCOUNTS, in_force())
    assert said.startswith(f"{HELPDESK} has a secret in common with zendesk/real")
    other = {"api_token": "another", "signing_secrets": ["another-signing-secret"]}
    await type(real).model_validate(dict(real) | other).save("real", overwrite=True)
    said = await refusal(ACCOUNTS, in_force())
    assert said.startswith(f"{HELPDESK} is the same account as zendesk/real")
    elsewhere = other | {"base_url": "https://acme.zendesk.com"}
    await type(real).model_validate(dict(real) | elsewhere).save("real", overwrite=True)
    await (await admitted(ACCOUNTS, in_force())).aclose()


async def test_what_cannot_play_the_part(sandbox: Sandbox) -> None:
    """A vendor that cannot be marked, one that opens no tickets, one that is not saved at all."""
    await SlackBlock(bot_token="xoxb-1", signing_secrets=["x" * 20]).save("sandbox", overwrite=True)
    for accounts, words in (
        (SandboxFile(helpdesk="slack/sandbox", pager=PAGER), "slack/sandbox: no drill is played on slack"),
        (SandboxFile(helpdesk=PAGER, pager=PAGER), f"{PAGER} cannot open tickets"),
        (SandboxFile(helpdesk=HELPDESK, pager=HELPDESK), f"{HELPDESK} is no pager"),
    ):
        assert (await refusal(accounts, in_force())).startswith(words)
    with pytest.raises(NotFound, match="zendesk/nowhere"):
        await admitted(SandboxFile(helpdesk="zendesk/nowhere", pager=PAGER), [])


async def test_without_a_yes_nothing_is_written(sandbox: Sandbox) -> None:
    """As typed: it says what it would do, nobody types the name, and it ends with exit code 1."""
    program = await sandbox.drill("helpdesk-storm", "--on", str(sandbox.write_file()))
    _, told = await program.communicate()
    assert program.returncode == 1
    for words in (b"opens 6 tickets", b"WHOEVER IS ON CALL THERE IS WOKEN", b"nothing was written"):
        assert words in told, told.decode()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pager-down",), b"outage cannot be ordered"),
        (("helpdesk-storm", "--keep"), b"would go on writing"),
    ],
)
async def test_what_is_refused_as_typed(sandbox: Sandbox, words: tuple[str, ...], said: bytes) -> None:
    program = await sandbox.drill(*words, "--on", str(sandbox.write_file()), "--yes")
    _, told = await program.communicate()
    assert program.returncode != 0
    assert said in told, told.decode()


@pytest.mark.parametrize(
    ("typed", "is_agreed"), [(HELPDESK, True), (f" {HELPDESK}\n", True), ("", False), ("yes", False)]
)
def test_what_counts_as_a_yes(typed: str, is_agreed: bool) -> None:
    def play() -> None:
        require_yes(HELPDESK, is_agreed=False, ask=lambda _: typed)

    if is_agreed:
        play()
    else:
        with pytest.raises(NotAgreed):
            play()
