"""The connections of the story's policy, saved as an operator would save them in the Prefect UI."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from prefect.blocks.core import Block
from pydantic import SecretStr

from blocks.alertmanager import AlertmanagerBlock
from blocks.mail import MailBlock
from blocks.matrix import MatrixBlock
from blocks.prometheus import PrometheusBlock
from blocks.redmine import RedmineBlock
from blocks.requesttracker import RequestTrackerBlock
from blocks.roster import RosterBlock
from blocks.staticpage import StaticPageBlock
from connectors.mail.fake.app import ADDRESS, PASSWORD
from connectors.prometheus.settings import ServiceQuery
from tests.real.rt_server import BOT, BOT_PASSWORD, SECRET
from tests.real.running import HOST
from tests.real.story.shop import TOKEN
from tests.real.story.world import COMPANY, Servers


async def save_connections(servers: Servers, gateway_url: str) -> None:
    """One block a connection."""
    for name, block in connections(servers, gateway_url).items():
        await block.save(name.partition("/")[2], overwrite=True)


def connections(servers: Servers, gateway_url: str) -> Mapping[str, Block]:
    """By the names that the policy has."""
    return {
        "mail/support": _mail(servers),
        "requesttracker/support": RequestTrackerBlock(
            base_url=servers.rt.url,
            user=BOT,
            password=SecretStr(BOT_PASSWORD),
            signing_secrets=[SecretStr(SECRET)],
            queues=["General"],
            tag_field="Tags",
        ),
        "prometheus/main": _prometheus(servers),
        "alertmanager/main": AlertmanagerBlock(
            url=servers.shop.alertmanager,
            signing_secrets=[SecretStr(TOKEN)],
            heartbeat={"alertname": ["Watchdog"]},
        ),
        "roster/main": _roster(servers, gateway_url),
        "matrix/engineering": MatrixBlock(
            base_url=servers.synapse.url,
            user_id=servers.bot.user_id,
            access_token=SecretStr(servers.bot.token),
            device_id=servers.bot.device_id,
            invite=[servers.ana.user_id],
        ),
        "staticpage/public": StaticPageBlock(
            folder=str(servers.shop.status_folder),
            title="Acme status",
            services=["Checkout"],
            address=servers.shop.status_address,
        ),
        "redmine/shop": RedmineBlock(
            base_url=servers.redmine.url,
            api_key=SecretStr(servers.redmine.keys["liaison"]),
            project="shop",
            tracker="Bug",
        ),
    }


def _mail(servers: Servers) -> MailBlock:
    return MailBlock(
        address=ADDRESS,
        sender_name="Acme Support",
        user=ADDRESS,
        password=SecretStr(PASSWORD),
        imap_host=HOST,
        imap_port=servers.dovecot.imap,
        imap_security="none",
        smtp_host=HOST,
        smtp_port=servers.postfix.port,
        smtp_security="none",
        plus_addressing=True,
    )


def _prometheus(servers: Servers) -> PrometheusBlock:
    return PrometheusBlock(
        url=servers.shop.prometheus,
        default=ServiceQuery(
            title="share of its looks from outside that succeed",
            value='avg(probe_success{job="{service}"})',
            fails_below=1,
            fresh='max(timestamp(probe_success{job="{service}"}))',
        ),
    )


def _roster(servers: Servers, gateway_url: str) -> RosterBlock:
    login = f"{quote(ADDRESS, safe='')}:{quote(PASSWORD, safe='')}@{HOST}:{servers.postfix.port}"
    where = f"mailto://{login}?smtp={HOST}&mode=insecure&from=liaison@{COMPANY}"
    ways = {f"{name}-mail": SecretStr(f"{where}&to={name}@{COMPANY}") for name in ("ana", "bo")}
    return RosterBlock(ways=ways, gateway_url=gateway_url)
