"""What customers read: the operator's templates, and ours in the customer's language where nothing was reworded."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from incidents.errors import PolicyError
from incidents.lifecycle import IncidentProgress
from incidents.policy.words import PolicySection
from incidents.texts.catalogue import CatalogueText
from incidents.texts.messages import check_template
from incidents.texts.plain_text import one_line
from incidents.texts.tongues import Wording


def _plain(words: str) -> str:
    if "{" in words or one_line(words) != words:
        raise ValueError(
            "write plain words in one line; they are put into templates and are no template themselves"
        )
    return words


_Words = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]
_OURS = {
    IncidentProgress.INVESTIGATING: CatalogueText.STATE_INVESTIGATING,
    IncidentProgress.IDENTIFIED: CatalogueText.STATE_IDENTIFIED,
    IncidentProgress.MONITORING: CatalogueText.STATE_MONITORING,
}


class StateWords(PolicySection):
    """How it stands, as it is said within a sentence: plain words in `language.default`, no templates. Left out, and in
    a text of ours in another language, they are ours."""

    confirmed: _Words | None = Field(
        default=None,
        description="Nobody was called yet, or not since it was opened again: we are looking into it.",
    )
    investigating: _Words | None = Field(
        default=None, description="Nobody has it yet: our engineers have been called."
    )
    identified: _Words | None = Field(
        default=None, description="An engineer has it: our engineers are working on it."
    )
    monitoring: _Words | None = Field(
        default=None,
        description="It is said to be fixed: there is a fix, and we are watching whether it holds.",
    )

    def of(self, progress: IncidentProgress, *, is_called: bool) -> Wording:
        """The words for it. `is_called`: a page is out; nobody is said to be called where none is."""
        if progress is IncidentProgress.INVESTIGATING and not is_called:
            return Wording(CatalogueText.STATE_CONFIRMED, self.confirmed)
        own: str | None = getattr(self, progress.value)
        return Wording(_OURS[progress], own)


class CustomerTemplates(PolicySection):
    """What customers read: Jinja with the variables of `incidents.texts.messages.VARIABLES`. What is left out is a text
    of ours, in the language of whoever reads it (`language`)."""

    progress: str | None = Field(
        default=None,
        description="The first message, once we know that there is a problem.",
    )
    reopened: str | None = Field(
        default=None,
        description=(
            "Instead of `progress`, where a fix did not hold; left out, it is `progress` if that was reworded, else a "
            "text of ours."
        ),
    )
    update: str | None = Field(
        default=None,
        description="Each further message while it lasts.",
    )
    words: str | None = Field(
        default=None,
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
    states: StateWords = Field(
        default_factory=StateWords, description="How it stands, in words for {{ state }}."
    )
    fixed: str | None = Field(
        default=None,
        description="The last message, once the fix is proven.",
    )
    fixed_unchecked: str | None = Field(
        default=None,
        description=(
            "The last message where no probe looks and the engineers' word is taken; left out, it is `fixed` if "
            "that was reworded, else a text that claims no check."
        ),
    )

    def first_text(self, *, is_again: bool) -> Wording:
        """The first message; `is_again`: of a fault that was said to be fixed before."""
        if is_again:
            return Wording(CatalogueText.REOPENED, self.reopened or self.progress)
        return Wording(CatalogueText.PROGRESS, self.progress)

    @property
    def update_text(self) -> Wording:
        """Each further message."""
        return Wording(CatalogueText.UPDATE, self.update)

    @property
    def words_text(self) -> Wording:
        """What has an agent's words in it."""
        return Wording(CatalogueText.WORDS, self.words)

    @property
    def monitoring_text(self) -> Wording:
        """The message while a fix is watched."""
        return Wording(CatalogueText.MONITORING, self.monitoring or self.update)

    @property
    def late_text(self) -> Wording | None:
        """The digest for whoever comes late; None where they read `progress` as all did."""
        if self.late is None and self.progress is not None:
            return None
        return Wording(CatalogueText.LATE, self.late)

    def fixed_text(self, *, is_checked: bool) -> Wording:
        """The last message. What nobody checked is never said to be checked by a text of ours."""
        if is_checked:
            return Wording(CatalogueText.FIXED, self.fixed)
        return Wording(CatalogueText.FIXED_UNCHECKED, self.fixed_unchecked or self.fixed)

    @field_validator(
        "progress", "reopened", "update", "words", "monitoring", "late", "fixed", "fixed_unchecked"
    )
    @classmethod
    def _compiles(cls, template: str | None) -> str | None:
        if template is None:
            return None
        try:
            check_template(template)
        except PolicyError as error:
            raise ValueError(str(error)) from error
        return template
