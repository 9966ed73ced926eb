"""What customers use: its name, the words they have for it, and who can say whether it really fails."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import ValidationError

from blocks.http import HttpBlock
from blocks.prometheus import PrometheusBlock
from connectors.http.settings import HealthProbe
from connectors.kit.addresses import is_public
from connectors.prometheus.settings import PrometheusSettings, ServiceQuery
from deployments.commands.first_hour.answers import SetupAnswers
from deployments.commands.first_hour.questions import SetupQuestion, parts, required, slug, titles
from deployments.commands.first_hour.vendors import Prepared

PROMETHEUS = "prometheus/main"
_LIMIT = re.compile(r"(?P<query>.+?)\s*(?P<side>[<>])\s*(?P<limit>-?[0-9]+(\.[0-9]+)?)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedService:
    """One service. `words` are the customers' for it, `health` an address that answers while it works."""

    key: str
    title: str
    words: Sequence[str]
    health: str = ""
    query: ServiceQuery | None = None

    @property
    def probes(self) -> list[str]:
        """The connections that can say whether it fails."""
        return [*([f"http/{self.key}-health"] if self.health else []), *([PROMETHEUS] if self.query else [])]


def ask_services(answers: SetupAnswers) -> tuple[Sequence[NamedService], str]:
    """The services, and Prometheus' address ("" for none)."""
    named = answers.ask(
        SetupQuestion(
            key="services",
            text="What do customers use that can break? By commas, as they call it: Checkout, Search",
            hint="Each becomes a service. One is enough to begin with.",
            read=titles,
        )
    )
    prometheus = answers.ask(
        SetupQuestion(
            key="prometheus.url",
            text="Prometheus' address, as in http://prometheus:9090; Enter for none",
            hint="Is there a Prometheus that can say whether a service fails?",
            default="",
            read=_prometheus,
        )
    )
    return [
        _service(answers, title, number, has_prometheus=bool(prometheus))
        for number, title in enumerate(parts(named), start=1)
    ], prometheus


def _service(answers: SetupAnswers, title: str, number: int, *, has_prometheus: bool) -> NamedService:
    key = slug(title, otherwise=f"service-{number}")
    words = answers.ask(
        SetupQuestion(
            key=f"services.{key}.words",
            text=f"Words that customers use when they write about {title}, by commas",
            hint="A report with one of these words is about it. Add what they say in their languages, now or later.",
            default=title.lower(),
            read=required,
        )
    )
    health = answers.ask(
        SetupQuestion(
            key=f"services.{key}.health",
            text=f"An address that answers 200 while {title} works, as in https://shop.example/health; Enter for none",
            hint="With it Liaison looks for itself whether customers are hit, and wakes nobody for a mistaken mail.",
            default="",
            read=_health,
        )
    )
    query = ""
    if has_prometheus:
        query = answers.ask(
            SetupQuestion(
                key=f"services.{key}.query",
                text=f"PromQL for one number, and from where on customers of {title} are hit; Enter for none",
                hint='Such as: sum(rate(payments_failed_total[5m])) > 0.5, or: avg(up{job="checkout"}) < 0.5',
                default="",
                read=_query,
            )
        )
    return NamedService(
        key=key, title=title, words=parts(words), health=health, query=query_of(query) if query else None
    )


def probes(services: Sequence[NamedService], prometheus: str) -> list[Prepared]:
    """The connections of the services' probes."""
    found = [
        Prepared(
            name=f"http/{one.key}-health",
            block=HttpBlock(probe=HealthProbe(urls=[one.health]), allow_private=_inside(one.health)),
        )
        for one in services
        if one.health
    ]
    queries = {one.key: one.query for one in services if one.query is not None}
    if prometheus and queries:
        found.append(Prepared(name=PROMETHEUS, block=PrometheusBlock(url=prometheus, queries=queries)))
    return found


def query_of(text: str) -> ServiceQuery:
    """PromQL with a limit at its end. Raises `ValueError` with the cure."""
    match = _LIMIT.fullmatch(text.strip())
    if match is None:
        raise ValueError("end it with > or < and a number: from where on customers are hit")
    limit = float(match["limit"])
    side = {"fails_above": limit} if match["side"] == ">" else {"fails_below": limit}
    return ServiceQuery(value=match["query"], **side)


def _query(text: str) -> str:
    query_of(text)
    return text.strip()


def _prometheus(text: str) -> str:
    url = text.strip().rstrip("/")
    try:
        PrometheusSettings(url=url, queries={"any": ServiceQuery(value="1", fails_above=1)})
    except ValidationError as error:
        raise ValueError(error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")) from None
    return url


def _health(text: str) -> str:
    try:
        HealthProbe(urls=[text.strip()])
    except ValidationError as error:
        raise ValueError(error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")) from None
    return text.strip()


def _inside(url: str) -> list[str]:
    """The host, where it is inside: whoever typed it means it, and a probe calls no private address by surprise."""
    place = urlsplit(url)
    host, port = place.hostname or "", place.port or {"http": 80}.get(place.scheme, 443)
    try:
        found = {str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError:  # the look at it tells that there is no such host
        return []
    return [f"{host}:{port}"] if any(not is_public(ip_address(one)) for one in found) else []
