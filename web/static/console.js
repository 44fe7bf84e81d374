// A machine's serial console in the page: everybody reads, one types.
(() => {
  'use strict';
  const byId = (id) => document.getElementById(id);
  const box = byId('terminal'), state = byId('console-state'), type = byId('console-type'), brk = byId('console-break');
  const bytes = new TextEncoder();
  let socket, typing = false, pause = 1000;

  byId('console-text').hidden = true;
  byId('console-acts').hidden = false;
  type.disabled = true; // until the console has told how it stands
  box.hidden = false;
  const terminal = new Terminal({ cols: 80, rows: 25, scrollback: 5000, disableStdin: true, screenReaderMode: true, fontFamily: 'ui-monospace, "DejaVu Sans Mono", monospace', fontSize: 14 });
  terminal.open(box);

  // How the console stands, in words.
  function show({ status, typing: mine }) {
    const line = status.connected ? 'Connected' : `Not connected${status.problem ? ': ' + status.problem : ' yet'}`;
    typing = mine;
    state.textContent = `${line}. ${mine ? 'You type.' : status.writer ? status.writer + ' types.' : 'Nobody types.'}`;
    type.textContent = mine ? 'Only read' : status.writer ? 'Take over' : 'Type';
    type.dataset.word = mine ? 'release' : status.writer ? 'take' : 'write';
    type.disabled = false;
    brk.disabled = !mine;
    terminal.options.disableStdin = !mine;
    if (mine) terminal.focus();
  }

  function connect() {
    socket = new WebSocket(`${location.protocol.replace('http', 'ws')}//${location.host}${box.dataset.path}`);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => { pause = 1000; terminal.reset(); };
    socket.onmessage = ({ data }) => {
      if (typeof data !== 'string') return terminal.write(new Uint8Array(data));
      const said = JSON.parse(data);
      if (said.error) state.textContent = said.error; else show(said);
    };
    socket.onclose = () => {
      typing = false;
      type.disabled = brk.disabled = terminal.options.disableStdin = true;
      state.textContent = 'The appliance does not answer; the page asks again.';
      setTimeout(connect, pause);
      pause = Math.min(2 * pause, 30000);
    };
  }

  const send = (what) => { if (socket.readyState === WebSocket.OPEN) socket.send(what); };
  terminal.onData((text) => { if (typing) send(bytes.encode(text)); });
  terminal.onBinary((text) => { if (typing) send(Uint8Array.from(text, (c) => c.charCodeAt(0))); });
  type.addEventListener('click', () => send(type.dataset.word ?? 'write'));
  brk.addEventListener('click', () => send('break'));
  connect();
})();
