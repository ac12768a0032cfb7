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
  if (p.coloured) box.classList.add('coloured');
  if (p.map) img(p.map, p.blocky ? 'map blocky' : 'map', '');
  if (p.region) {
    const outline = el('span', 'outline'), percent = (share) => `${100 * share}%`;
    const { left, top, side } = p.region;
    Object.assign(outline.style, { left: percent(left), top: percent(top), width: percent(side) });
    box.append(outline);
  }
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
  bar.classList.toggle('warm', !l.low);
  bar.setAttribute('aria-label', l.low ? 'Colours from cool, lowers the score, to warm, raises it'
    : 'Colours from none to warm, raises the score');
  made.append(el('span', '', l.low ? 'lowers ' + l.low : '0'), bar,
    el('span', '', 'raises ' + l.high));
  return made;
};
const look = (root, data) => {
  for (const name in data.style) root.style.setProperty('--' + name, data.style[name]);
  root.classList.toggle('originals', Boolean(data.originals));
};
const rebuilt = (root, made) => {
  const text = JSON.stringify(made);
  if (root.made === text) return false;
  root.made = text;
  return true;
};
