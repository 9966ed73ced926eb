"""The fake's outbound messages: queued, sent by the hundred in no good order with the data of the moment, and again
until somebody says Ack."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from connectors.salesforce.fake.org import ORGANIZATION, FakeOrg
from connectors.salesforce.rest.ids import check_of

SESSION = "00D5e000000Abcd!AQ0AQFakeSession"
MOST = 100
_ACK = "{http://soap.sforce.com/2005/09/outbound}Ack"


class FakeOutbound:
    """`sends_session`: "Send Session ID" is ticked; `organization` is told as the sender's; `fields` by object."""

    def __init__(self, org: FakeOrg, address: Callable[[], str]) -> None:
        self._org = org
        self._address = address
        self._count = 0
        self._asked: list[str] = []
        self.queue: dict[str, tuple[str, str]] = {}
        self.sends_session = False
        self.organization = ORGANIZATION
        self.fields = {"Case": ["Id"], "CaseComment": ["Id", "ParentId"], "EmailMessage": ["Id", "ParentId"]}
        org.on_change.append(self._queued)

    def message(self) -> bytes:
        """The next message: up to a hundred of one object's notifications, the newest first. Empty where there is
        nothing to tell."""
        if not self.queue:
            return b""
        kind = next(iter(self.queue.values()))[0]
        self._asked = [own_id for own_id, (name, _) in reversed(self.queue.items()) if name == kind][:MOST]
        told = "".join(self._notification(own_id) for own_id in self._asked)
        session = escape(SESSION) if self.sends_session else ""
        shown = f"<SessionId>{session}</SessionId>" if session else '<SessionId xsi:nil="true"/>'
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
            ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
            ' <soapenv:Body>\n  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">\n'
            f"   <OrganizationId>{self.organization}</OrganizationId>\n   <ActionId>04k5e0000000001AAA</ActionId>\n"
            f"   {shown}\n   <EnterpriseUrl>{self._address()}/services/Soap/c/62.0/{ORGANIZATION}</EnterpriseUrl>\n"
            f"   <PartnerUrl>{self._address()}/services/Soap/u/62.0/{ORGANIZATION}</PartnerUrl>\n{told}"
            "  </notifications>\n </soapenv:Body>\n</soapenv:Envelope>"
        ).encode()

    def heard(self, status: int, answer: bytes) -> bool:
        """What the endpoint said: only an Ack takes the last message from the queue."""
        if status != 200 or not answer:
            return False
        words = ElementTree.fromstring(answer.decode()).findtext(f".//{_ACK}")  # noqa: S314  our own answer
        if words != "true":
            return False
        for own_id in self._asked:
            self.queue.pop(own_id, None)
        return True

    def _queued(self, name: str, record: str) -> None:
        self._count += 1
        short = f"04l5e{self._count:010d}"
        self.queue[short + check_of(short)] = (name, record)

    def _notification(self, own_id: str) -> str:
        name, record = self.queue[own_id]
        row = self._org.tables[name][record]
        fields = "".join(f"     <sf:{one}>{escape(str(row[one]))}</sf:{one}>\n" for one in self.fields[name])
        return (
            f"   <Notification>\n    <Id>{own_id}</Id>\n"
            f'    <sObject xsi:type="sf:{name}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">\n{fields}'
            "    </sObject>\n   </Notification>\n"
        )
