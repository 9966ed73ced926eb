"""GET and POST /board/answer-INC-7: yes or no to what is asked about an incident, for those whom the policy names.

A form without script. What it sends must come from a page of the board (the browser says so), by somebody who may act,
with a token that this page made for them and this question; so no other page can have anybody's browser answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from starlette.types import Scope

from incidents.approval import Approval, ApprovalState, Ruling
from incidents.basis import Basis
from incidents.case import Case
from incidents.decisions.participants.approval import Ruled
from incidents.links.signed import SIGNATURE, is_signed, signature
from incidents.policy.policy import Policy
from incidents.process.approving import approve
from incidents.step import Step
from incidents.store.cases import load_case
from incidents.store.database import Database
from incidents.store.instance import instance_id
from incidents.texts.team import sentence, team_reads, worded_as

ANSWER = re.compile(r"answer-(INC-[0-9]{1,18})", re.IGNORECASE)
GOOD_FOR = timedelta(hours=2)
"""How long a form may lie open."""
WHERE = sentence("on the board")

_PURPOSE = "liaison board answers v1"
_TOKEN = re.compile(rf"(?P<until>[0-9]{{1,12}})\.(?P<signature>{SIGNATURE})")


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedHere:
    """A question as the page puts it, with the token of its form."""

    question: Approval
    token: str


class BoardAnswers:
    """Puts questions and takes answers. `policy` is asked for at each."""

    def __init__(
        self, database: Database, key: str, *, policy: Callable[[], Policy], clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._key = key
        self._policy = policy
        self._clock = clock

    def may_answer(self, reader: str | None) -> bool:
        """Whether the policy names whoever reads."""
        return reader is not None and reader in self._policy().board.may_act

    async def questions(self, incident_id: int, reader: str) -> tuple[Case, list[AskedHere]]:
        """What is asked about the incident now. Raises `NotFound`."""
        async with self._database.transaction() as tx:
            case = await load_case(tx, incident_id)
        now = self._clock()
        open_ones = (
            one for one in case.approvals if one.state is ApprovalState.ASKED and one.expires_at > now
        )
        until = int((now + GOOD_FOR).timestamp())
        return case, [
            AskedHere(
                question=one,
                token=f"{until}.{signature(self._key, _PURPOSE, _signed(one, reader, until))}",
            )
            for one in open_ones
        ]

    async def answered(self, incident_id: int, form: Mapping[str, str], reader: str) -> Ruled | None:
        """Take the answer of a form; None where it is none of ours. Raises `NotFound`."""
        _, asked = await self.questions(incident_id, reader)
        given = form.get("token", "")
        one = next((each.question for each in asked if each.question.named == form.get("question")), None)
        if one is None:
            # Decided meanwhile, perhaps: whoever answers is told by whom.
            async with self._database.transaction() as tx:
                case = await load_case(tx, incident_id)
            one = next((each for each in case.approvals if each.named == form.get("question")), None)
        if one is None or form.get("answer") not in ("yes", "no") or not self._is_ours(given, one, reader):
            return None
        basis = Basis(self._policy(), self._clock())
        with team_reads(basis.policy.language.team):
            where = worded_as(WHERE)
        ruling = Ruling(
            subject=one.subject,
            which=one.which,
            is_yes=form["answer"] == "yes",
            by=reader,
            where=where,
            why=form.get("why", ""),
            generation=one.generation,
        )
        async with self._database.transaction() as tx:
            instance = await instance_id(tx)
        async with self._database.transaction() as tx:
            with team_reads(basis.policy.language.team):
                return await approve(Step(connection=tx, basis=basis, instance=instance), incident_id, ruling)

    def _is_ours(self, token: str, question: Approval, reader: str) -> bool:
        match = _TOKEN.fullmatch(token)
        # As a number: a stranger's may be no date at all.
        if match is None or int(match["until"]) <= self._clock().timestamp():
            return False
        signed = _signed(question, reader, int(match["until"]))
        return is_signed(self._key, _PURPOSE, signed, match["signature"])


def is_of_the_board(scope: Scope, gateway: str | None) -> bool:
    """Whether the browser says that a page of the board sends this. One that says nothing is not believed.

    `Sec-Fetch-Site` comes with every request of today's browsers over https or on loopback
    (https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header); else `Origin` must be where the board is: the address
    that was called, or `gateway`, by which the policy says that people reach it.
    """
    sites = [*_values(scope, b"sec-fetch-site")]
    if sites:
        return sites == ["same-origin"]
    origins = [*_values(scope, b"origin")]
    known = {*_values(scope, b"host")} | ({urlsplit(gateway).netloc} if gateway else set())
    return len(origins) == 1 and urlsplit(origins[0]).netloc in known - {""}


def _values(scope: Scope, name: bytes) -> Iterator[str]:
    return (value.decode("latin-1").strip() for key, value in scope["headers"] if key == name)


def _signed(question: Approval, reader: str, until: int) -> str:
    return "\0".join((reader, str(question.incident), *map(str, question.mark), str(until)))
