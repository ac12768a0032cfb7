const saved = async (drawing, [width, height], colour, name) => {
  const image = new Image(), scale = 2;
  image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(drawing);
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = (width || image.naturalWidth) * scale;
  canvas.height = (height || image.naturalHeight) * scale;
  const pen = canvas.getContext('2d');
  pen.fillStyle = colour;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  const link = document.createElement('a');
  link.download = name;
  link.href = canvas.toDataURL('image/png');
  link.click();
};
export default function({ data, parentElement }) {
  const note = parentElement.querySelector('p');
  parentElement.querySelector('button').onclick = async () => {
    if (data.svg) return saved(data.svg, [], 'transparent', data.file_name);
    const chart = document.querySelector(`.st-key-${data.container} .js-plotly-plot svg.main-svg`);
    if (!chart) { note.textContent = 'There is no picture to save yet.'; return; }
    const box = chart.getBoundingClientRect();
    const copy = chart.cloneNode(true);
    copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    copy.setAttribute('width', box.width); copy.setAttribute('height', box.height);
    const app = document.querySelector('.stApp') || document.body;
    const colour = getComputedStyle(app).backgroundColor, size = [box.width, box.height];
    return saved(new XMLSerializer().serializeToString(copy), size, colour, data.file_name);
  };
}
