"""Customers' answers, and whether they say that it is still not fixed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.policy.policy import Closure
from incidents.texts.still_broken import says_still_broken

BROKEN = [
    "not working",
    "Still not working.",
    "It's not working again",
    "It isn’t working for me",
    "Sorry but it doesnt work",
    "It does not seem to work yet.",
    "Thanks, but I still can't log in",
    "Thank you for the quick answer. Same error as before though!",
    "It works on my phone but still fails on the laptop",
    "Works now for search, however checkout is still broken",
    "The problem persists",
    "nothing works",
    "It was working again for an hour and then stopped working",
    "It is broken again :(",
    "Why is it still not fixed?",
    "The error is back",
    "I tried again and it didn't work",
    "No change here.",
    "Funktioniert leider immer noch nicht",
    "Es geht wieder nicht.",
    "Danke, aber der Fehler ist nicht behoben",
    "Immer noch kaputt!",
    "Ça ne marche toujours pas",
    "Bonjour, cela ne fonctionne plus. Merci",
    "J'ai toujours le même problème",
    "Sigue sin funcionar",
    "Todavía no funciona",
    "Sí sigue fallando",
    "no me funciona",
    "Het werkt nog steeds niet",
    "Nog steeds dezelfde fout, het werkt niet",
    "Ainda não funciona",
    "Continua com o mesmo erro",
    "Non funziona ancora",
    "ancora non va",
    "It's back.",
    "Same thing again today.",
    "Still unable to log in.",
    "Our basket crashes on every order",
    "Is it really fixed? I get an error.",
    "It failed again. Please call me, I am out of the office from noon.",
    "Det virker fremdeles ikke",
    "Felet är tillbaka",
    "Fejlen er kommet tilbage",
    "Ongelma ei ole ratkennut",
    "Problem powrócił",
    "Pořád to nefunguje",
    "До сих пор не работает",
    "Hâlâ çalışmıyor",
    "まだエラーが出ます",
    "还是无法付款",
    "STILL NOT WORKING\n\nOn Mon, Nov 22, 2026 Shop Support wrote:\n> the problem is fixed",
]

FINE = [
    "",
    "Thanks!",
    "thanks, works",
    "Working again, thank you",
    "It works again!",
    "It is no longer broken",
    "All good now. It was not working this morning but now it works.",
    "It wasn't working yesterday, works now",
    "I no longer have the same problem",
    "No more errors, resolved",
    "I'll tell you if it is still not working tomorrow",
    "Let me know whether it still fails for others",
    "I am still waiting for my refund",
    "When is my parcel coming?",
    "No problem, have a nice day",
    "Funktioniert wieder, danke!",
    "Es hat nicht funktioniert, jetzt geht es",
    "Super, läuft.",
    "Ich melde mich, wenn es noch nicht geht",
    "Ça marche de nouveau, merci",
    "C'est réglé, plus de problème",
    "Ya funciona, gracias",
    "Funciona de nuevo",
    "Het werkt weer, bedankt",
    "Opgelost!",
    "Já está resolvido, obrigado",
    "Ora funziona, grazie",
    "Risolto",
    "I am away until Monday. Sam, who is back on Thursday, reads my mail.",
    "Meine Nachricht wird weiterhin nicht gelesen, ich bin im Urlaub.",
    "Estoy de vacaciones y todavía no he vuelto.",
    "Automatic reply: Checkout is still broken",
    "Undelivered mail: your message could not be delivered, error 550",
    "How would you rate our help? The problem persists / It is solved",
    "Your ticket was closed. If the problem persists, answer this mail.",
    "Thank you for solving this problem again!",
    "Takk, nå fungerer det igjen",
    "Allt är som vanligt igen",
    "Todo ha vuelto a la normalidad",
    "It was failing again this morning. Works now.",
    "Thanks, works!\n\n> Subject: checkout not working\n> it is still broken",
    "Thanks!\n\nOn Mon, Nov 22, 2026 at 10:00 Ana <a@example.com> wrote:\nthe checkout is still not working",
    "Danke!\n\nAm 22.11.2026 schrieb Shop Support:\nes geht nicht",
    "Merci !\n\nLe 22 nov. 2026 à 10:00, Boutique a écrit :\nça ne marche pas",
    "Great\n-----Original Message-----\nFrom: Ana\nstill broken",
]

SCRAPS = [
    "it",
    "is",
    "not",
    "working",
    "again",
    "still",
    "error",
    ">",
    "On",
    "wrote:",
    "\n",
    "?",
    ",",
    "1",
    "@",
]


@pytest.mark.parametrize("text", BROKEN)
def test_hears_that_it_is_not_fixed(text):
    """Contractions, fillers, accents, second clauses and many languages."""
    assert says_still_broken(text) is not None


@pytest.mark.parametrize("text", FINE)
def test_does_not_hear_what_was_not_said(text):
    """Recovery, the past, conditions, quoted mail and other subjects reopen nothing."""
    assert says_still_broken(text) is None


def test_the_policy_brings_its_own_phrases():
    """They replace the built-in ones and are read with the same care."""
    closure = Closure(still_broken_phrases=["Nadal nie działa", "kaput"])
    assert closure.says_still_broken("NADAL  nie działa") == "Nadal nie działa"
    assert closure.says_still_broken("It is still not working") is None
    assert closure.says_still_broken("not kaput any more") is None
    assert Closure().says_still_broken("still not working") is not None


@pytest.mark.parametrize(
    "unit", ["not ", "not really ", "a.", "on ", "on wrote", "> ", "isn't ", " ", "\u0315\u0300"]
)
def test_long_answers_are_read_quickly(unit):
    """A megabyte costs no more than the part that is read."""
    began = time.process_time()
    says_still_broken(unit * (1_000_000 // len(unit)))
    assert time.process_time() - began < 2


@given(st.text(max_size=300) | st.lists(st.sampled_from(SCRAPS)).map(" ".join))
def test_any_text_is_read(text):
    """Whatever comes, the answer is some of its words or None."""
    found = says_still_broken(text)
    assert found is None or found
