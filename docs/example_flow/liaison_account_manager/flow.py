"""Account manager: whoever looks after a gold customer gets a mail, once an incident, when the customer is hit."""

from prefect import flow

from incidents.case import Case, Plan
from incidents.effects import Effect, EffectKind, OutboundText
from incidents.process.deciding import decide
from incidents.texts.messages import customer_message
from tasks import resources
from tasks.deliver.deliver import deliver
from tasks.reading import unsettled
from tasks.retries import STORE_CALL
from tasks.runs import task

TEXT = "{{ customer_name | default('A customer', true) }} (gold) is hit by {{ incident }} ({{ service }})."


def mails(case: Case, manager: str, by: str) -> Plan:
    """Decide: a mail for each gold customer. What was planned under the same key before is not planned again."""
    effects, about = [], {"service": case.incident.service, "incident": case.incident.name, "next_update": ""}
    for who in {one.ticket.requester for one in case.present if one.ticket.tier == "gold"}:
        key, text = case.once(f"gold:{who.id}"), customer_message(TEXT, customer_name=who.name, **about)
        payload = OutboundText(address=manager, name="", subject=text, text=text)
        effects.append(Effect(key=key, once=key, kind=EffectKind.OUTBOUND_MESSAGE, incident_id=case.incident.id,
                              connection=by, target=manager, payload=payload))  # fmt: skip
    return Plan(incident=case.incident, effects=tuple(effects))


@task(name="commit mails to the account manager", **STORE_CALL)
async def commit(incident_id: int, manager: str, by: str) -> None:
    async with resources.transaction() as step:
        await decide(step, incident_id, lambda case: mails(case, manager, by))


@flow(name="account_manager")
async def account_manager(manager: str, by: str) -> None:
    for incident in await unsettled():
        await commit(incident.id, manager, by)
        await deliver(incident.id)
