"""The policy file: the example is good, and all that is wrong is said at once, with line, key and cure."""

from itertools import pairwise
from pathlib import Path

import pytest

from incidents.errors import PolicyError
from incidents.models import Severity
from incidents.policy.file import (
    MAX_BYTES,
    PolicyFileError,
    load_policy,
    parse_policy,
)
from incidents.policy.policy import Policy

EXAMPLE = Path(__file__).parents[3] / "liaison.example.yaml"

GOOD = """\
helpdesks: [zendesk/support]
services:
  checkout:
    title: Checkout
    team: payments
teams:
  payments:
    title: Payments
    pager: pagerduty/main
"""


EVERYTHING_WRONG = [
    (
        1,
        "helpdesks",
        "it must be a list ([a, b] or lines with dashes), not 'zendesk/support'",
    ),
    (5, "services.checkout.team", "there is no team 'paymnts'; did you mean 'payments'?"),
    (6, "services.checkout.depends_on[0]", "there is no service 'acounts'; did you mean 'accounts'?"),
    (7, "services.checkout.severty", "there is no such setting; did you mean 'severity'?"),
    (
        10,
        "services.checkout.actions[0].connection",
        (
            "'restart' is not a connection; write vendor/name in small letters, digits and "
            "dashes, such as zendesk/support"
        ),
    ),
    (
        11,
        "services.checkout.actions[0].timeout",
        "'60' is not a duration; write 90s, 15m, 2h, 7d, 1h30m or PT15M",
    ),
    (12, "services.accounts.title", "this is missing; add it"),
    (14, "services.accounts.severity", "input should be 1, 2, 3 or 4, not 7"),
    (17, "teams.payments.title", "it must be text, not 42; put it in quotes"),
    (20, "routing[0].service", "there is no service 'chekout'; did you mean 'checkout'?"),
    (
        22,
        "routing[1]",
        (
            "the rule has no criterion and would match every ticket; give it any_keyword, "
            "all_keywords, any_tag, product, channel or connection (connection alone takes all tickets"
            " of a helpdesk)"
        ),
    ),
    (
        24,
        "routing[2].connection[0]",
        "there is no helpdesk 'zendesk/other'; add 'zendesk/other' or remove this",
    ),
    (
        26,
        "validation.within",
        "'soon' is not a duration; write 90s, 15m, 2h, 7d, 1h30m or PT15M",
    ),
    (
        29,
        "templates.customer.fixed",
        "line 1 of the template: there is no variable 'custmer_name'; did you mean 'customer_name'?",
    ),
    (
        30,
        "templates.customer.update",
        "line 1 of the template: 'for' is not for customer templates; print variables, use if and filters",
    ),
    (31, "sla", "it must have keys of its own, not be 3"),
    (
        32,
        "zzz",
        (
            "there is no such setting; there is: affected, alerts, board, cadence, catalog, chat, closure, "
            "commands, correlation, customers"
        ),
    ),
]


def problems_of(text):
    return [str(problem) for problem in caught_in(text)]


def caught_in(text):
    with pytest.raises(PolicyFileError) as caught:
        parse_policy(text)
    assert str(caught.value).splitlines() == [str(problem) for problem in caught.value.problems]
    return caught.value.problems


def test_the_example_is_a_good_policy():
    """What a stranger copies works, and uses every section there is."""
    policy = load_policy(EXAMPLE)
    assert policy.team_of("checkout").title == "Payments team"
    assert policy.model_fields_set == set(Policy.model_fields)
    assert policy.connections() == {
        "zendesk/support",
        "pagerduty/main",
        "slack/main",
        "http/checkout-health",
        "http/search-health",
        "http/restart-checkout",
        "alertmanager/main",
    }


def test_a_short_policy_is_enough():
    """Sections left out, or left with all their lines commented out, keep their defaults."""
    policy = parse_policy(GOOD + "links:\nsla:\n  targets:\n    1: {response: 5m, resolution: 1h}\n")
    assert policy.links.gateway is None
    assert policy.sla.targets[Severity.CRITICAL].response.total_seconds() == 300


def test_words_mean_what_they_say():
    """YAML 1.1 would read on, no, 12:30 and dates as something else."""
    policy = parse_policy(
        GOOD
        + "escalation:\n  on: [likely]\n"
        + "routing:\n  - service: checkout\n    any_keyword: [no, off, 12:30, 2026-11-22, 0x1F, 1_000]\n"
    )
    assert policy.escalation.on == ["likely"]
    assert policy.routing[0].any_keyword == ["no", "off", "12:30", "2026-11-22", "0x1F", "1_000"]


def test_everything_wrong_is_said_at_once():
    """Dangling references, misspelt keys, wrong types and bad values, in the order of the file."""
    problems = caught_in(
        """\
helpdesks: zendesk/support
services:
  checkout:
    title: Checkout
    team: paymnts
    depends_on: [acounts, checkout]
    severty: 1
    actions:
      - name: Restart
        connection: restart
        timeout: 60
  accounts:
    team: payments
    severity: 7
teams:
  payments:
    title: 42
    pager: pagerduty/main
routing:
  - service: chekout
    any_keyword: [pay]
  - service: checkout
  - service: checkout
    connection: [zendesk/other]
validation:
  within: soon
templates:
  customer:
    fixed: "Hi {{ custmer_name }}"
    update: "{% for x in service %}{% endfor %}"
sla: 3
zzz: 1
"""
    )
    assert [(problem.line, problem.key, problem.message) for problem in problems] == EVERYTHING_WRONG
    assert str(problems[1]) == (
        "liaison.yaml:5: services.checkout.team: there is no team 'paymnts'; did you mean 'payments'?"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1: the file is empty; start from liaison.example.yaml"),
        ("# only a comment\n", "1: the file is empty; start from liaison.example.yaml"),
        ("- a\n- b\n", "1: the file is a list or a single value; it must have keys"),
        ("teams:\n\tpayments:\n", "2: a tab; YAML is indented with spaces only: replace it"),
        ("teams:\n  a: {b: c\n", "3: not YAML: while parsing a flow mapping"),
        ("a: &x 1\nb: *x\n", "1: anchors and aliases (&x, *x) are not supported; write it out"),
        ("a: 1\nb: !!python/object/apply:os.system [ls]\n", "2: the tag"),
        (GOOD + "? [x, y]\n: 2\n", "10: a key must be a word"),
        ("a: 1\n---\nb: 2\n", "2: not YAML: expected a single document"),
        ("a: \x07\n", "1: character 7 is not allowed in YAML; remove it"),
        ("a: " + "[" * 100_000, "1: it is nested deeper than 20 levels"),
    ],
)
def test_no_text_is_read_wrongly(text, expected):
    """Whatever the text, the answer is a line and a cure; nothing is guessed, built or blown up."""
    problems = problems_of(text)
    assert problems[0].startswith(f"liaison.yaml:{expected}")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("services:\n  x: {}\n", "10: services: 'services' is there twice (first on line 2); keep one"),
        ("sla:\n  targets:\n    5: {response: 1h, resolution: 2h}\n", "12: sla.targets.5: input should be 1"),
        ("links: {gateway: [x]}\n", "10: links.gateway: it must be text, not a list"),
        ("<<: {a: b}\n", "10: <<: there is no such setting"),
        ("tiers:\n  gold:\n    title: Gold\n    title: Golden\n", "13: tiers.gold.title: 'title' is there"),
        ("routing: [{ignore: true, service: checkout, any_tag: [x]}]\n", "10: routing[0]: the rule both"),
        ("routing: [{any_tag: [x]}]\n", "10: routing[0]: the rule leads nowhere"),
        ("routing: [{any_keyword: [' '], ignore: true}]\n", "10: routing[0]: an empty keyword"),
        (
            "sync:\n  refused: restore\n",
            "11: sync.refused: nothing is refused while ticket_status is helpdesk",
        ),
        (
            "sync:\n  tiket_status: liaison\n",
            "11: sync.tiket_status: there is no such setting; did you mean 'ticket_status'",
        ),
        ("sync: {technical_state: room}\n", "10: sync.technical_state: input should be 'pager' or 'newer'"),
    ],
)
def test_one_thing_wrong_is_one_problem(more, expected):
    """One fault gives one line, not a cascade."""
    (problem,) = problems_of(GOOD + more)
    assert problem.startswith(f"liaison.yaml:{expected}")


def test_a_bomb_is_refused_before_it_is_built():
    """The billion laughs: nine lines that would be gigabytes."""
    names = "abcdefghij"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in pairwise(names)]
    assert "are not supported" in problems_of("\n".join(lines))[0]


def test_files_that_cannot_be_read_say_why(tmp_path):
    """A missing file, a folder, another encoding, a file of the wrong kind: each with the cure."""
    for make, expected in [
        (lambda path: None, "there is no such file; copy liaison.example.yaml to it and edit it"),
        (lambda path: path.mkdir(), "the file cannot be read"),
        (lambda path: path.write_bytes(b"a: 1\nb: \xe9t\xe9\n"), "2: the file is not UTF-8 text; save it as"),
        (lambda path: path.write_bytes(b"#" * (MAX_BYTES + 1)), "more than 256000 bytes"),
    ]:  # fmt: skip
        path = tmp_path / expected[:5].replace(" ", "-") / "liaison.yaml"
        path.parent.mkdir()
        make(path)
        with pytest.raises(PolicyError) as caught:
            load_policy(str(path))
        assert str(caught.value).startswith(str(path))
        assert expected in str(caught.value)


def test_a_byte_order_mark_is_no_obstacle(tmp_path):
    """Some editors put one in."""
    path = tmp_path / "liaison.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load_policy(path).helpdesks == ["zendesk/support"]


def test_a_setting_of_an_earlier_version_is_refused_with_file_line_and_cure():
    with pytest.raises(PolicyFileError) as caught:
        parse_policy("insights:\n  routing:\n    thorough: true\n", file="liaison.yaml")
    (problem,) = [one for one in caught.value.problems if "thorough" in one.key]
    assert str(problem).startswith(
        "liaison.yaml:3: insights.routing.thorough: the readers that it trained are gone;"
    )
    assert "`embeddings: true`" in problem.message
    assert "pip install 'liaison[embeddings]'" in problem.message
