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
