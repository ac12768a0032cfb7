const OPENS = 'g.sankey-node, path.sankey-link';
export default function({ data, setTriggerValue }) {
  const box = document.querySelector(`.st-key-${data.container}`);
  if (!box) return;
  const themed = (target) => {
    const part = target.closest?.(OPENS), plot = target.closest?.('.js-plotly-plot');
    const themes = plot?.layout?.meta?.themes, of = part?.__data__;
    if (!themes || !of) return '';
    if (of.node) return themes[of.node.pointNumber];
    return themes[of.link.target.pointNumber] || themes[of.link.source.pointNumber];
  };
  const clicked = (event) => {
    const theme = themed(event.target);
    if (theme) setTriggerValue('clicked', theme);
  };
  const over = (event) => {
    if (event.target.closest?.(OPENS)) event.target.style.cursor = themed(event.target) ? 'pointer' : '';
  };
  box.addEventListener('click', clicked);
  box.addEventListener('mouseover', over);
  return () => {
    box.removeEventListener('click', clicked);
    box.removeEventListener('mouseover', over);
  };
}
