const dark = () => {
  const parts = getComputedStyle(document.querySelector('.stApp') || document.body)
    .backgroundColor.match(/[\d.]+/g).map(Number);
  return parts[0] + parts[1] + parts[2] < 384;
};
export default function({ data, parentElement }) {
  const button = parentElement.querySelector('button.present');
  const dialog = parentElement.querySelector('dialog');
  let stop = () => {};
  const closed = () => {
    stop();
    stop = () => {};
    dialog.replaceChildren();
    if (document.fullscreenElement) document.exitFullscreen();
    document.removeEventListener('fullscreenchange', changed);
    button.focus();
  };
  const leave = () => { if (dialog.open) dialog.close(); };
  const changed = () => { if (!document.fullscreenElement) leave(); };
  button.disabled = !data.slides;
  button.onclick = async () => {
    dialog.innerHTML = data.slides;
    const deck = dialog.querySelector('.deck');
    deck.dataset.theme = dark() ? 'dark' : 'light';
    deck.tabIndex = -1;
    dialog.showModal();
    deck.focus();
    stop = startDeck(deck, { leave });
    dialog.onclose = closed;
    try {
      await document.documentElement.requestFullscreen();
      document.addEventListener('fullscreenchange', changed);
    } catch { /* the window is filled all the same */ }
  };
  return () => { stop(); leave(); };
}
