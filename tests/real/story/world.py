"""All servers of the story, started one after the other and stopped at the end; none of them is ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from connectors.mail.fake.app import ADDRESS
from tests.real.mail_servers import Dovecot, dovecot
from tests.real.matrix.synapse import Account, Synapse, synapse
from tests.real.postfix import Postfix, postfix
from tests.real.redmine.server import RealRedmine, real_redmine
from tests.real.rt_server import RealRt, real_rt
from tests.real.story.shop import Shop, open_shop

COMPANY = ADDRESS.partition("@")[2]


@dataclass(frozen=True, kw_only=True)
class Servers:
    """Everything outside Liaison. On the homeserver `bot` is Liaison, and `ana` an engineer."""

    dovecot: Dovecot
    postfix: Postfix
    rt: RealRt
    redmine: RealRedmine
    synapse: Synapse
    bot: Account
    ana: Account
    shop: Shop


@asynccontextmanager
async def open_servers(home: Path, gateway_url: str) -> AsyncIterator[Servers]:
    """Until the end of the block. `gateway_url` is where RT and Alertmanager tell Liaison."""
    homes = {name: home / name for name in ("rt", "redmine", "synapse")}
    for folder in homes.values():
        folder.mkdir()
    async with AsyncExitStack() as stack:
        mail = await stack.enter_async_context(dovecot())
        relay = await stack.enter_async_context(postfix(mail, COMPANY))
        shop = await stack.enter_async_context(open_shop(gateway_url))
        homeserver = await stack.enter_async_context(synapse(homes["synapse"]))
        for name in ("liaison", "ana"):
            await homeserver.register(name)
        sends = f"Set($MailCommand, 'sendmail'); Set($SendmailArguments, '{relay.sendmail_arguments}');"
        hook = f"{gateway_url}/hooks/requesttracker/support"
        yield Servers(
            dovecot=mail,
            postfix=relay,
            shop=shop,
            synapse=homeserver,
            bot=await homeserver.login("liaison"),
            ana=await homeserver.login("ana", "ANAS-PHONE"),
            rt=stack.enter_context(real_rt(homes["rt"], hook, mail=sends)),
            redmine=stack.enter_context(real_redmine(homes["redmine"])),
        )
