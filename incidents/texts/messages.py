"""Texts for customers and for colleagues, and no way from one to the other.

A customer reads only what a template of the policy says. Templates are the operator's; everything else (the
customer's name above all) is data: it is put in, never read as a template. A template may print the
variables, choose with `if`, and use a few filters. It cannot loop, call, assign or calculate, so a rendering
takes time in proportion to its length and nothing in it can be made to grow.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from incidents.errors import PolicyError
from incidents.models import InternalText, PublicText
from incidents.texts.plain_text import (
    cut,
    did_you_mean,
    one_line,
    visible,
)

VARIABLES = {
    "customer_name": "the customer's name, or nothing when we cannot use it",
    "service": "the service's title",
    "incident": "the incident's name, such as INC-42",
    "next_update": "when the customer hears from us again, such as 14:30 UTC, or nothing",
    "since": "since when we know of it, such as 14:02 UTC",
    "owner": "who of customer service is accountable, as the helpdesk shows them, or nothing",
    "so_far": "in `late`: what customers were told so far, a line for each state it was in; nothing elsewhere",
    "words": "in `words`: what an agent has all who wait told; nothing elsewhere",
    "state": "how it stands, such as: our engineers are working on it",
}

MAX_TEMPLATE = 4_000
MAX_MESSAGE = 10_000
MAX_NOTE = 20_000
_MAX_USES = 40
_MAX_VALUE = 120
_MAX_LINES = 8
_MAX_WORDS, _MAX_LINES_SAID = 1_500, 20

_FILTERS = ("capitalize", "default", "lower", "title", "trim", "upper")
_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.Not,
    nodes.And,
    nodes.Or,
    nodes.Compare,
    nodes.Operand,
    nodes.Filter,
)
_ADDRESS = re.compile(r"://|www\.|@|\.[a-z]{2,10}/", re.IGNORECASE)

# Plain text goes out; escaping for HTML is the business of the helpdesk that shows it.
_environment = ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined)
_environment.globals.clear()


def check_template(template: str) -> None:
    """Raise `PolicyError`, with the cure, unless the template can be rendered whatever the values are."""
    if not template.strip():
        raise PolicyError("the template is empty; write what the customer shall read")
    if len(template) > MAX_TEMPLATE:
        raise PolicyError(f"the template has {len(template)} characters; the most is {MAX_TEMPLATE}")
    try:
        tree = _environment.parse(template)
    except TemplateSyntaxError as error:
        raise PolicyError(f"line {error.lineno} of the template: {error.message}") from error
    except RecursionError as error:
        raise PolicyError("the template is nested too deeply") from error
    for node in _all_nodes(tree):
        _check_node(node)
    if sum(isinstance(node, nodes.Name) for node in _all_nodes(tree)) > _MAX_USES:
        raise PolicyError(f"the template uses variables more than {_MAX_USES} times")


def _all_nodes(tree: nodes.Template) -> list[nodes.Node]:
    return [tree, *tree.find_all(nodes.Node)]


def _check_node(node: nodes.Node) -> None:
    where = f"line {node.lineno} of the template: "
    if isinstance(node, nodes.Name) and node.name not in VARIABLES:
        raise PolicyError(
            f"{where}there is no variable {node.name!r}{did_you_mean(node.name, list(VARIABLES))}"
        )
    if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
        raise PolicyError(f"{where}there is no filter {node.name!r}; there is: {', '.join(_FILTERS)}")
    if not isinstance(node, _ALLOWED):
        word = type(node).__name__.lower()
        raise PolicyError(
            f"{where}{word!r} is not for customer templates; print variables, use if and filters"
        )


@lru_cache(maxsize=256)
def _compiled(template: str) -> Template:
    check_template(template)
    return _environment.from_string(template)


def customer_message(
    template: str,
    *,
    customer_name: str,
    service: str,
    incident: str,
    next_update: str,
    since: str = "",
    owner: str = "",
    so_far: str = "",
    state: str = "",
    words: str = "",
) -> PublicText:
    """What one customer reads. `next_update` is a time such as `14:30 UTC`, or empty for no promise; `so_far` and
    `words` may have lines.

    Left out are invisible characters, and names that are really adverts: a web or mail address for a name
    would make us send somebody's spam. Raises `PolicyError` for a template that `check_template` refuses.
    """
    name = one_line(customer_name)
    text = _compiled(template).render(
        customer_name="" if _ADDRESS.search(name) else cut(name, _MAX_VALUE),
        service=cut(one_line(service), _MAX_VALUE),
        incident=cut(one_line(incident), _MAX_VALUE),
        next_update=cut(one_line(next_update), _MAX_VALUE),
        since=cut(one_line(since), _MAX_VALUE),
        owner="" if _ADDRESS.search(owner) else cut(one_line(owner), _MAX_VALUE),
        so_far="\n".join(cut(one_line(line), 2 * _MAX_VALUE) for line in so_far.splitlines()[-_MAX_LINES:]),
        state=cut(one_line(state), 2 * _MAX_VALUE),
        words="\n".join(cut(one_line(line), _MAX_WORDS) for line in words.splitlines()[:_MAX_LINES_SAID]),
    )
    if len(text) > MAX_MESSAGE:
        raise PolicyError(f"the message has {len(text)} characters; the most is {MAX_MESSAGE}")
    return PublicText(text.strip())


def internal(text: str) -> InternalText:
    """A note for colleagues: visible characters only, of bearable length.

    It does not redact: what comes from a customer goes through `incidents.redaction.redaction.safe_excerpt` first.
    """
    return InternalText(cut(visible(text).strip(), MAX_NOTE))


def public_again(text: PublicText, change: Callable[[str], str]) -> PublicText:
    """A text for customers with something taken out of it; `change` adds nothing that was not said."""
    return PublicText(change(text))
