"""Debian's Request Tracker with a database of its own; nothing of the system is touched."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from deployments.machine.processes import free_port
from tests.real.programs import debian_program, missing

HOST = "127.0.0.1"
SERVER = Path("/usr/share/request-tracker5/libexec/rt-server")
SCRIP = Path(__file__).parents[2] / "connectors/requesttracker/scrip/liaison_scrip.pl"
SECRET = "whsec_Zm9yLXRoZS1yZWFsLXJ0LW9mLWEtdGVzdA=="
BOT, BOT_PASSWORD = "liaison", "the-bots-password"
AGENT, AGENT_PASSWORD = "agent", "the-agents-password"
ROOT = ("root", "password")  # what RT's own set-up makes
READY_SECONDS = 60
INTO_A_FILE = "Set($MailCommand, 'mbox');"
"""RT's setting for mail that nobody gets."""
_SITE = """
Set($rtname, 'desk.example'); Set($Organization, 'desk.example'); Set($WebDomain, '{host}'); Set($WebPort, {port});
Set($WebPath, ''); Set($WebBaseURL, 'http://{host}:{port}'); Set($Timezone, 'UTC');
Set($DatabaseType, 'SQLite'); Set($DatabaseName, '{home}/rt.db');
Set($LogToSyslog, undef); Set($LogToSTDERR, 'warning'); {mail}
Set($WebSessionClass, 'Apache::Session::File');
Set($LiaisonURL, '{hook}'); Set($LiaisonSecret, '{secret}');
1;
"""
_PEOPLE = """
our @Users = (
    {{ Name => '{bot}', EmailAddress => 'liaison@desk.example', RealName => 'Liaison', Password => '{bot_password}',
      Privileged => 1 }},
    {{ Name => '{agent}', EmailAddress => 'agent@desk.example', RealName => 'Grace Agent',
      Password => '{agent_password}', Privileged => 1 }},
);
our @CustomFields = (
    {{ Name => 'Tags', Type => 'Freeform', MaxValues => 0, LookupType => 'RT::Queue-RT::Ticket', Queue => 'General' }},
);
our @ACL = map {{ my $user = $_; map {{
    {{ UserId => $user, Right => $_, ObjectType => 'RT::Queue', ObjectId => 'General' }}
}} qw(SeeQueue ShowTicket ShowTicketComments CreateTicket ReplyToTicket CommentOnTicket ModifyTicket DeleteTicket
      SeeCustomField ModifyCustomField) }} ('{bot}', '{agent}');
1;
"""


@dataclass(frozen=True)
class RealRt:
    """A running RT; `call` is anybody's own call of REST 2."""

    url: str

    def call(
        self, method: str, path: str, json: object = None, *, by: tuple[str, str] = ROOT
    ) -> httpx.Response:
        return httpx.request(
            method, f"{self.url}/REST/2.0/{path}", json=json, auth=by, timeout=30, trust_env=False
        )

    def create(self, subject: str, requester: str) -> str:
        message = {
            "Queue": "General",
            "Subject": subject,
            "Requestor": requester,
            "Content": "Every card is refused. \u00e9",
            "ContentType": "text/plain",
        }
        return str(self.call("POST", "ticket", message).json()["id"])


@contextmanager
def real_rt(home: Path, hook: str, *, mail: str = INTO_A_FILE) -> Iterator[RealRt]:
    """RT until the end of the block, with the scrip that tells `hook`; `mail` is its setting for what it sends."""
    if not SERVER.exists():
        missing("request-tracker5 with rt5-standalone")
    setup, port = debian_program("rt-setup-database-5"), free_port(0)
    site, people = home / "site.pm", home / "people.pl"
    (home / "conf.d").mkdir()
    site.write_text(_SITE.format(host=HOST, port=port, home=home, hook=hook, secret=SECRET, mail=mail))
    people.write_text(
        _PEOPLE.format(bot=BOT, bot_password=BOT_PASSWORD, agent=AGENT, agent_password=AGENT_PASSWORD)
    )
    env = {**os.environ, "RT_SITE_CONFIG": str(site), "RT_SITE_CONFIG_DIR": str(home / "conf.d")}
    for action in (["init"], ["insert", "--datafile", people], ["insert", "--datafile", SCRIP]):
        subprocess.run(  # noqa: S603  Debian's own program
            [setup, "--action", *action, "--dba", "", "--skip-create"],
            env=env,
            check=True,
            capture_output=True,
            timeout=120,
        )
    log = (home / "rt.log").open("wb")
    # A group of its own: it forks ten workers.
    server = subprocess.Popen(  # noqa: S603
        [SERVER, "--host", HOST, "--port", str(port)], env=env, stdout=log, stderr=log, start_new_session=True
    )
    rt = RealRt(f"http://{HOST}:{port}")
    try:
        _wait(rt, server, home)
        yield rt
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)
        log.close()


def _wait(rt: RealRt, server: subprocess.Popen[bytes], home: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        assert server.poll() is None, (home / "rt.log").read_text()[-2_000:]
        try:
            if rt.call("GET", "rt").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"RT does not answer: {(home / 'rt.log').read_text()[-2_000:]}")
