"""The contract's customers in a real PostgreSQL, a SQLite file and a CSV file."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from tests.contracts.customer_directory import CUSTOMERS
from tests.databases import Databases

TABLES = (
    "create table customers (id integer primary key, name text, email text, tier text)",
    "create table uses (customer integer, service text)",
)


def rows() -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    people = [
        {"id": number, "name": name, "email": email, "tier": tier}
        for number, (name, email, tier, _) in enumerate(CUSTOMERS)
    ]
    uses = [
        {"customer": number, "service": service}
        for number, (*_, services) in enumerate(CUSTOMERS)
        for service in services
    ]
    return people, uses


@pytest.fixture(scope="session")
async def crm_url(databases: Databases) -> AsyncIterator[str]:
    name = await databases.create()
    engine = create_async_engine(databases.url(name), poolclass=NullPool)
    people, uses = rows()
    async with engine.begin() as tx:
        for table in TABLES:
            await tx.execute(text(table))
        await tx.execute(text("insert into customers values (:id, :name, :email, :tier)"), people)
        await tx.execute(text("insert into uses values (:customer, :service)"), uses)
    await engine.dispose()
    yield databases.url(name).replace("+asyncpg", "")
    await databases.drop(name)


@pytest.fixture
def crm_file(tmp_path: Path) -> Path:
    path = tmp_path / "crm at 100% #1.db"
    people, uses = rows()
    with sqlite3.connect(path) as tx:
        for table in TABLES:
            tx.execute(table)
        tx.executemany("insert into customers values (:id, :name, :email, :tier)", people)
        tx.executemany("insert into uses values (:customer, :service)", uses)
    tx.close()
    return path


@pytest.fixture
def crm_csv(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "email", "tier", "domain", "services"])
        for name, email, tier, services in CUSTOMERS:
            writer.writerow([name, email, tier, "", "; ".join(services)])
    return path
