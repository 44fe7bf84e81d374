// A wall display: all machines at once, in the largest letters with which they fit.
(() => {
  'use strict';
  const page = document.documentElement;
  const list = () => document.getElementById('dashboard');
  const smallest = 7, largest = 64; // pixels
  let shown = '';

  const fits = (size) => {
    page.style.fontSize = `${size}px`;
    return document.body.scrollHeight <= window.innerHeight;
  };

  function fit() {
    const now = `${list().children.length} ${window.innerWidth} ${window.innerHeight}`;
    if (now === shown) return;
    shown = now;
    page.style.setProperty('--tiles', 'visible'); // all of them are measured
    let from = smallest, to = largest;
    while (to - from > 0.5) {
      const middle = (from + to) / 2;
      if (fits(middle)) from = middle; else to = middle;
    }
    page.style.fontSize = `${from}px`;
  }

  window.addEventListener('resize', fit);
  document.addEventListener('htmx:after:swap', () => queueMicrotask(fit));
  fit();
})();
