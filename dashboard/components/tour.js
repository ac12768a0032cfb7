const OFF = 'relrec-tours-off';
const storage = navigator.cookieEnabled ? localStorage : null;  // where cookies are blocked, so is it
export default function({ data, parentElement }) {
  const section = parentElement.querySelector('section');
  const [opener, note, closer, off] =
    ['.opener', '.note', '.close', 'input'].map((part) => section.querySelector(part));
  const closed = `relrec-tour-closed-${data.page}`, kept = (key) => storage?.getItem(key);
  const show = (open) => { note.hidden = !open; opener.hidden = open; };
  const close = () => { storage?.setItem(closed, '1'); show(false); opener.focus(); };
  if (section.page !== data.page) {  // not at each rerun
    section.page = data.page;
    section.querySelector('ol').replaceChildren(...data.steps.map((step) => {
      const line = document.createElement('li');
      line.textContent = step;
      return line;
    }));
    off.checked = Boolean(kept(OFF));
    const beside = getComputedStyle(section).getPropertyValue('--beside') === 'yes';
    show(beside && !off.checked && !kept(closed));
  }
  opener.onclick = () => { show(true); closer.focus(); };
  closer.onclick = close;
  section.onkeydown = (e) => { if (e.key === 'Escape' && !note.hidden) close(); };
  off.onchange = () => {
    if (!off.checked) return storage?.removeItem(OFF);
    storage?.setItem(OFF, '1');
    close();
  };
}
