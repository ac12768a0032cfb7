"""Small browser components: save a chart as a picture, ask by voice, hear the answer."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

_BUTTON_CSS = """
button {
  width: 100%; padding: 0.45rem 0.75rem; font: inherit; cursor: pointer;
  color: var(--st-text-color); background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
}
button:hover, button:focus-visible {
  border-color: var(--st-primary-color); color: var(--st-primary-color);
}
button:disabled { opacity: 0.5; cursor: default; }
p { margin: 0.4rem 0 0; color: var(--st-text-color); opacity: 0.75; font-size: 0.9rem; }
"""

_PNG_JS = """
export default function({ data, parentElement }) {
  const button = parentElement.querySelector('button');
  const note = parentElement.querySelector('p');
  button.onclick = async () => {
    const chart = document.querySelector(`.st-key-${data.container} .js-plotly-plot svg.main-svg`);
    if (!chart) { note.textContent = 'There is no picture to save yet.'; return; }
    const box = chart.getBoundingClientRect(), scale = 2;
    const copy = chart.cloneNode(true);
    copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    copy.setAttribute('width', box.width); copy.setAttribute('height', box.height);
    const image = new Image();
    const text = new XMLSerializer().serializeToString(copy);
    image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(text);
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = box.width * scale; canvas.height = box.height * scale;
    const pen = canvas.getContext('2d');
    const app = document.querySelector('.stApp') || document.body;
    pen.fillStyle = getComputedStyle(app).backgroundColor;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    const link = document.createElement('a');
    link.download = data.file_name;
    link.href = canvas.toDataURL('image/png');
    link.click();
  };
}
"""

_SVG_JS = """
export default function({ data, parentElement }) {
  parentElement.querySelector('button').onclick = async () => {
    const image = new Image();
    image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(data.svg);
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = 2 * image.naturalWidth; canvas.height = 2 * image.naturalHeight;
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    const link = document.createElement('a');
    link.download = data.file_name;
    link.href = canvas.toDataURL('image/png');
    link.click();
  };
}
"""

_VOICE_JS = """
export default function({ data, parentElement, setTriggerValue }) {
  const ask = parentElement.querySelector('#ask');
  const say = parentElement.querySelector('#say');
  const note = parentElement.querySelector('p');
  const Recognition = window.SpeechRecognition || window.webkitSpeechRecognition;
  const speech = window.speechSynthesis;
  ask.disabled = !Recognition;
  say.disabled = !speech || !data.answer;
  if (!Recognition) note.textContent = 'This browser cannot listen; type the question instead.';
  const speak = () => {
    speech.cancel();
    speech.speak(new SpeechSynthesisUtterance(data.answer));
  };
  say.onclick = () => (speech.speaking ? speech.cancel() : speak());
  ask.onclick = () => {
    const listener = new Recognition();
    listener.lang = 'en-US';
    note.textContent = 'Listening …';
    listener.onresult = (e) => setTriggerValue('heard', e.results[0][0].transcript);
    listener.onerror = (e) => { note.textContent = 'Nothing was understood (' + e.error + ').'; };
    listener.onend = () => { if (note.textContent === 'Listening …') note.textContent = ''; };
    listener.start();
  };
  if (data.aloud && speech && parentElement.spoken !== data.answer) {
    parentElement.spoken = data.answer;
    speak();
  }
}
"""

_png = st.components.v2.component(
    "relrec_png",
    html='<button type="button">Picture (PNG)</button><p role="status"></p>',
    css=_BUTTON_CSS,
    js=_PNG_JS,
)
_svg = st.components.v2.component(
    "relrec_svg",
    html='<button type="button">Picture (PNG)</button>',
    css=_BUTTON_CSS,
    js=_SVG_JS,
)
_voice = st.components.v2.component(
    "relrec_voice",
    html=(
        '<div><button id="ask" type="button">Ask by voice</button>'
        '<button id="say" type="button">Read the answer aloud</button></div>'
        '<p role="status"></p>'
    ),
    css=_BUTTON_CSS + "div{display:flex;gap:.5rem;flex-wrap:wrap} button{width:auto}",
    js=_VOICE_JS,
)


def png_button(*, container: str, file_name: str) -> None:
    """Save the chart inside the container with this key as a picture, as it is on screen."""
    _png(key=f"{container}_png", data={"container": container, "file_name": file_name})


def svg_button(svg: str, *, key: str, file_name: str) -> None:
    """Save a drawing as a picture, at twice its size."""
    _svg(key=key, data={"svg": svg, "file_name": file_name})


def voice(*, key: str, answer: str, aloud: bool, on_heard: Callable[[str], None]) -> None:
    """Listen for a question and pass it to `on_heard`; read `answer`, at once if `aloud`."""

    def heard() -> None:
        on_heard(str(st.session_state[key].heard))

    _voice(key=key, data={"answer": answer, "aloud": aloud}, on_heard_change=heard)
