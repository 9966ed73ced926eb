"""The words of `incidents.texts.languages` made into patterns, and what one clause says in one language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from incidents.texts.languages.eastern import CHINESE, CZECH, JAPANESE, POLISH, RUSSIAN, TURKISH
from incidents.texts.languages.germanic import DUTCH, ENGLISH, GERMAN
from incidents.texts.languages.language import Language
from incidents.texts.languages.nordic import DANISH, FINNISH, NORWEGIAN, SWEDISH
from incidents.texts.languages.romance import FRENCH, ITALIAN, PORTUGUESE, SPANISH
from incidents.texts.own_words import folded, own_words

LANGUAGES = (
    ENGLISH, GERMAN, FRENCH, SPANISH, PORTUGUESE, ITALIAN, DUTCH, SWEDISH, DANISH, NORWEGIAN, FINNISH, POLISH, CZECH,
    RUSSIAN, TURKISH, JAPANESE, CHINESE,
)  # fmt: skip
_MAX_CLAUSES = 200
_NEAR = 5
"""Words between a "not" and what it turns round."""

_NOT = re.compile(
    r"\b(?:(is|are|was|were|do|does|did|has|have|had|could|would|should)n'?t|(ca)n'?t|(wo)n'?t|cannot)\b"
)
_IS = re.compile(r"\b(it|that|there|this|what|everything|nothing)'s\b")
_YES = re.compile("\\bs[íì]\\b")
WORD = re.compile(r"[\w'-]+")


def clauses_of(own: str) -> list[tuple[str, bool]]:
    """Clause by clause, and whether it ends in a question mark: "is it really fixed?" says nothing of the kind."""
    pieces = _splitter().split(own)
    ends = [*pieces[1::2], ""]
    found = [(clause.strip(), end in ("?", "？")) for clause, end in zip(pieces[::2], ends, strict=True)]
    return [one for one in found if one[0]][:_MAX_CLAUSES]


def prepared(text: str) -> str:
    """Own words with contractions spelt out. "Sí" is yes and "si" is if: told apart before the accents go."""
    own = own_words(_YES.sub("yes", text[:40_000].casefold()))
    return _IS.sub(r"\1 is", _NOT.sub(_spelt_out, own))


def _spelt_out(contraction: re.Match[str]) -> str:
    verb, can, will = contraction.groups()
    return f"{verb} not" if verb else "will not" if will else "can not" if can or not verb else ""


def folded_phrase(phrase: str) -> str:
    """The phrase as answers are compared: folded, and with "not" spelt out of every contraction."""
    return _NOT.sub(_spelt_out, folded(phrase))


def recovers(clause: str, language: LanguageGrammar) -> bool:
    """Whether the folded clause says, in that language, that it works again."""
    if language.recovered.search(clause):
        return True
    return bool(
        language.works.search(clause)
        and not language.negators.search(clause)
        and not language.conditions.search(clause)
    )


@dataclass(frozen=True, slots=True)
class LanguageGrammar:
    """A language, ready to look for."""

    negators: re.Pattern[str]
    works: re.Pattern[str]
    fails: re.Pattern[str]
    still: re.Pattern[str]
    again: re.Pattern[str]
    returns: re.Pattern[str]
    others: re.Pattern[str]
    unchanged: re.Pattern[str]
    recovered: re.Pattern[str]
    thanks: re.Pattern[str]
    conditions: re.Pattern[str]
    past: re.Pattern[str]
    same_thing: re.Pattern[str]
    not_working: re.Pattern[str]
    failing: re.Pattern[str]
    not_able: re.Pattern[str]
    no_fault: re.Pattern[str]
    only_still_not: re.Pattern[str]

    def complaint(self, clause: str) -> tuple[str | None, bool]:
        """The words of a complaint in this clause, and whether it is a strong one."""
        still = self.still.search(clause)
        goes_on = still or self.again.search(clause)
        found = self._complaint(clause, is_on=bool(goes_on))
        if found is None or self.conditions.search(clause[: found.start()]):
            return None, False
        words = found.group().strip()
        if goes_on is not None and goes_on.group() not in words:
            words = f"{goes_on.group()} … {words}"
        return words, goes_on is not None and self.past.search(clause) is None

    def _complaint(self, clause: str, *, is_on: bool) -> re.Match[str] | None:
        for pattern in (self.unchanged, self.not_working, self.same_thing, self.returns, self.failing):
            found = pattern.search(clause)
            is_somebody_elses = pattern is self.returns and self.others.search(clause) is not None
            if found is not None and not is_somebody_elses and not self._is_turned(clause, found):
                return found
        return self._with_still(clause) if is_on else None

    def _with_still(self, clause: str) -> re.Match[str] | None:
        """What is a complaint only because it goes on or came back."""
        found = self.only_still_not.fullmatch(clause) or self.not_able.search(clause)
        if found is not None:
            return found
        fails = self.fails.search(clause)
        is_over = self.no_fault.search(clause) or self.recovered.search(clause)
        is_solved = (
            self.works.search(clause) and not self.negators.search(clause) and not self.still.search(clause)
        )
        return None if fails is None or is_over or is_solved else fails

    def _is_turned(self, clause: str, found: re.Match[str]) -> bool:
        """ "No longer the same problem", "not broken again": a "not" shortly before what has none in it."""
        if self.negators.search(found.group()):
            return False
        near = " ".join(WORD.findall(clause[: found.start()])[-4:])
        return self.negators.search(near) is not None or self.recovered.search(clause) is not None


@cache
def grammars() -> tuple[LanguageGrammar, ...]:
    """All languages, their patterns compiled at first use."""
    return tuple(_ready(language) for language in LANGUAGES)


def _ready(language: Language) -> LanguageGrammar:
    not_, works, fails = _any(language.negators), _any(language.works), _any(language.fails)
    deeds = _any([*language.works, *language.deeds])
    between = rf"(?:\W+[\w'-]+){{0,{_NEAR}}}?\W+"
    shortly = r"(?:\W+[\w'-]+){0,2}?\W+"
    either = [rf"{not_}{between}{deeds}"]
    able = [rf"{not_}{between}{_any(language.modals)}"]
    if not language.negated_first:
        either.append(rf"{deeds}{shortly}{not_}")
        able.append(rf"{_any(language.modals)}{between}{not_}")
    able.append(rf"{_any(language.modals)}{shortly}{not_}")
    fillers = _fillers_of(language)
    return LanguageGrammar(
        negators=_compiled(not_),
        works=_compiled(works),
        fails=_compiled(fails),
        still=_compiled(_any(language.still)),
        again=_compiled(_any(language.again)),
        returns=_compiled(_phrases(language.returns, fillers)),
        others=_compiled(_any(language.others)),
        unchanged=_compiled(_phrases(language.unchanged, fillers)),
        recovered=_compiled(_phrases(language.recovered, fillers)),
        thanks=_compiled(_phrases(language.thanks, fillers)),
        conditions=_compiled(_any(language.conditions)),
        past=_compiled(_any(language.past)),
        same_thing=_compiled(
            rf"{_any(language.same)}(?:\W+[\w'-]+){{0,2}}?\W+(?:{fails}|{_any(language.things)})"
        ),
        not_working=_compiled("|".join(either)),
        failing=_compiled(_phrases(language.failing, fillers)),
        not_able=_compiled("|".join(able)),
        no_fault=_compiled(rf"{not_}(?:\W+[\w'-]+){{0,2}}?\W+{fails}"),
        only_still_not=_compiled(
            rf"(?:[\w'-]+\W+){{0,2}}?{_any(language.still)}\W+(?:[\w'-]+\W+)??{not_}\W*"
        ),
    )


def _any(listed: Sequence[str]) -> str:
    """A regular expression for any of these words or phrases, whole ones. What has no blanks is looked for as it is."""
    if not listed:
        return r"(?!)"
    alternatives = sorted({_one(word) for word in listed}, key=len, reverse=True)
    return rf"(?:{'|'.join(alternatives)})"


def _one(word: str) -> str:
    if word == "*":
        return r"(?:[\w'-]+\W+){0,3}?[\w'-]+"
    plain = folded_phrase(word)
    stem = re.escape(plain.removesuffix("*"))
    return rf"\b{stem}\w*" if plain.endswith("*") else rf"\b{stem}\b"


def _phrases(listed: Sequence[str], fillers: str) -> str:
    if not listed:
        return r"(?!)"
    found = {_phrase_source(folded_phrase(phrase), fillers) for phrase in listed}
    return rf"(?:{'|'.join(sorted(found, key=len, reverse=True))})"


def _phrase_source(phrase: str, fillers: str) -> str:
    """The phrase with room for filler words between its words. One without blanks between words has no ends either."""
    if not _has_word_ends(phrase):
        return re.escape(phrase)
    gap = rf"(?:\W{{1,3}}{fillers}){{0,3}}\W{{1,3}}"
    return gap.join(_one(word) for word in phrase.split())


def _has_word_ends(phrase: str) -> bool:
    return not any("\u3040" <= letter <= "\u9fff" for letter in phrase)


def _fillers_of(language: Language) -> str:
    return _any(language.fillers)


@cache
def all_fillers() -> str:
    """A pattern's source for the words of any language that may stand between a phrase's own."""
    return _any([filler for language in LANGUAGES for filler in language.fillers])


@lru_cache(maxsize=2048)
def phrase_pattern(phrase: str, fillers: str) -> re.Pattern[str]:
    """The phrase as a pattern over folded text, with fillers allowed between its words."""
    return _compiled(_phrase_source(phrase, fillers))


@cache
def of_any_language(name: str) -> re.Pattern[str]:
    """The words that all languages list under this field of `Language`, as one pattern."""
    return _compiled(_any([word for language in LANGUAGES for word in getattr(language, name)]))


@cache
def machine_words() -> re.Pattern[str]:
    """What absence notices say, in any language."""
    listed = [phrase for language in LANGUAGES for phrase in language.away]
    return _compiled(_phrases(listed, r"(?!)"))


@cache
def _splitter() -> re.Pattern[str]:
    adversatives = _any([word for language in LANGUAGES for word in language.adversatives])
    return _compiled(rf"([.!?;,:\n()。！？、，；]|\s[-–—]\s|{adversatives})")


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
