"""What was registered last, kept as a Prefect variable: a short hash for each name."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import VariableCreate, VariableUpdate
from prefect.exceptions import ObjectNotFound


@dataclass(frozen=True, kw_only=True, slots=True)
class RegisteredBefore:
    """One variable. `values` are the hashes by name; empty where nothing is remembered, or nobody can read it."""

    variable: str
    values: Mapping[str, str]

    @classmethod
    async def read(cls, client: PrefectClient, variable: str) -> RegisteredBefore:
        """What was remembered last; what is no table of names is taken for nothing."""
        found = await client.read_variable_by_name(variable)
        value = None if found is None else found.value
        values = {} if not isinstance(value, dict) else {str(name): str(said) for name, said in value.items()}
        return cls(variable=variable, values=values)

    async def write(self, client: PrefectClient, values: Mapping[str, str]) -> None:
        """Remember these instead."""
        if not self.values:
            with contextlib.suppress(ObjectNotFound):
                await client.delete_variable_by_name(self.variable)  # one that nobody can read
            await client.create_variable(
                VariableCreate(name=self.variable, value=dict(values), tags=["liaison"])
            )
        elif values != self.values:
            await client.update_variable(VariableUpdate(name=self.variable, value=dict(values)))
