"""Sections of a policy file as its text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml


def policy_yaml(sections: Mapping[str, Any]) -> str:
    """In the order in which they are given, as a person would write them."""
    text: str = yaml.safe_dump(
        dict(sections), sort_keys=False, allow_unicode=True, default_flow_style=None, width=110
    )
    return text
