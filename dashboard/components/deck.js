const KEYS = '→ or space: next · ← back · L: live view · D: dark or light · F: full screen · '
  + 'Esc: leave';
const startDeck = (deck, { leave }) => {
  const slides = [...deck.querySelectorAll('.slide')], count = deck.querySelector('.count');
  const part = (name) => deck.querySelector(`nav .${name}`), keys = deck.querySelector('.keys');
  let at = 0, touched = null;
  keys.textContent = KEYS;
  const show = (place) => {
    at = Math.min(Math.max(place, 0), slides.length - 1);
    slides.forEach((slide, i) => slide.classList.toggle('shown', i === at));
    count.textContent = slides.length ? `${at + 1} / ${slides.length}` : '';
    part('live').hidden = !slides[at]?.dataset.link;
    part('back').ariaDisabled = at === 0;
    part('next').ariaDisabled = at >= slides.length - 1;
  };
  const live = () => {
    const link = slides[at]?.dataset.link;
    if (link) window.open(link, '_blank', 'noopener');
  };
  const theme = () => {
    deck.dataset.theme = deck.dataset.theme === 'dark' ? 'light' : 'dark';
  };
  const full = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen().catch(() => {});
  };
  const help = () => { keys.hidden = !keys.hidden; };
  const acts = {
    ArrowRight: () => show(at + 1), ArrowDown: () => show(at + 1), PageDown: () => show(at + 1),
    ArrowLeft: () => show(at - 1), ArrowUp: () => show(at - 1), PageUp: () => show(at - 1),
    Home: () => show(0), End: () => show(slides.length - 1),
    l: live, d: theme, f: full, '?': help, Escape: leave,
  };
  const pressed = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === 'Enter' && event.composedPath()[0].closest?.('button')) return;
    const act = key === ' ' || key === 'Enter' ? () => show(at + (event.shiftKey ? -1 : 1))
      : acts[key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  part('back').onclick = () => show(at - 1);
  part('next').onclick = () => show(at + 1);
  part('live').onclick = live;
  part('theme').onclick = theme;
  part('help').onclick = help;
  part('leave').onclick = leave;
  deck.ontouchstart = (event) => { touched = event.changedTouches[0].clientX; };
  deck.ontouchend = (event) => {
    const moved = event.changedTouches[0].clientX - touched;
    if (Math.abs(moved) > 60) show(at + (moved < 0 ? 1 : -1));
  };
  document.addEventListener('keydown', pressed, true);
  show(0);
  return () => document.removeEventListener('keydown', pressed, true);
};
