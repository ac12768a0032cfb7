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
