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

  // What is seen on a tile, in lower case: the server reads the same (tile.go, seen). A tile
  // keeps its text until it changes.
  const texts = new WeakMap();
  function seen(tile) {
    let text = texts.get(tile);
    if (text === undefined) {
      const walk = document.createTreeWalker(tile, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT,
        (n) => n.nodeType === 1 && n.matches('.unseen, .bar, .pick, .under :not(.caption)') ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
      text = '';
      while (walk.nextNode()) if (walk.currentNode.nodeType === 3) text += walk.currentNode.data + '\n';
      text = text.toLowerCase();
      texts.set(tile, text);
    }
    return text;
  }

  let only = new URLSearchParams(location.search).get('only') ?? '';

  function filter() {
    const field = document.getElementById('filter');
    if (!field) return;
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const tile of document.querySelectorAll('.tile')) {
      const fits = (only === '' || tile.dataset.kind.split(' ').includes(only)) && words.every((w) => seen(tile).includes(w));
      if (tile.hidden === fits) tile.hidden = !fits;
      if (fits) shown++;
    }
    for (const head of document.querySelectorAll('#dashboard > .group')) {
      let tile = head.nextElementSibling;
      while (tile?.matches('.tile') && tile.hidden) tile = tile.nextElementSibling;
      head.hidden = !tile?.matches('.tile');
    }
    document.getElementById('none').hidden = shown > 0 || (only === '' && words.length === 0);
    for (const chip of document.querySelectorAll('#summary a')) {
      if (chip.dataset.kind === only) chip.setAttribute('aria-current', 'true');
      else chip.removeAttribute('aria-current');
    }
  }

  // The address of the page says what it shows, so that it can be kept as a bookmark.
  function remember() {
    const query = ask();
    for (const [key, value] of [['only', only], ['q', document.getElementById('filter').value]]) {
      if (value) query.set(key, value); else query.delete(key);
    }
    history.replaceState(null, '', query.size ? `?${query}` : location.pathname);
    document.dispatchEvent(new Event('ironhook:narrowed'));
  }

  const ask = () => new URLSearchParams(location.search);

  // The group of a tile, where the page shows groups.
  function groupOf(tile) {
    const by = ask().get('by');
    if (!by) return '';
    return (by === 'state' ? tile.querySelector('.state').lastChild.textContent : tile.dataset[by]) || 'none';
  }

  // The heading of a group, which is made when it is missing.
  function heading(list, name, count) {
    let head = [...list.querySelectorAll('.group')].find((h) => h.dataset.name === name);
    if (!head) {
      head = document.createElement('li');
      head.className = 'group';
      head.dataset.name = name;
      head.innerHTML = '<h2></h2> <span class="count"></span> <button type="button" class="pick">Select</button>';
      head.querySelector('h2').textContent = name;
      head.querySelector('button').setAttribute('aria-label', `Select the group ${name}`);
      list.append(head);
    }
    head.querySelector('.count').textContent = count;
    return head;
  }

  // By group, then trouble first, then by name as people count: the order of the server
  // (dashboard.go, inOrder). Only what is out of place is moved.
  const order = new Intl.Collator('en', { numeric: true });
  function arrange() {
    const list = document.getElementById('dashboard');
    if (!list) return;
    const rank = (tile) => (tile.dataset.kind.split(' ').includes('trouble') ? 0 : 1);
    const name = (tile) => tile.querySelector('h2').textContent;
    const tiles = [...list.querySelectorAll('.tile')].map((tile) => ({ tile, group: groupOf(tile), rank: rank(tile), name: name(tile) }));
    const sorted = tiles.toSorted((a, b) => order.compare(a.group, b.group) || a.rank - b.rank || order.compare(a.name, b.name));
    const wanted = [];
    const heads = new Set();
    const sizes = Map.groupBy ? Map.groupBy(sorted, (t) => t.group) : new Map();
    for (const t of sorted) {
      if (t.group && (wanted.length === 0 || t.group !== wanted.last)) {
        const head = heading(list, t.group, sizes.get(t.group)?.length ?? '');
        heads.add(head);
        wanted.push(head);
        wanted.last = t.group;
      }
      wanted.push(t.tile);
    }
    for (const head of list.querySelectorAll('.group')) if (!heads.has(head)) head.remove();
    const focus = document.activeElement;
    let at = list.firstElementChild;
    for (const one of wanted) {
      if (one === at) at = at.nextElementSibling;
      else list.insertBefore(one, at);
    }
    if (focus !== document.activeElement && focus?.isConnected) focus.focus();
  }

  function live(state, text) {
    const e = document.getElementById('live');
    if (!e) return;
    e.dataset.state = state;
    e.textContent = text;
  }

  function signIn() {
    if (document.body.matches('.wall')) return location.reload(); // the link was withdrawn
    location.assign('/ui/login?next=' + encodeURIComponent(location.pathname));
  }

  // Ironic wraps its message in JSON within JSON.
  function complaint(text, status) {
    try {
      const body = JSON.parse(text);
      let inner = body.error_message ?? Object.values(body)[0]?.message ?? text;
      try { inner = JSON.parse(inner); } catch { return String(inner); }
      return inner.faultstring || inner.description || text;
    } catch {
      const page = new DOMParser().parseFromString(text, 'text/html').body; // of the Image API
      page.querySelector('h1')?.remove();
      return page.textContent.trim() || `The server answered ${status}.`;
    }
  }

  // Says something until it is closed, or something newer is said about the same.
  function say(text, tone = '', about = '') {
    const toast = document.createElement('p');
    toast.className = `toast ${tone}`.trim();
    toast.dataset.about = about;
    toast.textContent = text;
    const close = document.createElement('button');
    close.textContent = 'Close';
    close.addEventListener('click', () => toast.remove());
    toast.append(close);
    const all = document.getElementById('toasts');
    for (const old of [...all.children]) if (old.dataset.about === about) old.remove();
    all.prepend(toast);
  }

  // Calls an API as the user of the page. It always answers: ok, the status, the body as
  // JSON where it is some, and what is wrong as text.
  async function call(method, path, body) {
    const headers = { 'X-OpenStack-Ironic-API-Version': '1.82', 'OpenStack-API-Version': 'volume 3.70', 'X-Ironhook-UI': '1' };
    if (body !== undefined || method !== 'GET') headers['Content-Type'] = 'application/json';
    try {
      const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
      if (answer.status === 401) signIn();
      const text = await answer.text();
      let json;
      try { json = JSON.parse(text); } catch { json = undefined; }
      return { ok: answer.ok, status: answer.status, body: json, text: answer.ok ? '' : complaint(text, answer.status) };
    } catch {
      return { ok: false, status: 0, text: 'The server does not answer. Check that it runs and that you can reach it.' };
    }
  }

  const confirmed = (element) => !element.dataset.confirm || confirm(element.dataset.confirm);

  // The body of a button's call: an answer takes the place of "$", a number where it is one;
  // that to a second question the place of "$2", which may stay out.
  function bodyOf({ target, body, ask, also }) {
    if (!body) return target ? { target } : undefined;
    if (!ask) return JSON.parse(body);
    const answer = prompt(ask)?.trim();
    if (!answer) return null;
    const second = also ? prompt(also)?.trim() : '';
    if (second === undefined) return null; // given up
    return JSON.parse(body, (key, value) => {
      if (value === '$2') return second || undefined;
      return value !== '$' ? value : key === 'new_size' ? Number(answer) : answer;
    });
  }

  async function press(button) {
    const { method, path, target, then } = button.dataset;
    const label = button.textContent; // the page may replace the button meanwhile
    if (!confirmed(button)) return;
    const body = bodyOf(button.dataset);
    if (body === null) return;
    button.disabled = true;
    const answer = await call(method, path, body);
    button.disabled = false;
    if (!answer.ok) say(`${label}: ${answer.text}`);
    else if (then === 'reload') location.reload();
    else if (then) location.assign(then);
    else if (target) follow(label, path, target);
  }

  // Says what came of a verb of a machine.
  async function follow(label, path, target) {
    const uuid = path.split('/')[3];
    say(`${label}: accepted …`, 'calm', uuid);
    const end = await window.ironhook.outcome(uuid, path, target, (now) => say(`${label}: ${now} …`, 'calm', uuid));
    if (end) say(`${label}: ${end.text}`, end.ok ? 'good' : '', uuid);
  }
  function show() {
    arrange();
    filter();
  }
  window.ironhook = { call, say, elapsed, confirmed, complaint, localTimes, show, query: ask };

  // Each button can say the command that does the same. What is typed in its form stands in
  // the place of {NAME}; a secret stays out.
  function commandOf(element) {
    const holder = element.closest('[data-command]') ?? element.closest('button:not([type=button])')?.form?.closest('[data-command]');
    if (!holder) return '';
    const quoted = (word) => (/^[\w.:/@+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
    return holder.dataset.command.replace(/\{([a-z_]+)\}/g, (all, name) => {
      const field = holder.elements?.[name];
      return field?.value && field.type !== 'password' ? quoted(field.value) : name.toUpperCase();
    });
  }
  const bar = document.getElementById('command');
  function tell(e) {
    const button = e.target.closest?.('button, [data-command]');
    const text = button ? commandOf(button) : '';
    bar.hidden = !text;
    if (!text) return;
    bar.querySelector('code').textContent = text;
    bar.classList.toggle('above', button.getBoundingClientRect().bottom > innerHeight - 2 * bar.offsetHeight); // never over its button
  }
  document.addEventListener('mouseover', tell);
  document.addEventListener('focusin', tell);
  document.addEventListener('keydown', (e) => { if (e.key === 'Escape') bar.hidden = true; });

  document.addEventListener('click', (e) => {
    const button = e.target.closest('button[data-method]');
    if (button) press(button);
  });
  document.addEventListener('click', (e) => {
    const chip = e.target.closest('#summary a');
    if (!chip || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    only = chip.dataset.kind === only ? '' : chip.dataset.kind;
    filter();
    remember();
  });
  document.addEventListener('input', (e) => { if (e.target.id === 'filter') { filter(); remember(); } });
  document.addEventListener('submit', (e) => { if (e.target.matches('.find')) e.preventDefault(); });
  document.addEventListener('htmx:after:swap', (e) => {
    const tile = e.target.closest?.('.tile');
    if (tile) texts.delete(tile);
    refresh();
  });
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
  // Who does not see the page hears of a machine that gets into trouble, once.
  let troubled = null;
  function announce() {
    const words = document.getElementById('announce');
    if (!words) return;
    const now = [...document.querySelectorAll('.tile[data-kind~="trouble"]')];
    const fresh = troubled === null ? [] : now.filter((tile) => !troubled.has(tile.id));
    if (fresh.length > 0) {
      words.textContent = fresh.map((tile) => [tile.querySelector('h2'), tile.querySelector('.caption'), tile.querySelector('.problem, .notice')].map((e) => e?.textContent ?? '').join('. ')).join('; ');
    }
    troubled = new Set(now.map((tile) => tile.id));
  }

  // A message of the stream swaps many elements; the page is put in order once for all of
  // them, before it is drawn.
  let due = false;
  function refresh() {
    if (due) return;
    due = true;
    queueMicrotask(() => { due = false; arrange(); localTimes(); filter(); tick(); announce(); });
  }
  setInterval(tick, 200);
  localTimes();
  filter();
  announce();
})();
