"""A customer's own words, without the mail that they answer to."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.texts.own_words import LOOKED_AT, own_words

OURS = "the checkout is still broken"
ATTRIBUTIONS = [
    "On Mon, May 4, 2026 at 10:12 AM Shop Support <help@shop.example> wrote:",
    "On Mon, May 4, 2026 at 10:12 AM Shop Support\n<help@shop.example> wrote:",
    "On Mon, May 4, 2026 at 10:12 AM\nShop Support With A Long Name\n<help@shop.example> wrote:",
    "Am 04.05.2026 um 10:12 schrieb Shop Support <help@shop.example>:",
    "Am 04.05.2026 schrieb Shop Support:",
    "Le lun. 4 mai 2026 à 10:12, Boutique <aide@shop.example> a écrit :",
    "El lun, 4 may 2026 a las 10:12, Soporte (<ayuda@shop.example>) escribió:",
    "Em seg., 4 de mai. de 2026 às 10:12, Suporte <ajuda@shop.example> escreveu:",
    "Il giorno lun 4 mag 2026 alle ore 10:12 Assistenza <aiuto@shop.example> ha scritto:",
    "Op ma 4 mei 2026 om 10:12 schreef Support <hulp@shop.example>:",
    "Den mån 4 maj 2026 kl 10:12 skrev Support <hjalp@shop.example>:",
    "Den man. 4. maj 2026 kl. 10.12 skrev Support <hjaelp@shop.example>:",
    "man. 4. mai 2026 kl. 10:12 skrev Support <hjelp@shop.example>:",
    "ma 4. toukok. 2026 klo 10.12 Tuki (tuki@shop.example) kirjoitti:",
    "pon., 4 maj 2026 o 10:12 Pomoc <pomoc@shop.example> napisał(a):",
    "po 4. 5. 2026 v 10:12 odesílatel Podpora <podpora@shop.example> napsal:",
    "пн, 4 мая 2026 г. в 10:12, Поддержка <help@shop.example>:",
]
HEADERS = [
    "From: Support <help@shop.example>\nSent: Monday, May 4, 2026 10:12 AM\nTo: Ann\nSubject: RE: Checkout",
    "*From:* Support <help@shop.example>\n*Sent:* Monday, May 4, 2026 10:12 AM",
    "Von: Support\nGesendet: Montag, 4. Mai 2026 10:12\nAn: Ann\nBetreff: AW: Kasse",
    "De : Support\nEnvoyé : lundi 4 mai 2026 10:12\nÀ : Ann\nObjet : RE: Panier",
    "Fra: Support\nSendt: mandag 4. mai 2026 10:12\nTil: Ann\nEmne: SV: Kassen",
    "Från: Support\nSkickat: den 4 maj 2026 10:12\nTill: Ann\nÄmne: SV: Kassan",
    "Lähettäjä: Tuki\nLähetetty: 4. toukokuuta 2026\nVastaanottaja: Ann\nAihe: VS: Kassa",
    "Od: Pomoc\nWysłano: 4 maja 2026 10:12\nDo: Ann\nTemat: Re: Koszyk",
    "-----Original Message-----\nFrom: Support",
    "-------- Ursprüngliche Nachricht --------\nVon: Support",
    "________________________________\nFrom: Support",
    "##- Please type your reply above this line -##",
]


@pytest.mark.parametrize("begins", [*ATTRIBUTIONS, *HEADERS])
@pytest.mark.parametrize("mark", ["", "> "])
def test_the_mail_that_is_answered_is_not_the_customers(begins, mark):
    """Whatever language the mail program speaks, over one line or three, with marks or without."""
    assert own_words(f"Thanks a lot!\n\n{begins}\n\n{mark}{OURS}").strip() == "thanks a lot!"


def test_an_answer_below_or_between_the_quotation_is_heard():
    """Who quotes with marks may write anywhere."""
    text = f"On Mon, May 4, 2026 Support wrote:\n> {OURS}\nThat is right.\n> more of it\nAnd this."
    assert own_words(text).split("\n") == ["that is right.", "and this."]


@pytest.mark.parametrize(
    "text",
    [
        "My colleague wrote: it is still broken",
        "From: the login page I cannot go on",
        "On Monday I tried again. It is still broken.",
        "To: be honest, it fails",
        "I see this:\nError 500",
    ],
)
def test_a_customers_own_colon_begins_no_quotation(text):
    """Without a date, an address or a second header line it is just a sentence."""
    assert own_words(text).split("\n") == text.casefold().split("\n")


@pytest.mark.parametrize(
    "html",
    [
        f"<p>Thanks a lot!</p><blockquote>{OURS}</blockquote>",
        f"<div>Thanks a lot!</div><div class='gmail_quote'><div class='gmail_attr'>On Mon wrote:</div>{OURS}</div>",
        f"<div>Thanks a lot!</div><div id='divRplyFwdMsg'><b>Fra:</b> S</div><div>{OURS}</div>",
        f"<p>Thanks a lot!</p><div style='border-top:solid #E1E1E1 1.0pt'><b>From:</b> S</div><p>{OURS}</p>",
        f"<div>Thanks a lot!</div><div class='yahoo_quoted'>{OURS}</div>",
        f"<div>Thanks a lot!</div><div class='moz-cite-prefix'>x:</div><blockquote type='cite'>{OURS}</blockquote>",
        f"<style>p {{content: '{OURS}'}}</style><p>Thanks&nbsp;a lot!</p>",
        f"<div>Thanks a lot!</div><div>Le 4 mai 2026, Support &lt;a@b.example&gt; a écrit :</div><div>{OURS}</div>",
    ],
)
def test_markup_is_read_without_what_it_quotes(html):
    """Blockquotes, and what Gmail, Outlook, Yahoo and Thunderbird call the quoted mail."""
    assert own_words(html).strip() == "thanks a lot!"


def test_markup_keeps_the_customers_own_lines():
    """A block is a line, an inner element none."""
    assert own_words("<div>It <b>still</b> fails</div><p>for me<br>today</p>").split() == [
        "it", "still", "fails", "for", "me", "today",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "ends",
    [
        "-- \nAnn Lee\nnot working for free",
        "To unsubscribe from this list, write to us",
        "Newsletter abbestellen",
    ],
)
def test_signatures_and_footers_are_nobodys_words(ends):
    """They say the same in every mail."""
    assert own_words(f"Thanks a lot!\n{ends}").strip() == "thanks a lot!"


@given(st.text(max_size=500))
def test_any_text_has_own_words(text):
    """Whatever comes: no error, and never longer than what is read, but for letters that are written out."""
    assert len(own_words(text)) <= 20 * LOOKED_AT


@pytest.mark.parametrize(
    "unit",
    ["> ", "a:\n", "on 1 wrote ", "from: x\n", "<b>", "</b>", "<div class='x'>", "-- ", "__", "&amp;", "<"],
)
def test_long_answers_are_stripped_quickly(unit):
    """A megabyte costs no more than the part that is read."""
    began = time.process_time()
    own_words(unit * (1_000_000 // len(unit)))
    assert time.process_time() - began < 1
