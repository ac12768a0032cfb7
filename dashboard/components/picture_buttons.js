export default function({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.root');
  look(root, data);
  const show = () => {
    for (const b of root.querySelectorAll('button'))
      b.setAttribute('aria-pressed', String(b.dataset.id === data.selected));
  };
  if (rebuilt(root, [data.items, data.layout])) {
    const inside = root.getRootNode().activeElement;
    const focused = inside && inside.dataset ? inside.dataset.id : null;
    const before = root.firstChild;
    const first = before && before.firstChild ? before.firstChild.dataset.id : null;
    const same = data.items.length > 0 && first === data.items[0].id;
    const at = same ? before.scrollLeft : 0;
    if (!same) root.seen = null;
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
      words.append(el('span', 'name', item.title));
      for (const line of item.lines) words.append(el('span', 'quiet', line));
      button.append(pair, words);
      list.append(button);
    }
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
