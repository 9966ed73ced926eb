"""Signatures: what is signed verifies; wrong, stale and hostile deliveries are a clean `Forged`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.kit.webhooks import signatures as sig
from incidents.errors import Forged
from tests.connectors.kit.schemes import BODY, NOW, OTHER, SCHEMES, SECRET, unix

every_scheme = pytest.mark.parametrize("scheme", SCHEMES.values(), ids=list(SCHEMES))
timed_schemes = pytest.mark.parametrize(
    "scheme", [s for s in SCHEMES.values() if s.is_timed], ids=[n for n, s in SCHEMES.items() if s.is_timed]
)


@every_scheme
def test_what_is_signed_verifies(scheme):
    """A sender's signature is accepted by the receiver with the same secret."""
    scheme.verify(BODY, scheme.sign(BODY, SECRET, NOW), [SECRET], NOW)


@every_scheme
def test_empty_body_verifies(scheme):
    """Zendesk and others may send no body at all."""
    scheme.verify(b"", scheme.sign(b"", SECRET, NOW), [SECRET], NOW)


@every_scheme
@pytest.mark.parametrize("secrets", [[SECRET, OTHER], [OTHER, SECRET]])
def test_rotation(scheme, secrets):
    """During a rotation either live secret is accepted, in any order."""
    scheme.verify(BODY, scheme.sign(BODY, SECRET, NOW), secrets, NOW)


@every_scheme
def test_wrong_secret(scheme):
    """Another secret's signature proves a forgery."""
    with pytest.raises(Forged) as caught:
        scheme.verify(BODY, scheme.sign(BODY, OTHER, NOW), [SECRET], NOW)
    assert caught.value.reason == "signature"


@pytest.mark.parametrize(
    "scheme",
    [s for s in SCHEMES.values() if s.signs_body],
    ids=[n for n, s in SCHEMES.items() if s.signs_body],
)
def test_changed_body(scheme):
    """One byte more and the delivery is refused."""
    with pytest.raises(Forged):
        scheme.verify(BODY + b" ", scheme.sign(BODY, SECRET, NOW), [SECRET], NOW)


@every_scheme
def test_any_header_missing_or_cut(scheme):
    """Each header is needed, and needed whole."""
    signed = scheme.sign(BODY, SECRET, NOW)
    for name, value in signed.items():
        for bad in (None, "", value[:-1], value[1:], value + "x"):
            with pytest.raises(Forged):
                scheme.verify(BODY, {**signed, name: bad}, [SECRET], NOW)


@every_scheme
@pytest.mark.parametrize(
    "hostile",
    ["é" * 20, "\ud800", "a" * 65536, "v1,=", "v1,====", "t=nan,v1=", "=", ",", ",,,", " ", "\x00",
     "9" * 5000, "NaN", "1e400", "-1", "٣٣٣", "²", "+1", "1_0", "99999999999", "9999-99-99T99:99:99Z",
     "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "Basic", "Bearer ", "HMAC "],
    ids=lambda text: repr(text[:12]),
)  # fmt: skip
def test_hostile_header(scheme, hostile):
    """Any header's nonsense is a reject, never a crash."""
    signed = scheme.sign(BODY, SECRET, NOW)
    for name in signed:
        with pytest.raises(Forged):
            scheme.verify(BODY, {**signed, name: hostile}, [SECRET], NOW)


@every_scheme
@settings(deadline=None)  # the machine may be busy
@given(data=st.data(), body=st.binary(max_size=200))
def test_random_headers(scheme, data, body):
    """Whatever comes in random headers and bodies, only `Forged` comes out."""
    names = list(scheme.sign(BODY, SECRET, NOW))
    junk = st.one_of(st.none(), st.text(st.characters(exclude_categories=()), max_size=50))
    headers = {name: data.draw(junk) for name in names}
    with pytest.raises(Forged):
        scheme.verify(body, headers, [SECRET], NOW)


@timed_schemes
@pytest.mark.parametrize("seconds", [-301, 301, -86_400 * 30])
def test_stale_and_future(scheme, seconds):
    """A genuine signature outside five minutes is refused for its time, and says so."""
    signed = scheme.sign(BODY, SECRET, NOW + timedelta(seconds=seconds))
    with pytest.raises(Forged) as caught:
        scheme.verify(BODY, signed, [SECRET], NOW)
    assert caught.value.reason == "timestamp"


@timed_schemes
@pytest.mark.parametrize("seconds", [-300, 300])
def test_edge_of_the_window(scheme, seconds):
    """Five minutes exactly is still in time, either way."""
    scheme.verify(BODY, scheme.sign(BODY, SECRET, NOW + timedelta(seconds=seconds)), [SECRET], NOW)


@timed_schemes
def test_forged_old_delivery_is_a_wrong_signature(scheme):
    """Nobody can raise the "check your clock" alarm without knowing the secret."""
    with pytest.raises(Forged) as caught:
        scheme.verify(BODY, scheme.sign(BODY, OTHER, NOW - timedelta(hours=1)), [SECRET], NOW)
    assert caught.value.reason == "signature"


@every_scheme
@pytest.mark.parametrize("secrets", [[], [b""], [SECRET, b""]])
def test_verification_is_never_skipped(scheme, secrets):
    """An unset secret is our fault, not the sender's: no `Forged`, and nothing passes."""
    with pytest.raises(ValueError, match="never skipped"):
        scheme.verify(BODY, scheme.sign(BODY, SECRET, NOW), secrets, NOW)


def test_pagerduty_list_of_signatures():
    """While a secret rotates PagerDuty sends two signatures in one header; either may match."""
    good, old = (sig.sign_hex_hmac(BODY, key, prefix="v1=") for key in (SECRET, OTHER))
    sig.verify_hex_hmac(BODY, f"{old},{good}", [SECRET], prefix="v1=")
    sig.verify_hex_hmac(BODY, f"{good}, {old}", [SECRET], prefix="v1=")


@pytest.mark.parametrize("prefix", ["", "v0=", "sha1=", "sha256", "SHA256="])
def test_another_prefix(prefix):
    """The right code under another name, or none, is not what the vendor sends."""
    code = sig.sign_hex_hmac(BODY, SECRET, prefix="")
    with pytest.raises(Forged):
        sig.verify_hex_hmac(BODY, prefix + code, [SECRET], prefix="sha256=")


def test_stripe_with_two_times():
    """Which of two times counts is nobody's guess."""
    header = sig.sign_stripe(BODY, SECRET, timestamp=unix(NOW))
    with pytest.raises(Forged) as caught:
        sig.verify_stripe(BODY, f"{header},t=1", [SECRET], now=NOW)
    assert caught.value.reason == "header"


def test_standard_webhooks_list_of_signatures():
    """Standard Webhooks part several signatures by blanks; ed25519's `v1a` neither helps nor harms."""
    stamp = unix(NOW)
    good, old = (sig.sign_standard_webhook(BODY, k, id="m", timestamp=stamp) for k in (SECRET, OTHER))
    for header in (f"{old} {good}", f"v1a,abcd {good}"):
        sig.verify_standard_webhook(
            BODY, id="m", timestamp=stamp, signature=header, secrets=[SECRET], now=NOW
        )


def test_bytes_cannot_move_between_id_and_time():
    """An id with a dot is refused: its parts could be read as id, time and body of another message."""
    stamp = unix(NOW)
    signature = sig.sign_standard_webhook(BODY, SECRET, id="a.1", timestamp=stamp)
    with pytest.raises(Forged):
        sig.verify_standard_webhook(
            BODY, id="a.1", timestamp=stamp, signature=signature, secrets=[SECRET], now=NOW
        )


def test_upper_case_hex_is_the_same_signature():
    """Some senders write hex in capitals."""
    value = sig.sign_hex_hmac(BODY, SECRET, prefix="sha256=").removeprefix("sha256=").upper()
    sig.verify_hex_hmac(BODY, "sha256=" + value, [SECRET], prefix="sha256=")


def test_broken_whsec_secret_is_named():
    """A `whsec_` secret that no base64 can be is our misconfiguration and says its cure."""
    for broken in (b"whsec_abcde", b"whsec_abcd efg"):
        with pytest.raises(ValueError, match="copy it again"):
            sig.sign_standard_webhook(BODY, broken, id="m", timestamp="1")


def test_whsec_secret_without_padding():
    """The closing `=` may be missing: the reference libraries add it, so vendors may leave it out."""
    bare, padded = (
        sig.sign_standard_webhook(BODY, secret, id="m", timestamp="1")
        for secret in (b"whsec_a2V5cw", b"whsec_a2V5cw==")
    )
    assert bare == padded


def test_one_header():
    """Names match in any case; a repeated header is refused, whatever the case of its twin."""
    assert sig.one_header([("X-Sig", "a"), ("Other", "b")], "x-sig") == "a"
    assert sig.one_header([("Other", "b")], "x-sig") is None
    with pytest.raises(Forged) as caught:
        sig.one_header([("X-Sig", "a"), ("x-sig", "a")], "X-SIG")
    assert caught.value.reason == "header"
