// The few things a page cannot do by itself: clocks that tick, the state of the
// connection, the filter, and buttons that call the Bare Metal API.
(() => {
  'use strict';
  const page = document.documentElement;
  const skew = Date.now() - Number(document.body.dataset.now);
  page.classList.add('js');

  // The server writes durations the same way (tile.go, elapsed).
  function elapsed(ms) {
    const s = Math.floor(ms / 1000);
    if (ms < 1000) return `${Math.max(0, Math.floor(ms))} ms`;
    if (s < 60) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, '0')} s`;
    return `${Math.floor(s / 3600)} h ${String(Math.floor(s / 60) % 60).padStart(2, '0')} min`;
  }

  function tick() {
    for (const e of document.querySelectorAll('[data-since]')) {
      e.textContent = elapsed(Date.now() - skew - Number(e.dataset.since));
    }
  }

  function localTimes() {
    const today = new Date().toDateString();
    for (const e of document.querySelectorAll('time[data-local]')) {
      const t = new Date(e.dateTime);
      e.textContent = t.toDateString() === today ? t.toLocaleTimeString() : t.toLocaleString();
      e.title = e.dateTime;
    }
  }

  function filter() {
    const words = (document.getElementById('filter')?.value ?? '').toLowerCase().split(/\s+/).filter(Boolean);
    for (const tile of document.querySelectorAll('.tile')) {
      const text = tile.textContent.toLowerCase();
      tile.hidden = !words.every((w) => text.includes(w));
    }
    const none = document.getElementById('none');
    if (none) none.hidden = words.length === 0 || document.querySelector('.tile:not([hidden])') !== null;
  }

  function live(state, text) {
    const e = document.getElementById('live');
    if (!e) return;
    e.dataset.state = state;
    e.textContent = text;
  }

  function signIn() {
    location.assign('/ui/login?next=' + encodeURIComponent(location.pathname));
  }

  // Ironic wraps its message in JSON within JSON.
  async function complaint(answer) {
    const text = await answer.text();
    try {
      let inner = JSON.parse(text).error_message ?? text;
      try { inner = JSON.parse(inner); } catch { return String(inner); }
      return inner.faultstring || inner.description || text;
    } catch {
      return text || `The server answered ${answer.status}.`;
    }
  }

  function say(text) {
    const toast = document.createElement('p');
    toast.className = 'toast';
    toast.textContent = text;
    const close = document.createElement('button');
    close.textContent = 'Close';
    close.addEventListener('click', () => toast.remove());
    toast.append(close);
    document.getElementById('toasts').replaceChildren(toast);
  }

  async function press(button) {
    const { method, path, target, confirm: question } = button.dataset;
    if (question && !confirm(question)) return;
    button.disabled = true;
    try {
      const answer = await fetch(path, {
        method,
        headers: {
          'Content-Type': 'application/json',
          'X-OpenStack-Ironic-API-Version': '1.82',
          'X-Ironhook-UI': '1',
        },
        body: target ? JSON.stringify({ target }) : undefined,
      });
      if (answer.status === 401) return signIn();
      if (!answer.ok) say(`${button.textContent}: ${await complaint(answer)}`);
    } catch {
      say('The server does not answer. Check that it runs and that you can reach it.');
    } finally {
      button.disabled = false;
    }
  }

  document.addEventListener('click', (e) => {
    const button = e.target.closest('button[data-path]');
    if (button) press(button);
  });
  document.addEventListener('input', (e) => { if (e.target.id === 'filter') filter(); });
  document.addEventListener('htmx:after:swap', () => { localTimes(); filter(); tick(); });
  document.addEventListener('htmx:sse:after:connection', () => live('live', 'live'));
  document.addEventListener('htmx:sse:error', (e) => {
    if (e.detail.status === 401) return signIn();
    live('lost', 'reconnecting');
  });
  // A stream that never began is not taken up again by htmx.
  function again(e) {
    if (e.target.id !== 'stream') return;
    if (e.detail.ctx?.response?.status === 401) return signIn();
    live('lost', 'reconnecting');
    setTimeout(() => htmx.trigger(e.target, 'again'), 3000);
  }
  document.addEventListener('htmx:error', again);
  document.addEventListener('htmx:response:error', again);
  document.addEventListener('htmx:sse:close', () => live('lost', 'not live'));
  setInterval(tick, 200);
  localTimes();
})();
