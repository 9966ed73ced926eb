"""Customers out of PostgreSQL, SQLite and CSV: the contract, what is refused, and that nothing can be written."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from connectors.customersql import CustomerSql, CustomerSqlSettings
from incidents.errors import NotAllowed, NotFound, Refused, Unreachable
from incidents.models import Contact
from tests.contracts.customer_directory import CustomerDirectoryContract

TIER = "select tier from customers where lower(email) = :email"
USERS = (
    "select id, name, email from customers join uses on uses.customer = customers.id where service = :service"
)
ADA = Contact(id="1", email="ada@engines.example")
PASSWORD = "pa55-of-the-crm"


def opened(**settings: Any) -> CustomerSql:
    return CustomerSql("customersql/crm", CustomerSqlSettings.model_validate(settings))


def in_database(url: str, **more: Any) -> CustomerSql:
    return opened(database={"url": url, "tier_query": TIER, "users_query": USERS, **more})


class TestCustomersInPostgres(CustomerDirectoryContract):
    secrets = (PASSWORD,)

    @pytest.fixture
    async def directory(self, crm_url: str) -> AsyncIterator[CustomerSql]:
        found = in_database(crm_url)
        yield found
        await found.aclose()

    @pytest.fixture
    async def blind(self) -> AsyncIterator[CustomerSql]:
        found = in_database(f"postgresql://reader:{PASSWORD}@127.0.0.1:1/crm")
        yield found
        await found.aclose()


class TestCustomersInSqlite(CustomerDirectoryContract):
    @pytest.fixture
    async def directory(self, crm_file: Path) -> AsyncIterator[CustomerSql]:
        found = in_database(f"sqlite:///{crm_file}")
        yield found
        await found.aclose()

    @pytest.fixture
    async def blind(self, tmp_path: Path) -> AsyncIterator[CustomerSql]:
        found = in_database(f"sqlite:///{tmp_path}/nowhere.db")
        yield found
        await found.aclose()
        assert not (tmp_path / "nowhere.db").exists()


class TestCustomersInCsv(CustomerDirectoryContract):
    @pytest.fixture
    def directory(self, crm_csv: Path) -> CustomerSql:
        return opened(csv={"path": str(crm_csv), "name": "name", "services": "services"})

    @pytest.fixture
    def blind(self, tmp_path: Path) -> CustomerSql:
        return opened(csv={"path": str(tmp_path / "nowhere.csv"), "services": "services"})


@pytest.fixture(params=["postgresql", "sqlite"])
async def database(request: pytest.FixtureRequest) -> AsyncIterator[Callable[..., CustomerSql]]:
    """A directory in either database, with other queries."""
    made: list[CustomerSql] = []
    url = request.getfixturevalue("crm_url") if request.param == "postgresql" else None
    path = request.getfixturevalue("crm_file") if url is None else None

    def make(**settings: Any) -> CustomerSql:
        made.append(in_database(url or f"sqlite:///{path}", **settings))
        return made[-1]

    yield make
    for one in made:
        await one.aclose()


async def test_tiers_in_the_words_of_the_policy(crm_csv: Path, crm_file: Path):
    for where in (
        {"csv": {"path": str(crm_csv)}},
        {"database": {"url": f"sqlite:///{crm_file}", "tier_query": TIER}},
    ):
        assert await opened(**where, tiers={"gold": "enterprise"}).tier(ADA) == "enterprise"


async def test_by_domain_and_by_id(database: Callable[..., CustomerSql]):
    by_domain = database(tier_query="select tier from customers where lower(email) like '%@' || :domain")
    assert await by_domain.tier(Contact(id="", email="Somebody@Engines.example")) == "gold"
    assert await by_domain.tier(Contact(id="0", email="")) is None
    by_id = database(tier_query="select tier from customers where cast(id as text) = :id")
    assert await by_id.tier(Contact(id="0")) == "gold"
    assert await by_id.tier(Contact(id="")) is None


async def test_who_has_no_address_is_not_looked_up_by_an_empty_one(database: Callable[..., CustomerSql]):
    """A table has rows with empty addresses, too."""
    for key in ("email", "domain", "id"):
        directory = database(tier_query=f"select 'gold' where :{key} = ''")
        assert await directory.tier(Contact(id="", email="")) is None


@pytest.mark.parametrize(
    "query",
    [
        "with gone as (delete from customers returning tier) select tier from gone where :email = :email",
        "select setval('s', 1)::text from customers where :email = :email",
    ],
)
async def test_a_query_cannot_write_to_postgresql(crm_url: str, query: str):
    directory = in_database(crm_url, tier_query=query)
    with pytest.raises(Refused):
        await directory.tier(ADA)
    await directory.aclose()
    whole = in_database(crm_url)
    assert await whole.tier(ADA) == "gold"
    await whole.aclose()


async def test_sqlite_is_opened_read_only(crm_file: Path):
    """Also where the statement passes as a SELECT; and no journal is left beside the file."""
    directory = in_database(
        f"sqlite:///{crm_file}", tier_query="with x as (select :email) insert into uses select 1, 'x'"
    )
    with pytest.raises(Refused, match="writes"):
        await directory.tier(ADA)
    await directory.aclose()
    with sqlite3.connect(crm_file) as look:
        assert look.execute("select count(*) from uses").fetchone() == (3,)
    look.close()
    assert [path.name for path in crm_file.parent.iterdir()] == [crm_file.name]


ENDLESS = {
    "postgresql": "select pg_sleep(60)::text where :email = :email",
    "sqlite": "with recursive n(i) as (select 1 union all select i + 1 from n)"
    " select max(i) from n where :email = :email",
}


async def test_a_query_that_takes_too_long_is_ended(crm_url: str, crm_file: Path):
    for url, query in ((crm_url, ENDLESS["postgresql"]), (f"sqlite:///{crm_file}", ENDLESS["sqlite"])):
        directory = in_database(url, tier_query=query, timeout_seconds=0.05)
        with pytest.raises(Unreachable, match=r"longer than 0\.05 s"):
            await directory.tier(ADA)
        await directory.aclose()


async def test_half_of_the_users_would_look_like_all(database: Callable[..., CustomerSql]):
    with pytest.raises(Refused, match="more than 1 rows"):
        await database(max_rows=1).users_of("checkout")
    assert len(await database(max_rows=2).users_of("checkout")) == 2


async def test_a_user_with_two_rows_is_told_once(database: Callable[..., CustomerSql]):
    twice = database(
        users_query=f"{USERS} union all select 9, 'Ada', 'ADA@engines.example' where :service = :service"
    )
    assert len(await twice.users_of("checkout")) == 2


@pytest.mark.parametrize(
    ("said", "wishes_none"),
    [
        ("''", False),
        ("'no'", False),
        ("'0'", False),
        ("false", False),
        ("null", False),
        ("'yes'", True),
        ("1", True),
    ],
)
async def test_who_opted_out_is_known_as_such(
    database: Callable[..., CustomerSql], said: str, wishes_none: bool
):
    """By a column of that name, in whatever way the house writes it; without one nobody has."""
    query = f"select 'a@b.example' as email, {said} as opt_out where :service = 'checkout'"
    (found,) = await database(users_query=query).users_of("checkout")
    assert found.wishes_no_news is wishes_none
    assert not any(one.wishes_no_news for one in await database().users_of("checkout"))


@pytest.mark.parametrize(
    ("queries", "words"),
    [
        ({"tier_query": "select tier from nowhere where :email = :email"}, "table|Undefined"),
        ({"tier_query": "select rank from customers where :email = :email"}, "column|Undefined"),
        ({"tier_query": "select tier, id from customers where lower(email) = :email"}, "2 columns"),
        ({"users_query": "select name from customers where 'checkout' = :service"}, "no column email"),
    ],
)
async def test_a_query_that_is_wrong(
    database: Callable[..., CustomerSql], queries: dict[str, str], words: str
):
    directory = database(**queries)
    call = directory.tier(ADA) if "tier_query" in queries else directory.users_of("checkout")
    with pytest.raises(Refused, match=words) as caught:
        await call
    assert "ada@" not in str(caught.value)


async def test_a_number_compared_with_a_text_says_the_cure(crm_url: str):
    directory = in_database(crm_url, tier_query="select tier from customers where id = :id")
    with pytest.raises(Refused, match="id::text"):
        await directory.tier(ADA)
    await directory.aclose()


async def test_who_may_not_read(crm_url: str):
    """A login without rights, and no login at all."""
    engine = create_async_engine(make_url(crm_url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    async with engine.begin() as tx:
        await tx.execute(text("create role kit_stranger login"))
    try:
        for who in ("kit_stranger", "kit_nobody"):
            as_who = make_url(crm_url).set(username=who, password=PASSWORD)
            directory = in_database(as_who.render_as_string(hide_password=False))
            with pytest.raises(NotAllowed, match="right to read") as caught:
                await directory.tier(ADA)
            assert PASSWORD not in str(caught.value)
            await directory.aclose()
    finally:
        async with engine.begin() as tx:
            await tx.execute(text("drop role kit_stranger"))
        await engine.dispose()


@pytest.mark.parametrize("word", ["ssl", "sslmode"])
async def test_encrypted_or_not_at_all(crm_url: str, word: str):
    """libpq's word as well as asyncpg's; a server without TLS is not read where it is required."""
    address = make_url(crm_url)
    for mode in ("disable", "prefer"):
        url = address.update_query_dict({word: mode}).render_as_string(hide_password=False)
        directory = in_database(url)
        assert await directory.tier(ADA) == "gold"
        await directory.aclose()
    nowhere = address.update_query_dict({word: "require"}).set(host="127.0.0.1", port=1)
    directory = in_database(nowhere.render_as_string(hide_password=False))
    with pytest.raises(Unreachable):
        await directory.tier(ADA)
    await directory.aclose()


async def test_check_says_what_works(database: Callable[..., CustomerSql], crm_csv: Path):
    assert (await database().check()).endswith("the tier and users queries work")
    assert "no users_query" in await database(users_query=None).check()
    with pytest.raises(Refused):
        await database(tier_query="select rank from customers where :email = :email").check()
    assert await opened(csv={"path": str(crm_csv)}).check() == "3 addresses, 0 domains"


# -- CSV


async def test_a_file_that_changes_is_read_again(crm_csv: Path):
    directory = opened(csv={"path": str(crm_csv)})
    assert await directory.tier(ADA) == "gold"
    await asyncio.to_thread(crm_csv.write_text, "email,tier\nada@engines.example,platinum\n")
    assert await directory.tier(ADA) == "platinum"


async def test_domains_serve_where_no_address_does(tmp_path: Path):
    path = tmp_path / "customers.csv"
    path.write_text("\ufeffcompany;mail;plan\n@Engines.example;;gold\n;boss@engines.example;board\n", "utf-8")
    directory = opened(
        csv={"path": str(path), "delimiter": ";", "tier": "plan", "email": "mail", "domain": "company"}
    )
    assert await directory.tier(ADA) == "gold"
    assert await directory.tier(Contact(id="", email="boss@engines.example")) == "board"
    assert await directory.tier(Contact(id="", email="boss@sub.engines.example")) is None


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"mail,tier\na@b,gold\n", Refused, "line 1: no column 'email'; the heading has 'mail', 'tier'"),
        (b"", Refused, "the heading has nothing"),
        (b'email,tier\na@b,gold\n"a@b"x,gold\n', Refused, "after line 2: no CSV"),
        (b"email,tier\n\xff\xfe,gold\n", Refused, "not UTF-8"),
        (None, NotFound, "cannot be read"),
    ],
)
async def test_a_file_that_is_none(tmp_path: Path, content: bytes | None, error: type[Exception], words: str):
    path = tmp_path / "customers.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=words):
        await opened(csv={"path": str(path)}).check()


async def test_lines_that_say_nothing_are_named_and_the_others_serve(tmp_path: Path):
    path = tmp_path / "customers.csv"
    path.write_text(
        "email,tier\nada@engines.example,gold\nx\n,gold\nb@c,gold,more\nADA@engines.example,lead\n"
    )
    directory = opened(csv={"path": str(path)})
    said = await directory.check()
    assert [line in said for line in ("line 3", "line 4", "line 5", "line 6")] == [True] * 4
    assert await directory.tier(ADA) == "gold"
    with pytest.raises(Refused, match=r"csv\.services"):
        await directory.users_of("checkout")


# -- settings


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "either database or csv"),
        (
            {"csv": {"path": "x"}, "database": {"url": "sqlite:///x", "tier_query": TIER}},
            "either database or csv",
        ),
        ({"csv": {"path": "x", "email": None}}, "the domain, or both"),
        ({"database": {"url": f"no address {PASSWORD}", "tier_query": TIER}}, "cannot be read"),
        ({"database": {"url": "sqlite://", "tier_query": TIER}}, "names a file"),
        *(
            ({"database": {"url": f"postgresql://u:{PASSWORD}@h/crm?{query}", "tier_query": TIER}}, words)
            for query, words in (
                ("connect_timeout=3", "'connect_timeout' behind the question mark.*sslmode"),
                ("sslmode=yes", "none of disable, .*verify-full"),
                ("sslmode=require&sslmode=disable", "none of disable, .*verify-full"),
                ("sslmode=require&ssl=require", "both ssl and sslmode"),
            )
        ),
        (
            {"database": {"url": "sqlite:///x", "tier_query": "delete from customers where 'x' = :email"}},
            "a SELECT",
        ),
        ({"database": {"url": "sqlite:///x", "tier_query": ""}}, "a SELECT"),
        ({"database": {"url": "sqlite:///x", "tier_query": "select 1"}}, "none of :domain, :email, :id"),
        ({"database": {"url": "sqlite:///x", "tier_query": f"{TIER} and name = :name"}}, "has :name"),
    ],
)
def test_settings_that_cannot_work(settings: dict[str, Any], words: str):
    with pytest.raises(ValidationError, match=words) as caught:
        CustomerSqlSettings.model_validate(settings)
    assert PASSWORD not in str(caught.value)


def test_a_database_without_its_driver_says_what_to_install():
    with pytest.raises(Refused, match=r"mysql\+pymysql"):
        in_database(f"mysql+pymysql://reader:{PASSWORD}@crm.example/crm")
