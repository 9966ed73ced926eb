"""A note for colleagues that a vendor keeps where customers read it: hidden at once if that can be, and always told.

Each vendor has its trap (Zendesk's and Zammad's comments are public unless they say otherwise, Redmine stores a private
note as public where our role may not set it so), and a trigger or an app of the house can publish a note in the same
moment. So the flag is read back just after each note; what is found wrong ends here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from incidents.errors import Exposed, LiaisonError

Hide = Callable[[], Awaitable[bool]]
"""Hides the note, and says by reading whether it is hidden now."""


async def exposed(what: str, hide: Hide | None, *, cure: str) -> Exposed:
    """What to raise for a note that customers could read, once it was tried to hide it.

    `what` names the note for people (`zendesk: the note on ticket 7`), `hide` is None where the vendor has no call for
    it, and `cure` says what to look at so that it does not happen again.
    """
    told = f"{what} was stored as public, and customers could read it"
    by_hand = "hide or delete it there by hand, now"
    if hide is None:
        return Exposed(f"{told}; nothing hides it from here: {by_hand}. Then {cure}")
    try:
        is_hidden = await hide()
    except LiaisonError as error:
        return Exposed(f"{told}; hiding it failed: {by_hand}. Then {cure} ({error})")
    if not is_hidden:
        return Exposed(f"{told}; it was hidden and is still public: {by_hand}. Then {cure}")
    return Exposed(f"{told}; it is hidden now, and whoever was mailed has it still. Please {cure}")
