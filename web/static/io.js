// The activity of a machine's disks over the last two minutes. The server has counters; what
// changed from one second to the next is drawn.
(() => {
  'use strict';
  const seconds = 120, width = 600, height = 120;
  const units = ['B/s', 'KiB/s', 'MiB/s', 'GiB/s'];
  const amount = (n) => {
    let u = 0;
    for (; n >= 1024 && u < units.length - 1; u++) n /= 1024;
    return `${n.toFixed(u ? 1 : 0)} ${units[u]}`;
  };
  const samples = []; // {at, read, written, commands}: rates
  let last = null;

  // The sum of all sessions that were there before too: a new one begins at its own zero.
  function rates(now, before, took) {
    const sum = { read: 0, written: 0, commands: 0 };
    for (const s of now) {
      const old = before.find((b) => b.volume === s.volume && b.initiator === s.initiator && b.since === s.since);
      if (!old) continue;
      sum.read += (s.read_bytes - old.read_bytes) / took;
      sum.written += (s.written_bytes - old.written_bytes) / took;
      sum.commands += (s.reads + s.writes - old.reads - old.writes) / took;
    }
    return sum;
  }

  function draw() {
    const graph = document.getElementById('io-graph');
    if (!graph || samples.length === 0) return;
    const newest = samples.at(-1);
    const top = Math.max(1 << 10, ...samples.map((s) => Math.max(s.read, s.written)));
    const line = (key) => samples.map((s) => `${(width - (newest.at - s.at) / 1000 / seconds * width).toFixed(1)},${(height - s[key] / top * (height - 8)).toFixed(1)}`).join(' ');
    graph.innerHTML = `<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="Bytes read and written over two minutes"><polyline class="read" points="${line('read')}"></polyline><polyline class="written" points="${line('written')}"></polyline></svg>`;
    document.getElementById('io-now').innerHTML = `<span class="key read"></span> read ${amount(newest.read)} <span class="key written"></span> written ${amount(newest.written)} · ${Math.round(newest.commands)} commands/s · highest ${amount(top)}`;
  }

  async function look() {
    const card = document.getElementById('io');
    if (!card || document.hidden) { last = null; return; }
    try {
      const answer = await fetch(card.dataset.path);
      if (!answer.ok || !answer.headers.get('Content-Type')?.includes('json')) return;
      const now = { at: Date.now(), list: await answer.json() };
      if (last) samples.push({ at: now.at, ...rates(now.list, last.list, (now.at - last.at) / 1000) });
      while (samples.length > seconds + 1) samples.shift();
      last = now;
    } catch { last = null; } // the appliance is away; the line goes on when it is back
    draw();
  }
  document.addEventListener('htmx:after:swap', () => queueMicrotask(draw)); // the card came anew
  setInterval(look, 1000);
  look();
})();
