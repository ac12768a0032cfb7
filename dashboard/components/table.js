export default function({ data, parentElement }) {
  const [hint, frame, table] = ['p', '.frame', 'table'].map((n) => parentElement.querySelector(n));
  const row = (cells, first) => {
    const line = document.createElement('tr');
    cells.forEach((text, i) => {
      const cell = document.createElement(i && first === 'row' ? 'td' : 'th');
      if (!i || first === 'col') cell.scope = first;
      cell.textContent = text;
      line.append(cell);
    });
    return line;
  };
  table.tHead.replaceChildren(row(data.columns, 'col'));
  table.tBodies[0].replaceChildren(...data.rows.map((cells) => row(cells, 'row')));
  frame.setAttribute('aria-label', data.label);
  const fitted = () => {
    const wider = frame.scrollWidth > frame.clientWidth + 1;
    hint.hidden = !wider;
    if (wider) frame.tabIndex = 0; else frame.removeAttribute('tabindex');
  };
  const sized = new ResizeObserver(fitted);
  sized.observe(frame);
  return () => sized.disconnect();
}
