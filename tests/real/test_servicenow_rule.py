"""The business rule itself, run by Node.js: what it sends is what the connector takes.

ServiceNow's own objects stand for themselves here, as its documentation has them: this proves the script's logic and
its signature, not that an instance runs it.
"""

from __future__ import annotations

import base64
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.servicenow import ServiceNowHelpdesk, ServiceNowSettings
from incidents.errors import Forged
from incidents.events import TicketEvent
from incidents.models import Departure
from tests.real.programs import CODE, debian_program

pytestmark = pytest.mark.real

RULE = CODE / "connectors/servicenow/rule/business_rule.js"
SYS_ID = "a9e30c7dc61122760116894de7bcc7bd"
SECRET = "whsec_" + base64.b64encode(bytes(range(25))).decode()
URL = "https://liaison.example.com/hooks/servicenow/support"
# `generateMac` takes its key in base64 and gives base64 (c_GlideCertificateEncryptionAPI); RESTMessageV2's functions
# are those of c_RESTMessageV2API.
HARNESS = """
const crypto = require('crypto'), fs = require('fs'), vm = require('vm');
const world = JSON.parse(fs.readFileSync(0, 'utf8'));
const sent = [], errors = [];
class RESTMessageV2 {
    constructor() { this.call = { headers: {} }; }
    setEndpoint(url) { this.call.url = url; }
    setHttpMethod(method) { this.call.method = method; }
    setRequestHeader(name, value) { this.call.headers[name] = value; }
    setRequestBody(body) { this.call.body = body; }
    executeAsync() { if (world.fails) throw new Error('no route'); sent.push(this.call); }
}
vm.runInNewContext(fs.readFileSync(process.argv[1], 'utf8'), {
    gs: {
        getProperty: (name, fallback) => world.properties[name] || fallback,
        getUserName: () => world.user,
        error: (text) => errors.push(text),
    },
    sn_ws: { RESTMessageV2 },
    GlideStringUtil: { base64Encode: (text) => Buffer.from(text).toString('base64') },
    GlideCertificateEncryption: class {
        generateMac(key, algorithm, data) {
            if (algorithm !== 'HmacSHA256') throw new Error(algorithm);
            return crypto.createHmac('sha256', Buffer.from(key, 'base64')).update(data).digest('base64');
        }
    },
    GlideDateTime: class { getValue() { return '2026-03-01 12:30:00'; } },
    current: {
        getTableName: () => world.table,
        getUniqueValue: () => world.record.sys_id,
        getValue: (name) => world.record[name],
        operation: () => world.operation,
    },
    previous: null,
});
process.stdout.write(JSON.stringify({ sent, errors }));
"""


def run(**changes: Any) -> dict[str, Any]:
    """What the rule sent, and what it told the system log."""
    world: dict[str, Any] = {
        "properties": {
            "liaison.webhook.url": URL,
            "liaison.webhook.secret": SECRET,
            "instance_name": "acme",
        },
        "user": "grace.agent",
        "table": "incident",
        "operation": "update",
        "record": {
            "sys_id": SYS_ID,
            "number": "INC0000046",
            "sys_mod_count": "4",
            "sys_updated_by": "ada",
            "sys_updated_on": "2026-03-01 11:59:58",
            "short_description": "Cannot pay",
        },
    }
    done = subprocess.run(  # noqa: S603  our own
        [str(debian_program("node")), "-e", HARNESS, str(RULE)],
        input=json.dumps(world | changes),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def desk(*secrets: str) -> ServiceNowHelpdesk:
    known = ServiceNowSettings(
        base_url="https://acme.service-now.com",
        user="liaison",
        password=SecretStr("a-password-of-a-test"),
        signing_secrets=[SecretStr(secret) for secret in secrets],
    )
    return ServiceNowHelpdesk("servicenow/support", known)


def taken(call: dict[str, Any], *secrets: str) -> TicketEvent:
    """The call as the gateway would take it."""
    source = desk(*secrets)
    now = datetime.now(UTC)
    verified = source.verify(list(call["headers"].items()), call["body"].encode(), now=now)
    (event,) = source.events(verified)
    assert isinstance(event, TicketEvent)
    return event


@pytest.mark.parametrize("secret", [SECRET, "a-long-random-word-without-any-prefix"])
def test_what_it_signs_is_taken(secret: str) -> None:
    """In both forms that a secret may have; and by that secret alone."""
    properties = {
        "liaison.webhook.url": URL,
        "liaison.webhook.secret": secret,
        "instance_name": "acme",
    }
    told = run(properties=properties)
    assert told["errors"] == []
    (call,) = told["sent"]
    assert (call["url"], call["method"]) == (URL, "POST")
    event = taken(call, "another-secret-of-this-connection", secret)
    assert (event.ref.id, event.by_us, event.at.isoformat()) == (
        SYS_ID,
        False,
        "2026-03-01T11:59:58+00:00",
    )
    with pytest.raises(Forged):
        taken(call, "another-secret-of-this-connection")


def test_it_sends_no_customers_words_and_ascii_alone() -> None:
    record = {
        "sys_id": SYS_ID,
        "sys_mod_count": "0",
        "sys_updated_by": 'bö"ll\u2028\U0001f600',
        "sys_updated_on": "2026-03-01 11:59:58",
        "short_description": "Cannot pay",
    }
    (call,) = run(record=record, operation="insert")["sent"]
    assert call["body"].isascii()
    assert "pay" not in call["body"]
    assert json.loads(call["body"])["by"] == record["sys_updated_by"]
    assert taken(call, SECRET)


def test_a_deletion_is_told_with_who_deleted() -> None:
    (call,) = run(operation="delete")["sent"]
    event = taken(call, SECRET)
    assert event.gone is Departure.DELETED
    assert json.loads(call["body"])["by"] == "grace.agent"
    assert event.at.isoformat() == "2026-03-01T12:30:00+00:00"


def test_a_table_may_have_its_own_address_and_secret() -> None:
    own = "https://liaison.example.com/hooks/servicenow/fixes"
    properties = {
        "liaison.webhook.url": URL,
        "liaison.webhook.secret": SECRET,
        "liaison.webhook.url.problem": own,
        "liaison.webhook.secret.problem": "another-secret-for-problems",
        "instance_name": "acme",
    }
    (call,) = run(properties=properties, table="problem")["sent"]
    assert call["url"] == own
    source = desk("another-secret-for-problems")
    source.verify(list(call["headers"].items()), call["body"].encode(), now=datetime.now(UTC))


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"properties": {}}, "set the system properties"), ({"fails": True}, "not told: Error: no route")],
)
def test_it_never_stops_servicenow(changes: dict[str, Any], words: str) -> None:
    """What could not be told stands in the system log; the user's change is saved."""
    told = run(**changes)
    assert told["sent"] == []
    (error,) = told["errors"]
    assert words in error


def test_it_is_written_for_the_older_javascript() -> None:
    """Global business rules are read as ECMAScript 5 by default: no `let`, `const`, arrows or templates."""
    code = "\n".join(line.partition("//")[0] for line in Path(RULE).read_text("utf-8").splitlines())
    for newer in ("let ", "const ", "=>", "`", "class "):
        assert newer not in code
