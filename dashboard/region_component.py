"""A picture under a grid of regions that can be switched on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard.figures.heatmap import FAINT
from dashboard.picture_components import COMMON_JS, CSS, ROOT, Data, Look, styled

_REGIONS_JS = (
    COMMON_JS
    + """
export default function({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.root');
  look(root, data);
  const n = data.cells;
  root.chosen = new Set(data.selected);
  const name = (i) => `Row ${Math.floor(i / n) + 1}, column ${i % n + 1}`;
  if (rebuilt(root, [data.picture, n, data.label, data.role, data.title])) {
    const inside = root.getRootNode().activeElement;
    const focused = inside && inside.dataset ? inside.dataset.at : null;
    const box = picture(data.picture, false);
    const grid = el('div', 'grid');
    grid.style.gridTemplate = `repeat(${n}, 1fr) / repeat(${n}, 1fr)`;
    grid.setAttribute('role', 'group');
    grid.setAttribute('aria-label', data.label);
    for (let i = 0; i < n * n; i++) {
      const b = el('button'); b.type = 'button'; b.dataset.at = i;
      b.tabIndex = i === 0 ? 0 : -1;
      grid.append(b);
    }
    box.classList.add('still');
    box.append(grid);
    const caption = el('div', 'caption');
    caption.append(el('p', 'role', data.role), el('p', 'title', data.title));
    root.replaceChildren(caption, box);
    if (focused !== null) { const b = grid.children[focused]; b.tabIndex = 0; b.focus(); }
  }
  const buttons = [...root.querySelectorAll('.grid button')];
  const show = () => buttons.forEach((b, i) => {
    b.setAttribute('aria-pressed', String(root.chosen.has(i)));
    b.setAttribute('aria-label', name(i));
  });
  const set = (i, on) => { on ? root.chosen.add(i) : root.chosen.delete(i); show(); };
  const send = () => setTriggerValue('chosen', [...root.chosen].sort((a, b) => a - b));
  const grid = root.querySelector('.grid');
  let painting = null;
  const finish = () => { if (painting !== null) { painting = null; send(); } };
  grid.onpointerdown = (e) => {
    const b = e.target.closest('button'); if (!b || e.button) return;
    if (b.hasPointerCapture(e.pointerId)) b.releasePointerCapture(e.pointerId);
    painting = !root.chosen.has(Number(b.dataset.at)); set(Number(b.dataset.at), painting);
  };
  grid.onpointerover = (e) => {
    const b = e.target.closest('button');
    if (b && painting !== null && e.buttons) set(Number(b.dataset.at), painting);
  };
  grid.onpointerup = finish;
  grid.onpointerleave = finish;
  grid.onpointercancel = finish;
  grid.onclick = (e) => {
    const b = e.target.closest('button');
    if (!b || e.detail) return;
    set(Number(b.dataset.at), !root.chosen.has(Number(b.dataset.at))); send();
  };
  grid.onkeydown = (e) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -n, ArrowDown: n }[e.key];
    const b = e.target.closest('button');
    if (!step || !b) return;
    e.preventDefault();
    const from = Number(b.dataset.at), to = from + step;
    const wraps = Math.abs(step) === 1 && Math.floor(to / n) !== Math.floor(from / n);
    if (to < 0 || to >= n * n || wraps) return;
    b.tabIndex = -1; buttons[to].tabIndex = 0; buttons[to].focus();
  };
  show();
}
"""
)
_REGIONS_CSS = (
    CSS
    + """
.caption { margin-bottom: .4rem; }
.role { font-size: .8rem; opacity: .72; }
.title { font-weight: 600; line-height: 1.3; }
.grid { position: absolute; inset: 0; display: grid; touch-action: manipulation; }
.grid button { background: transparent; border: 1px solid rgba(60,60,70,.16); padding: 0;
  cursor: pointer; border-radius: 0; }
.grid button:hover { background: rgba(95,79,168,.18); }
.grid button[aria-pressed=true] { box-shadow: inset 0 0 0 3px #5f4fa8;
  background: repeating-linear-gradient(45deg, rgba(95,79,168,.28) 0 4px, transparent 4px 8px); }
.grid button:focus-visible { outline-offset: -3px; }
.still.mapped:hover .base { filter: grayscale(1); opacity: FAINT; }
.still.mapped:hover .map { opacity: var(--strength, .8); }
""".replace("FAINT", str(FAINT))
)

_regions = st.components.v2.component("relrec_regions", html=ROOT, css=_REGIONS_CSS, js=_REGIONS_JS)


def region_grid(
    picture: Data,
    cells: int,
    selected: Sequence[int],
    look: Look,
    *,
    key: str,
    role: str,
    title: str,
    label: str,
    on_chosen: Callable[[list[int]], None],
) -> None:
    """A picture under a grid whose cells can be switched on by mouse, finger or keyboard."""

    def heard() -> None:
        chosen = st.session_state[key].chosen
        if chosen is not None:
            on_chosen([int(i) for i in chosen])

    data = {"picture": picture, "cells": cells, "selected": list(selected), "label": label}
    _regions(
        key=key,
        data={**data, "role": role, "title": title, **styled(look)},
        on_chosen_change=heard,
    )
