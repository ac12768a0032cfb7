const SLIDE = { width: 1920, height: 1080, edge: 64, headline: 42, source: 19 };
const SCREEN = { edge: 20, headline: 19, source: 12 };
const TALL = 1.3;  // a chart less wide than this, for its height
const SVG = 'http://www.w3.org/2000/svg';
const made = (tag, attributes, text) => {
  const one = document.createElementNS(SVG, tag);
  for (const name in attributes) one.setAttribute(name, attributes[name]);
  if (text !== undefined) one.textContent = text;
  return one;
};
const chart = (plot) => {  // Plotly draws titles, names and legends in a layer of their own
  const at = plot.getBoundingClientRect();
  const whole = made('svg', { width: at.width, height: at.height });
  for (const layer of plot.querySelectorAll('svg.main-svg')) {
    const copy = layer.cloneNode(true), box = layer.getBoundingClientRect();
    const drawn = [...layer.querySelectorAll('text, tspan')];
    copy.querySelectorAll('text, tspan').forEach((text, i) => {
      text.style.fontSize = getComputedStyle(drawn[i]).fontSize;
    });
    copy.querySelectorAll('.hoverlayer > *').forEach((hint) => hint.remove());
    const place = { x: box.x - at.x, y: box.y - at.y, width: box.width, height: box.height };
    for (const name in place) copy.setAttribute(name, place[name]);
    whole.append(copy);
  }
  return whole;
};
const font = async () => {
  const family = getComputedStyle(document.body).fontFamily.split(',')[0].replaceAll('"', '');
  for (const sheet of document.styleSheets) for (const rule of sheet.cssRules) {
    if (!(rule instanceof CSSFontFaceRule) || rule.style.fontStyle === 'italic') continue;
    if (rule.style.fontFamily.replaceAll('"', '') !== family) continue;
    const source = rule.style.src.match(/url\("?([^")]+)"?\)/);
    if (!source) continue;
    const file = await (await fetch(new URL(source[1], sheet.href || document.baseURI))).blob();
    const address = await new Promise((found) => {
      const reader = new FileReader();
      reader.onload = () => found(reader.result);
      reader.readAsDataURL(file);
    });
    return `@font-face{font-family:"${family}";font-weight:200 900;src:url(${address})}`;
  }
  return '';
};
const lines = (text, size, weight, family, width) => {
  const pen = document.createElement('canvas').getContext('2d');
  pen.font = `${weight} ${size}px ${family}`;
  const found = [];
  for (const word of text.replaceAll(' %', '\u00a0%').split(/[ \n]+/)) {
    const longer = found.length ? `${found.at(-1)} ${word}` : word;
    if (found.length && pen.measureText(longer).width <= width) found[found.length - 1] = longer;
    else found.push(word);
  }
  return found;
};
const paragraph = (text, size, weight, look, width, top, opacity) => {
  const told = lines(text, size, weight, look.family, width), group = made('g', { opacity });
  told.forEach((line, i) => group.append(made('text', {
    x: 0, y: top + size * (1.3 * i + 1), 'font-size': size, 'font-weight': weight,
    fill: look.ink, 'font-family': look.family,
  }, line)));
  return [group, 1.3 * size * told.length];
};
const composed = (drawing, size, data, look, style) => {
  const [width, height] = [drawing.width.baseVal.value, drawing.height.baseVal.value];
  const { edge } = size, gap = size.headline * 0.6, inner = (size.width || width + 2 * edge) - 2 * edge;
  const beside = size.width && width / height < TALL;  // the words on the left of a tall chart
  const column = beside ? inner * 0.36 : inner;
  const [headline, above] = paragraph(data.headline, size.headline, 600, look, column, 0, 1);
  const [source, below] = paragraph(data.source, size.source, 400, look, column, 0, 0.75);
  const room = !size.height ? height :
    size.height - 2 * edge - (beside ? 0 : above + below + 2 * gap);
  const left = beside ? edge + column + 2 * gap : edge, free = edge + inner - left;
  const scale = Math.min(free / width, room / height);
  const top = beside ? edge : edge + above + gap;
  const foot = beside ? edge + room - below : top + room + gap;
  const put = { x: left + (free - scale * width) / 2, y: top + (room - scale * height) / 2,
    width: scale * width, height: scale * height, viewBox: `0 0 ${width} ${height}` };
  for (const name in put) drawing.setAttribute(name, put[name]);
  headline.setAttribute('transform', `translate(${edge} ${edge})`);
  source.setAttribute('transform', `translate(${edge} ${foot})`);
  const whole = made('svg', {
    xmlns: SVG, width: inner + 2 * edge, height: size.height || foot + below + edge,
  });
  const paper = made('rect', { width: '100%', height: '100%', fill: look.paper });
  whole.append(made('title', {}, data.headline), made('style', {}, style), paper);
  whole.append(headline, drawing, source);
  return whole;
};
const framed = (text, size) => {  // a drawing that has its words already
  const drawing = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
  if (!size.width) return drawing;
  const whole = made('svg', { xmlns: SVG, width: size.width, height: size.height });
  drawing.setAttribute('width', size.width);
  drawing.setAttribute('height', size.height);
  const paper = drawing.querySelector('rect').getAttribute('fill');
  whole.append(made('rect', { width: '100%', height: '100%', fill: paper }), drawing);
  return whole;
};
const painted = async (picture, scale) => {
  const image = new Image(), canvas = document.createElement('canvas');
  image.src = address(picture);
  await image.decode();
  canvas.width = Math.round(picture.width.baseVal.value * scale);
  canvas.height = Math.round(picture.height.baseVal.value * scale);
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/png');
};
const address = (picture) => 'data:image/svg+xml;charset=utf-8,' +
  encodeURIComponent(new XMLSerializer().serializeToString(picture));
export default function({ data, parentElement }) {
  const note = parentElement.querySelector('p');
  const picture = async (size) => {
    if (data.svg) return framed(data.svg, size);
    const plot = document.querySelector(`.st-key-${data.container} .js-plotly-plot`);
    if (!plot || !plot.querySelector('svg.main-svg')) return null;
    const shown = getComputedStyle(document.querySelector('.stApp') || document.body);
    const look = { paper: shown.backgroundColor, ink: shown.color,
      family: shown.fontFamily.replaceAll('"', "'") };
    return composed(chart(plot), size, data, look, await font());
  };
  const kinds = {
    slide: [SLIDE, 'png', (made) => painted(made, 1)],
    screen: [SCREEN, 'png', (made) => painted(made, 2)],
    vector: [SCREEN, 'svg', address],
  };
  for (const [name, [size, ending, file]] of Object.entries(kinds)) {
    parentElement.querySelector(`.${name}`).onclick = async () => {
      const found = await picture(size);
      note.textContent = found ? '' : 'There is no picture to save yet.';
      if (!found) return;
      const link = document.createElement('a');
      link.download = `${data.name}${name === 'slide' ? '-slide' : ''}.${ending}`;
      link.href = await file(found);
      link.click();
    };
  }
}
