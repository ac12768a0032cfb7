"""Browser components made of pictures: heatmaps, lists to pick from, a grid of regions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboard.figures.heatmap import FAINT, Panel, data_url, marks
from dashboard.figures.palette import OPPOSITION, SUPPORT, signed

CSS = (
    """
* { box-sizing: border-box; }
:host, .root { font: inherit; color: var(--st-text-color); }
p { margin: 0; }
.pic { position: relative; display: block; aspect-ratio: 1; border-radius: .5rem;
  overflow: hidden; background: #fff; border: 1px solid var(--st-border-color); }
.pic img { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; }
.pic .base, .pic .map, .pic .mark { transition: filter .18s, opacity .18s; }
.pic.mapped .base { filter: grayscale(1); opacity: FAINT; }
.pic .map { opacity: var(--strength, .8); }
.pic .blocky { image-rendering: pixelated; }
.mark { position: absolute; transform: translate(-50%, -50%); padding: 0 .35rem;
  border-radius: .6rem; font-size: .75rem; line-height: 1.25rem; color: #1b1d22;
  background: rgba(255,255,255,.9); border: 2px solid; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.originals .mapped .base, .mapped:hover .base, .mapped:focus .base { filter: none; opacity: 1; }
.originals .map, .originals .mark, .mapped:hover .map, .mapped:hover .mark,
.mapped:focus .map, .mapped:focus .mark { opacity: 0; }
:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
.quiet { opacity: .72; font-size: .85rem; line-height: 1.35; }
.legend { display: flex; align-items: center; gap: .5rem; margin-top: .6rem;
  font-size: .85rem; font-variant-numeric: tabular-nums; flex-wrap: wrap; }
.legend i { flex: 0 1 11rem; min-width: 5rem; height: .7rem; border-radius: .35rem;
  border: 1px solid var(--st-border-color);
  background: linear-gradient(90deg, OPPOSITION, #fff, SUPPORT); }
""".replace("OPPOSITION", OPPOSITION)
    .replace("SUPPORT", SUPPORT)
    .replace("FAINT", str(FAINT))
)

COMMON_JS = """
const el = (tag, name, text) => {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
};
const picture = (p, reachable) => {
  const box = el('span', 'pic' + (p.map ? ' mapped' : ''));
  const img = (src, name, alt) => {
    const made = el('img', name); made.src = src; made.alt = alt; made.draggable = false;
    box.append(made);
  };
  img(p.src, 'base', p.alt);
  if (p.map) img(p.map, p.blocky ? 'map blocky' : 'map', '');
  for (const m of p.marks || []) {
    const mark = el('span', 'mark', m.text);
    mark.style.cssText = `left:${Math.min(88, Math.max(12, 100 * m.across))}%;` +
      `top:${Math.min(94, Math.max(6, 100 * m.down))}%;border-color:${m.colour}`;
    mark.setAttribute('aria-hidden', 'true');
    box.append(mark);
  }
  if (reachable && p.map) { box.tabIndex = 0; box.setAttribute('role', 'group'); }
  return box;
};
const legend = (l) => {
  const made = el('div', 'legend');
  const bar = el('i'); bar.setAttribute('role', 'img');
  bar.setAttribute('aria-label', 'Colours from cool, lowers the score, to warm, raises it');
  made.append(el('span', '', 'lowers ' + l.low), bar, el('span', '', 'raises ' + l.high));
  return made;
};
const look = (root, data) => {
  root.style.setProperty('--strength', data.strength);
  root.classList.toggle('originals', Boolean(data.originals));
};
const rebuilt = (root, made) => {
  const text = JSON.stringify(made);
  if (root.made === text) return false;
  root.made = text;
  return true;
};
"""

_PICTURES_JS = (
    COMMON_JS
    + """
export default function({ data, parentElement }) {
  const root = parentElement.querySelector('.root');
  look(root, data);
  if (!rebuilt(root, [data.figures, data.legend])) return;
  const row = el('div', 'row');
  for (const f of data.figures) {
    const figure = el('figure');
    const caption = el('figcaption');
    caption.append(el('p', 'role', f.role), el('p', 'title', f.title));
    figure.append(caption, picture(f.picture, true), el('p', 'quiet', f.note));
    row.append(figure);
  }
  root.replaceChildren(row);
  if (data.legend) root.append(legend(data.legend));
}
"""
)
_PICTURES_CSS = (
    CSS
    + """
.row { display: flex; gap: 1rem; flex-wrap: wrap; align-items: flex-end; }
figure { margin: 0; flex: 1 1 0; min-width: min(9.5rem, 44%); }
figcaption { margin-bottom: .4rem; }
.role { font-size: .8rem; opacity: .72; }
.title { font-weight: 600; line-height: 1.3; overflow: hidden; text-overflow: ellipsis;
  display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; }
figure > .quiet { margin-top: .35rem; }
"""
)

_BUTTONS_JS = (
    COMMON_JS
    + """
export default function({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.root');
  look(root, data);
  const show = () => {
    for (const b of root.querySelectorAll('button'))
      b.setAttribute('aria-pressed', String(b.dataset.id === data.selected));
  };
  if (rebuilt(root, [data.items, data.layout, data.more])) {
    const inside = root.getRootNode().activeElement;
    const focused = inside && inside.dataset ? inside.dataset.id : null;
    const at = root.firstChild ? root.firstChild.scrollLeft : 0;
    const list = el('div', data.layout);
    list.setAttribute('role', 'group');
    list.setAttribute('aria-label', data.label);
    for (const item of data.items) {
      const button = el(data.fixed ? 'div' : 'button', 'item');
      button.dataset.id = item.id;
      if (!data.fixed) { button.type = 'button'; button.title = item.title; }
      const pair = el('span', 'pair');
      for (const p of item.pictures) pair.append(picture(p, false));
      const words = el('span', 'words');
      if (data.layout === 'list') {
        words.append(el('span', 'name', item.title));
        for (const line of item.lines) words.append(el('span', 'quiet', line));
      }
      button.append(pair, words);
      list.append(button);
    }
    if (data.more) list.append(el('p', 'more quiet', data.more));
    root.replaceChildren(list);
    list.scrollLeft = at;
    if (focused) for (const b of list.children) if (b.dataset.id === focused) b.focus();
  }
  for (const b of root.querySelectorAll('button'))
    b.onclick = () => setTriggerValue('picked', b.dataset.id);
  show();
  const buttons = [...root.querySelectorAll('.strip button')];  // one stop of Tab, then arrows
  const reach = (at) => buttons.forEach((b, i) => { b.tabIndex = i === at ? 0 : -1; });
  reach(Math.max(0, buttons.findIndex((b) => b.dataset.id === data.selected)));
  root.onkeydown = (e) => {
    const at = buttons.indexOf(root.getRootNode().activeElement);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: buttons.length - 1 }[e.key];
    if (at < 0 || !buttons[to]) return;
    e.preventDefault();
    reach(to);
    buttons[to].focus();
  };
  const list = root.firstChild;
  const centre = () => {
    const chosen = root.querySelector('.strip [aria-pressed=true]');
    if (!chosen || !list.clientWidth || root.seen === data.selected) return;
    list.scrollLeft = chosen.offsetLeft - list.clientWidth / 2 + 40;
    root.seen = data.selected;
  };
  const sized = new ResizeObserver(centre);
  sized.observe(list);
  return () => sized.disconnect();
}
"""
)
_BUTTONS_CSS = (
    CSS
    + """
.item { font: inherit; color: inherit; background: transparent; text-align: left; padding: 0;
  border: 0; border-radius: .6rem; display: block; }
button.item { cursor: pointer; }
.strip { display: flex; gap: .45rem; overflow-x: auto; padding: .25rem .25rem .5rem;
  scrollbar-width: thin; position: relative; }
.strip .item { flex: 0 0 4.6rem; }
.more { align-self: center; flex: 0 0 9rem; padding-left: .4rem; }
.strip .pic { width: 4.6rem; }
.strip [aria-pressed=true] .pic { outline: 3px solid var(--st-primary-color);
  outline-offset: 1px; }
.strip .item:hover .pic { border-color: var(--st-primary-color); }
.list { display: flex; flex-direction: column; gap: .6rem; padding: .2rem; }
.list .item { display: flex; gap: .75rem; align-items: center; width: 100%; padding: .5rem;
  border: 1px solid var(--st-border-color); }
.list button.item:hover { border-color: var(--st-primary-color); }
.list [aria-pressed=true] { border-color: var(--st-primary-color);
  box-shadow: inset 0 0 0 1px var(--st-primary-color);
  background: var(--st-secondary-background-color); }
.list .pair { display: flex; gap: .35rem; flex: none; }
.list .pic { width: 5.6rem; }
.words { min-width: 0; display: flex; flex-direction: column; gap: .1rem; }
.name { font-weight: 600; line-height: 1.3; }
.strip .words { display: none; }
@media (max-width: 640px) { .list .pic { width: 4.3rem; } }
"""
)

_LEAVE_JS = """
export default function({ parentElement, setTriggerValue }) {
  const leave = () => setTriggerValue('left', true);
  const pressed = (e) => { if (e.key === 'Escape') leave(); };
  parentElement.querySelector('button').onclick = leave;
  document.addEventListener('keydown', pressed);
  return () => document.removeEventListener('keydown', pressed);
}
"""
_LEAVE_CSS = """
button { font: inherit; font-size: .9rem; cursor: pointer; padding: .35rem .75rem;
  color: var(--st-text-color); background: transparent;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius); }
button:hover, button:focus-visible { border-color: var(--st-primary-color); }
kbd { font: inherit; opacity: .7; }
"""

ROOT = '<div class="root"></div>'
_pictures = st.components.v2.component(
    "relrec_pictures", html=ROOT, css=_PICTURES_CSS, js=_PICTURES_JS
)
_buttons = st.components.v2.component(
    "relrec_picture_buttons", html=ROOT, css=_BUTTONS_CSS, js=_BUTTONS_JS
)
_leave = st.components.v2.component(
    "relrec_leave",
    html='<button type="button">Leave the presentation <kbd>(Esc)</kbd></button>',
    css=_LEAVE_CSS,
    js=_LEAVE_JS,
)

Data = dict[str, Any]


@dataclass(frozen=True)
class Look:
    """How maps lie over pictures.

    Args:
        scale: relevance that gets the full colour.
        strength: opacity of the map, 0 to 1.
        originals: show the pictures without their maps.
    """

    scale: float
    strength: float = 0.8
    originals: bool = False


@dataclass(frozen=True)
class Item:
    """Something to pick: its id, what it is called, its pictures, and lines of text."""

    id: str
    title: str
    pictures: Sequence[Data]
    lines: Sequence[str] = ()


def plain_picture(address: str, alt: str) -> Data:
    """A picture without a map."""
    return {"src": address, "alt": alt}


def mapped(panel: Panel, scale: float, *, address: str = "", numbers: bool = False) -> Data:
    """A picture under its map; `address` spares encoding a picture that is encoded already."""
    return {
        "src": address or data_url(panel.picture),
        "map": data_url(panel.overlay(scale)),
        "blocky": panel.blocky,
        "alt": panel.in_words(),
        "marks": [
            {
                "across": m.across,
                "down": m.down,
                "text": signed(m.relevance),
                "colour": SUPPORT if m.relevance > 0 else OPPOSITION,
            }
            for m in (marks(panel) if numbers else ())
        ],
    }


def figure(picture: Data, role: str, title: str, note: str = "") -> Data:
    """A picture with its caption."""
    return {"picture": picture, "role": role, "title": title, "note": note}


def pictures(figures: Sequence[Data], look: Look, *, key: str, with_legend: bool = True) -> None:
    """Pictures side by side; pointing at one, or reaching it with Tab, shows its original."""
    ends = {"low": signed(-look.scale), "high": signed(look.scale)}
    data = {"figures": list(figures), "legend": ends if with_legend else None, **styled(look)}
    _pictures(key=key, data=data)


def picture_buttons(
    items: Sequence[Item],
    selected: str | None,
    look: Look,
    *,
    key: str,
    label: str,
    layout: str,
    more: str = "",
    on_picked: Callable[[str], None] | None = None,
) -> None:
    """A `strip` or a `list` of pictures to pick one from, and words after them.

    Without `on_picked` there is nothing to pick.
    """

    def heard() -> None:
        picked = st.session_state[key].picked
        if on_picked is not None and picked is not None:
            on_picked(str(picked))

    data = {
        "items": [
            {"id": i.id, "title": i.title, "pictures": list(i.pictures), "lines": list(i.lines)}
            for i in items
        ],
        "selected": selected,
        "label": label,
        "layout": layout,
        "more": more,
        "fixed": on_picked is None,
        **styled(look),
    }
    _buttons(key=key, data=data, on_picked_change=heard)


def leave_button(*, key: str, on_left: Callable[[], None]) -> None:
    """The way out of the presentation, also by the Escape key."""
    _leave(key=key, on_left_change=on_left)


def styled(look: Look) -> Data:
    return {"strength": look.strength, "originals": look.originals}
