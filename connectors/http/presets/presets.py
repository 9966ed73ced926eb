"""Common senders by name: `preset: zammad` instead of twenty paths. Each file says where its facts come from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator

from incidents.texts.plain_text import did_you_mean

_HERE = files("connectors.http.presets")


@lru_cache(maxsize=1)
def preset_names() -> tuple[str, ...]:
    """What there is, in the order of the alphabet."""
    return tuple(
        sorted(one.name.removesuffix(".yaml") for one in _HERE.iterdir() if one.name.endswith(".yaml"))
    )


@lru_cache(maxsize=64)
def preset(name: str) -> Mapping[str, Any]:
    """The preset's part of a webhook section, as settings read it. `name` is one of `preset_names()`."""
    found: Mapping[str, Mapping[str, Any]] = yaml.safe_load(_HERE.joinpath(f"{name}.yaml").read_text("utf-8"))
    return found["webhook"]


def _known(name: str) -> str:
    if name not in preset_names():
        raise ValueError(f"there is no preset {name[:40]!r}{did_you_mean(name, preset_names())}")
    return name


PresetName = Annotated[str, AfterValidator(_known)]
"""The name of a file of this folder."""
