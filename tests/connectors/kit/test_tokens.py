"""Senders without a signature: scheme words, prefixes and Salesforce's organization."""

from __future__ import annotations

import pytest

from connectors.kit.webhooks import tokens
from incidents.errors import Forged
from tests.connectors.kit.schemes import SECRET


@pytest.mark.parametrize("word", ["Bearer", "bearer", "BEARER"])
def test_scheme_word_in_any_case(word):
    """RFC 9110: the scheme's word is case-insensitive; the token is not."""
    tokens.verify_bearer(f"{word} {SECRET.decode()}", [SECRET])
    with pytest.raises(Forged):
        tokens.verify_bearer(f"{word} {SECRET.decode().upper()}", [SECRET])


@pytest.mark.parametrize("verify", [tokens.verify_bearer, tokens.verify_basic])
@pytest.mark.parametrize("header", [SECRET.decode(), f"Token {SECRET.decode()}", f"Basic{SECRET.decode()}"])
def test_another_scheme(verify, header):
    """The right secret under the wrong word is refused."""
    with pytest.raises(Forged):
        verify(header, [SECRET])


ENVELOPE = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">{}</notifications></e:Body></e:Envelope>'
)
ORGANIZATION = "00D000000000062EAA"
NAMED = f"<OrganizationId>{ORGANIZATION}</OrganizationId>"


def test_salesforce_organization():
    """The configured organization passes."""
    tokens.require_organization(ENVELOPE.format(NAMED).encode(), ORGANIZATION)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        ENVELOPE.format("").encode(),
        ENVELOPE.format(NAMED + "<OrganizationId>00D0</OrganizationId>").encode(),
        ENVELOPE.format(f"<!-- {NAMED} --><OrganizationId>00D0</OrganizationId>").encode(),
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + ENVELOPE.format(NAMED)).encode(),
        ('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x>' + ENVELOPE.format(NAMED)).encode("utf-16"),
        b"<a>" * 100_000,
        b"\xff\xfe",
    ],
    ids=["empty", "broken", "unnamed", "two", "in a comment", "doctype", "utf-16", "deep", "not text"],
)
def test_salesforce_hostile_body(body):
    """Another organization, a hidden DOCTYPE or a bomb is a clean reject."""
    with pytest.raises(Forged):
        tokens.require_organization(body, ORGANIZATION)
