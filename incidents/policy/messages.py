"""What customers read: the operator's templates, and ours where nothing was reworded."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from incidents.errors import PolicyError
from incidents.lifecycle import IncidentProgress
from incidents.policy.words import PolicySection
from incidents.texts.messages import check_template
from incidents.texts.plain_text import one_line

PROGRESS = (
    "Hello,\n\n"
    "thank you for telling us. We can see a problem with {{ service }} and our engineers are working "
    "on it.{% if next_update %} You will hear from us again by {{ next_update }}.{% endif %}\n\n"
    "Your reference is {{ incident }}."
)
UPDATE = (
    "Hello,\n\n"
    "we are still working on the problem with {{ service }}."
    "{% if next_update %} The next update comes by {{ next_update }}.{% endif %}\n\n"
    "Your reference is {{ incident }}."
)
MONITORING = (
    "Hello,\n\n"
    "there is a fix for the problem with {{ service }}, and we are watching whether it holds."
    "{% if next_update %} The next update comes by {{ next_update }}.{% endif %}\n\n"
    "Your reference is {{ incident }}."
)
WORDS = (
    "Hello,\n\n"
    "{{ words }}\n\n"
    "{% if next_update %}The next update comes by {{ next_update }}. {% endif %}Your reference is {{ incident }}."
)
LATE = (
    "Hello,\n\n"
    "thank you for telling us. We know of the problem with {{ service }}; this is what we have told customers so "
    "far:\n\n"
    "{{ so_far }}\n\n"
    "Now: {{ state }}.{% if next_update %} The next update comes by {{ next_update }}.{% endif %}\n\n"
    "Your reference is {{ incident }}."
)
FIXED = (
    "Hello,\n\n"
    "the problem with {{ service }} is fixed, and we have checked it. We are sorry for the trouble. "
    "If it still does not work for you, just answer this message.\n\n"
    "Your reference is {{ incident }}."
)
FIXED_UNCHECKED = (
    "Hello,\n\n"
    "our engineers tell us that the problem with {{ service }} is fixed. We are sorry for the trouble. "
    "If it still does not work for you, just answer this message.\n\n"
    "Your reference is {{ incident }}."
)


def _plain(words: str) -> str:
    if "{" in words or one_line(words) != words:
        raise ValueError(
            "write plain words in one line; they are put into `late` and are no template themselves"
        )
    return words


_Words = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]


class StateWords(PolicySection):
    """How it stands, as it is said within a sentence: plain words, no templates."""

    investigating: _Words = Field(
        default="our engineers have been called and are looking into it", description="Nobody has it yet."
    )
    identified: _Words = Field(default="our engineers are working on it", description="An engineer has it.")
    monitoring: _Words = Field(
        default="there is a fix, and we are watching whether it holds", description="It is said to be fixed."
    )

    def of(self, progress: IncidentProgress) -> str:
        """The words for it."""
        words: str = getattr(self, progress.value)
        return words


class CustomerTemplates(PolicySection):
    """What customers read: Jinja with the variables of `incidents.texts.messages.VARIABLES`."""

    progress: str = Field(
        default=PROGRESS,
        description="The first message, once we know that there is a problem.",
    )
    update: str = Field(
        default=UPDATE,
        description="Each further message while it lasts.",
    )
    words: str = Field(
        default=WORDS,
        description="What an agent has all who wait told by the command `update`: {{ words }} has it.",
    )
    monitoring: str | None = Field(
        default=None,
        description=(
            "Instead of `update`, once it is said to be fixed and not proven yet; left out, it is `update` if that was "
            "reworded, else a text of ours."
        ),
    )
    late: str | None = Field(
        default=None,
        description=(
            "The first message to whoever writes once others were told something: {{ so_far }} has what, {{ state }} "
            "how it stands. Left out, it is `progress` if that was reworded, else a text of ours."
        ),
    )
    states: StateWords = Field(default_factory=StateWords, description="How it stands, in words for `late`.")
    fixed: str = Field(
        default=FIXED,
        description="The last message, once the fix is proven.",
    )
    fixed_unchecked: str | None = Field(
        default=None,
        description=(
            "The last message where no probe looks and the engineers' word is taken; left out, it is `fixed` if "
            "that was reworded, else a text that claims no check."
        ),
    )

    @property
    def monitoring_text(self) -> str:
        """The template while a fix is watched."""
        if self.monitoring is not None:
            return self.monitoring
        return MONITORING if self.update == UPDATE else self.update

    @property
    def late_text(self) -> str | None:
        """The template of the digest for whoever comes late; None where they read `progress` as all did."""
        return self.late if self.late is not None else LATE if self.progress == PROGRESS else None

    def fixed_text(self, *, is_checked: bool) -> str:
        """The template of the last message. What nobody checked is never said to be checked by a text of ours."""
        if is_checked:
            return self.fixed
        if self.fixed_unchecked is not None:
            return self.fixed_unchecked
        return FIXED_UNCHECKED if self.fixed == FIXED else self.fixed

    @field_validator("progress", "update", "words", "monitoring", "late", "fixed", "fixed_unchecked")
    @classmethod
    def _compiles(cls, template: str | None) -> str | None:
        if template is None:
            return None
        try:
            check_template(template)
        except PolicyError as error:
            raise ValueError(str(error)) from error
        return template
