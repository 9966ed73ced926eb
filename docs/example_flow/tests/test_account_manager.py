"""Who is mailed about, by table."""

from __future__ import annotations

import pytest
from liaison_account_manager.flow import mails

from incidents.effects import EffectKind, OutboundText
from incidents.models import Contact
from tests.incidents.builders import a_case, a_ticket, an_incident

ADA, BOB = Contact(id="1", name="Ada"), Contact(id="2", name="http://buy.example")


@pytest.mark.parametrize(
    ("tickets", "told"),
    [
        ([], []),
        ([(ADA, "standard"), (BOB, None)], []),
        ([(ADA, "gold")], ["Ada (gold) is hit by INC-7 (checkout)."]),
        ([(ADA, "gold"), (ADA, "gold")], ["Ada (gold) is hit by INC-7 (checkout)."]),
        ([(BOB, "gold")], ["A customer (gold) is hit by INC-7 (checkout)."]),
    ],
)
def test_a_mail_for_each_gold_customer(tickets: list[tuple[Contact, str | None]], told: list[str]):
    reported = [a_ticket(number, requester=who, tier=tier) for number, (who, tier) in enumerate(tickets, 1)]
    plan = mails(a_case(an_incident(), reported), "sam@shop.example", "mail/support")
    payloads = [effect.payload for effect in plan.effects]
    assert {effect.kind for effect in plan.effects} <= {EffectKind.OUTBOUND_MESSAGE}
    assert [one.text for one in payloads if isinstance(one, OutboundText)] == told
    assert all(effect.target == "sam@shop.example" for effect in plan.effects)


def test_the_same_case_again_plans_the_same_keys():
    """So the ledger, which has them, adds nothing."""
    case = a_case(an_incident(), [a_ticket(1, requester=ADA, tier="gold")])
    first, again = (mails(case, "sam@shop.example", "mail/support") for _ in range(2))
    assert [one.key for one in first.effects] == [one.key for one in again.effects] != []
