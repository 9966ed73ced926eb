"""Great Expectations' page of a validation, made to stand alone.

As rendered, it loads styles, scripts and pictures from six hosts when it is opened. An installation without internet
would show it bare, and each host would learn the page's secret address. What it loads is taken out, with the buttons
that need it; what is left is text and tables under a stylesheet of our own.
"""

from __future__ import annotations

import re
from html import escape

_LOADED = re.compile(
    r"<script\b.*?</script\s*>"  # none of the page's own works without those that are loaded
    r"|<style\b.*?</style\s*>"
    r"|<link\b[^>]*>"
    r"|<img\b[^>]*>"
    r"|<footer\b.*?</footer\s*>"
    r"|<iframe\b.*?</iframe\s*>"
    r'|<nav class="navbar navbar-expand.*?</nav>\s*</div>\s*</nav>'  # leads to pages that there are not
    r'|<div class="card mb-3">\s*<div class="card-header p-2">\s*<strong>Actions</strong>.*?</label>\s*</div>\s*</div>'
    r"\s*</div>\s*</div>\s*</div>"
    r'|<a\b[^>]*href="https?:[^>]*>.*?</a\s*>',
    re.DOTALL | re.IGNORECASE,
)
_LEADS_NOWHERE = re.compile(
    r'<a\b[^>]*href="(?:\.\.|#[^"]*collapse)[^>]*>(.*?)</a\s*>', re.DOTALL | re.IGNORECASE
)
_TITLE = re.compile(r"<title>.*?</title>", re.DOTALL)
_STYLE = """
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
body { color: #1d2433; background: #fff; }
h4 { font-size: 1.4rem; margin: 0; }
h5 { font-size: 1.1rem; margin: 0; }
h6 { font-size: 1rem; margin: .8rem 0 0; }
nav ul { list-style: none; padding: 0; margin: 0 0 1rem; columns: 3; }
table { border-collapse: collapse; margin: .6rem 0; min-width: 24rem; }
td, th { border: 1px solid #c9cfda; padding: .35rem .6rem; text-align: left; vertical-align: top; }
.alert { background: #eef1f6; padding: .6rem .8rem; border-radius: 4px; }
.badge { background: #e3e7ee; border-radius: 3px; padding: 0 .3rem; }
.text-success::before { content: "\\2714 "; color: #1a7f37; }
.text-danger::before { content: "\\2718 "; color: #c62828; }
[hidden], thead[hidden] { display: none; }
@media (prefers-color-scheme: dark) {
  body { color: #e6e9f0; background: #171a21; }
  .alert, .badge { background: #262b36; }
  td, th { border-color: #3a4150; }
}
</style>
"""


def self_contained(page: str, *, title: str) -> str:
    """The page with nothing in it that a browser would load. `title` is plain words."""
    page = _LEADS_NOWHERE.sub(r"\1", _LOADED.sub("", page))
    page = _TITLE.sub("", page).replace("<head>", f"<head>\n<title>{escape(title)}</title>", 1)
    return page.replace("</head>", f"{_STYLE}</head>", 1)
