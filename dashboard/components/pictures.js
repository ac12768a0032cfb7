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
    if (f.below.length) {
      const below = el('div', 'below');
      for (const small of f.below) {
        const part = el('figure');
        part.append(picture(small.picture, false), el('p', 'quiet', small.role));
        below.append(part);
      }
      figure.append(below);
    }
    row.append(figure);
  }
  root.replaceChildren(row);
  if (data.legend) root.append(legend(data.legend));
}
