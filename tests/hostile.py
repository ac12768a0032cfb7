"""Texts that Markdown, LaTeX, Streamlit or a browser would make something of."""

from __future__ import annotations

LINKS = "![x]({address}x.png) [Sign in](http://evil.example) <img src={address}y.png> {address}z"
"""To be formatted with the address of a server that counts requests."""

TEXTS = (
    "M*A*S*H _x_ __y__ ~~x~~ `code`",
    "$uicideboy$ $x^2$ $$y$$",
    ":heart: :+1: :a:b: :streamlit:",
    ":red[boo] :small[x]{y=1} :help[x] ::a[b] :color[x]{foreground=red}",
    ":material/home: :material_home:",
    LINKS.format(address="http://127.0.0.1:9/"),
    "http://evil.example www.evil.example HTTPS://evil.example me@evil.example.",
    "<b>x</b> &lt;b&gt; &amp; <!-- c --> <http://evil.example>",
    "a -> b <- c -- d >= e <= f ~= g <-> h",
    "# head",
    "1. one",
    "- [x] item",
    "> quote",
    "| a | b |",
    "***",
    "```py",
    "[x]: http://evil.example",
    "ends in \\",
    "10:30:45 What?! (x) {y} 'z' \"w\" [^1]",
)


PAGES: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "overview": ({}, ("anything",)),
    "movies": ({}, ("viewer", "film", "without", "plus", "top", "shown", "who", "more", "judged")),
    "movies, someone new": (
        {"who": "Someone new", "gender": "M", "more": "Why not another movie?"},
        ("liked", "against", "film"),
    ),
    "movies, smallest change": (
        {"more": "Smallest change", "aim": "named"},
        ("film", "passing", "hidden", "by"),
    ),
    "movies, second model": (
        {"more": "Second model: which expert decided?"},
        ("judged", "judged_films"),
    ),
    "products": (
        {"aspect": "Why not another one?"},
        ("product", "relation", "user", "picked", "instead", "product_kind", "only", "rules"),
    ),
    "products, searched": ({}, ("product_search", "aspect", "detail", "reading", "present")),
    "products, regions": ({"aspect": "Which parts match?"}, ("regions", "erased")),
    "products, erased": ({"aspect": "What if a part were missing?"}, ("regions", "erased")),
    "products, planted": ({"aspect": "Known correct answer"}, ("methods",)),
    "sessions": ({}, ("session", "track", "turned", "data", "folder", "order", "look", "length")),
    "sessions, over many": ({"look": "Over many sessions"}, ("session", "full", "by_expert")),
    "sessions, a folder": ({"data": "folder"}, ("folder", "session", "track")),
    "evidence": ({}, ("evidence_wing", "claim", "anything")),
    "story": ({}, ("anything",)),
    "training": ({}, ("wing", "anything")),
}
"""A page and what of it is looked at: parameters as they should be, and hostile ones."""


def parameters(name: str, text: str) -> dict[str, str]:
    """The address's parameters of one of the `PAGES`, with this text in all hostile ones."""
    usual, hostile = PAGES[name]
    return {**dict.fromkeys(hostile, text), **usual}
