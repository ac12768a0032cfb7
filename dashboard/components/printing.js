const charts = () => document.querySelectorAll('.js-plotly-plot .svg-container');
const scaled = () => {  // a chart was drawn for the screen; the sheet may be less wide
  for (const chart of charts()) {
    const { width, height } = chart.getBoundingClientRect();
    if (!width || !height) continue;
    chart.style.aspectRatio = `${width} / ${height}`;
    chart.style.setProperty('--drawn', `${width}px`);
    for (const layer of chart.querySelectorAll('.main-svg'))
      layer.setAttribute('viewBox', `0 0 ${width} ${height}`);
  }
};
const back = () => {
  for (const chart of charts()) {
    chart.style.aspectRatio = '';
    for (const layer of chart.querySelectorAll('.main-svg')) layer.removeAttribute('viewBox');
  }
};
export default function() {
  addEventListener('beforeprint', scaled);
  addEventListener('afterprint', back);
  return () => {
    removeEventListener('beforeprint', scaled);
    removeEventListener('afterprint', back);
  };
}
