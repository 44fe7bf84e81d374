// Clears the event log of a machine's BMC, and shows what was in it: events may have come in since the page was opened.
(() => {
  'use strict';
  const { call, say, confirmed, elapsed, localTimes } = window.ironhook;
  const button = document.getElementById('clear-sel');
  const tones = { Warning: 'warn', Critical: 'bad' }; // bmc.go has the same

  function cell(content) {
    const td = document.createElement('td');
    td.append(content ?? '');
    return td;
  }

  function when(entry) {
    if (entry.uptime) return `${elapsed(entry.uptime * 1000)} after the start of the BMC`;
    if (!entry.at) return '';
    const time = document.createElement('time');
    time.dateTime = entry.at;
    time.dataset.local = '';
    return time;
  }

  function row(entry) {
    const tr = document.createElement('tr');
    tr.className = tones[entry.severity] ?? '';
    tr.append(...[when(entry), entry.severity, entry.message, entry.sensor, entry.id].map(cell));
    return tr;
  }

  button?.addEventListener('click', async () => {
    if (!confirmed(button)) return;
    button.disabled = true;
    const state = document.getElementById('sel-state');
    const said = state.textContent;
    state.textContent = 'Asking the BMC …';
    const answer = await call('DELETE', button.dataset.path);
    button.disabled = false;
    if (!answer.ok) {
      state.textContent = said;
      return say(`${button.textContent}: ${answer.text}`);
    }
    const { entries } = answer.body;
    document.querySelector('#sel tbody').replaceChildren(...entries.reverse().map(row));
    document.querySelector('main .notice')?.remove();
    state.textContent = `${entries.length} were in the log, the newest first. It is cleared.`;
    localTimes();
  });
})();
