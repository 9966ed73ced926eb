"""Sentences of the board's pages in the team's language, with markup as their values: what the templates call `worded`
and `worded_count`, as `incidents.texts.team` does for plain text."""

from __future__ import annotations

from markupsafe import Markup, escape

from incidents.texts.team import unfilled, unfilled_count


def worded_html(text: str, /, **values: object) -> Markup:
    """The sentence, escaped; a value is escaped unless it is markup, such as a macro's."""
    return _filled(unfilled(text), values)


def worded_count_html(one: str, many: str, count: int, /, **values: object) -> Markup:
    """The form for so many; `{count}` is the number unless a value says how it is shown."""
    return _filled(unfilled_count(one, many, count), {"count": count} | values)


def strong(value: object) -> Markup:
    """The value in bold."""
    return Markup("<strong>{}</strong>").format(value)


def code(text: object) -> Markup:
    """What somebody types."""
    return Markup("<code>{}</code>").format(text)


def _filled(text: str, values: dict[str, object]) -> Markup:
    return escape(text).format_map(values)
