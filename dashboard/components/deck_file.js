{
  const deck = document.querySelector('.deck');
  if (matchMedia('(prefers-color-scheme: dark)').matches) deck.dataset.theme = 'dark';
  deck.querySelector('nav .leave').hidden = true;
  startDeck(deck, { leave: () => document.fullscreenElement && document.exitFullscreen() });
}
