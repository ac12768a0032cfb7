export default function({ parentElement, setTriggerValue }) {
  const leave = () => setTriggerValue('left', true);
  const pressed = (e) => { if (e.key === 'Escape') leave(); };
  parentElement.querySelector('button').onclick = leave;
  document.addEventListener('keydown', pressed);
  return () => document.removeEventListener('keydown', pressed);
}
