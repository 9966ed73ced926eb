"""Customers' words on an incident's page. tests/real shows the same in a browser, on Prefect's real pages."""

from __future__ import annotations

import pytest

from tasks.pages.markdown import plain


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("cards are refused: 5 < 7 & so", "cards are refused: 5 &lt; 7 &amp; so"),
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("![i](http://x.example/i.png)", r"\!\[i\](http:<wbr>//x.example/i.png)"),
        ("see https://x.example", "see https:<wbr>//x.example"),
        ("ftp://x.example WWW.x.example", "ftp:<wbr>//x.example WWW<wbr>.x.example"),
        ("mail ada@x.example", "mail ada@<wbr>x.example"),
        ("a\nb\r\nc\rd\n\n# e", r"a<br>b<br>c<br>d<br><br>\# e"),
        (r"*a* _b_ `c` ~d~ |e| \# [f]", r"\*a\* \_b\_ \`c\` \~d\~ \|e\| \\\# \[f\]"),
        ("&lt;b&gt; &#60;b&#62;", r"&amp;lt;b&amp;gt; &amp;\#60;b&amp;\#62;"),
    ],
)
def test_plain(text: str, written: str) -> None:
    """Nothing that Markdown, HTML or the search for bare addresses could act on is left."""
    assert plain(text) == written
