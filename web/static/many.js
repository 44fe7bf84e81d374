// Does one thing with many machines: one after the other, some seconds apart, and shows what
// came of it for each. Four are asked at a time.
(() => {
  'use strict';
  const { call, confirmed, outcome } = window.ironhook;
  const bar = document.getElementById('many-bar');
  const chosen = new Set(); // UUIDs
  let latest = []; // the machines of the last verb, with their results
  const tiles = () => [...document.querySelectorAll('#dashboard .tile')];
  const uuidOf = (tile) => tile.id.slice(2);

  function show() {
    const there = new Set(tiles().map(uuidOf));
    for (const uuid of chosen) if (!there.has(uuid)) chosen.delete(uuid);
    for (const tile of tiles()) tile.querySelector('input.pick').checked = chosen.has(uuidOf(tile));
    bar.querySelector('.count').textContent = chosen.size === 1 ? '1 machine' : `${chosen.size} machines`;
    for (const button of bar.querySelectorAll('[data-many]')) button.disabled = chosen.size === 0;
  }

  function selecting(on) {
    document.documentElement.classList.toggle('selecting', on);
    document.getElementById('select').setAttribute('aria-pressed', String(on));
    bar.hidden = !on;
    if (!on) chosen.clear();
    show();
  }

  // What is asked of one machine: the method, the path and the body, before it all what has
  // to be set.
  function requests(button, uuid) {
    const { many: path, target } = button.dataset;
    const image = bar.querySelector('[name=image]').value;
    const steps = [];
    if (target === 'rebuild' && image) {
      steps.push(['PATCH', `/v1/nodes/${uuid}`, [{ op: 'add', path: '/instance_info/image_source', value: image }]]);
    }
    return [...steps, ['PUT', `/v1/nodes/${uuid}${path}`, { target }]];
  }

  // A line of the list of results: the machine, whose page says more, and how it stands.
  function lineOf(w) {
    const line = document.createElement('li');
    const link = document.createElement('a');
    link.href = `/ui/machines/${w.uuid}`;
    link.textContent = w.name;
    w.state = document.createTextNode(': waits');
    line.append(link, w.state);
    return line;
  }

  // Asks one machine, and follows it until it rests.
  async function work(w, button, report) {
    const note = (text) => { w.state.data = `: ${text}`; };
    const end = (ok, text) => { w.ok = ok; w.line.className = ok ? 'good' : 'bad'; note(text); report(); };
    note('asking …');
    for (const request of requests(button, w.uuid)) {
      const answer = await call(...request);
      if (!answer.ok) return end(false, answer.text);
    }
    const { many: path, target } = button.dataset;
    note('accepted …');
    outcome(w.uuid, path, target, (now) => note(`${now} …`)).then((found) => found && end(found.ok, found.text)); // the next is asked meanwhile
  }

  async function run(button) {
    button.dataset.confirm = `${button.textContent} ${bar.querySelector('.count').textContent}?`;
    if (!confirmed(button)) return;
    const all = tiles().filter((t) => chosen.has(uuidOf(t))).map((t) => ({ uuid: uuidOf(t), name: t.querySelector('h2').textContent }));
    const gap = Number(bar.querySelector('[name=gap]').value) * 1000;
    bar.querySelector('.results').replaceChildren(...all.map((w) => { w.line = lineOf(w); return w.line; }));
    latest = all;
    const report = () => {
      if (latest !== all) return; // another verb has the list now
      const done = all.filter((w) => w.ok).length;
      const bad = all.filter((w) => w.ok === false).length;
      bar.querySelector('.progress').textContent = `${button.textContent}: ${done} of ${all.length} done${bad ? `, ${bad} failed` : ''}${done + bad < all.length ? ' …' : '.'}`;
      bar.querySelector('.failed').hidden = bad === 0;
    };
    report();
    let next = 0, free = Date.now();
    const worker = async () => {
      while (next < all.length) {
        const w = all[next++];
        const wait = free - Date.now();
        free = Math.max(free, Date.now()) + gap;
        if (wait > 0) await new Promise((r) => setTimeout(r, wait));
        await work(w, button, report);
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
  }

  document.getElementById('select').addEventListener('click', () => selecting(bar.hidden));
  document.addEventListener('change', (e) => {
    if (!e.target.matches('input.pick')) return;
    const uuid = uuidOf(e.target.closest('.tile'));
    if (e.target.checked) chosen.add(uuid); else chosen.delete(uuid);
    show();
  });
  document.getElementById('dashboard').closest('main').addEventListener('click', (e) => {
    const head = e.target.closest('button.pick')?.closest('.group');
    if (!head) return;
    for (let tile = head.nextElementSibling; tile?.matches('.tile'); tile = tile.nextElementSibling) if (!tile.hidden) chosen.add(uuidOf(tile));
    show();
  });
  bar.addEventListener('click', (e) => {
    const button = e.target.closest('button');
    if (!button) return;
    if (button.matches('[data-many]')) run(button);
    if (button.matches('.failed')) {
      chosen.clear();
      for (const w of latest) if (w.ok === false) chosen.add(w.uuid);
      show();
    }
    if (button.matches('.all')) {
      for (const tile of tiles()) if (!tile.hidden) chosen.add(uuidOf(tile));
      show();
    }
  });
  document.addEventListener('htmx:after:swap', () => { if (!bar.hidden) queueMicrotask(show); });
  selecting(false);
})();
