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
