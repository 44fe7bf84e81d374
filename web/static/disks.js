// The page of images and volumes: uploads that go on after the connection broke, imports,
// what a disk weighs, and whether it is whole.
(() => {
  'use strict';
  const { call, say, complaint } = window.ironhook;
  const images = '/image/v2/images';
  const portion = 8 << 20; // bytes of one request
  const transfer = document.getElementById('transfer');
  let paused = false;

  // What browsers know of a file without reading it. Its upload is remembered under this, so
  // that a page that was closed goes on where it stopped.
  const keyOf = (file) => `upload ${file.name} ${file.size} ${file.lastModified}`;

  async function create(name) {
    const made = await call('POST', images, { name, container_format: 'bare' });
    if (!made.ok) throw made.text;
    return made.body.id;
  }

  // Sends bytes from an offset on; it answers where to go on, or that all is there.
  function put(id, file, from, progress) {
    return new Promise((resolve) => {
      const to = Math.min(from + portion, file.size);
      const request = new XMLHttpRequest();
      request.open('PUT', `${images}/${id}/file`);
      request.setRequestHeader('Content-Type', 'application/octet-stream');
      request.setRequestHeader('X-Ironhook-UI', '1');
      request.setRequestHeader('Content-Range', from < 0 ? `bytes */${file.size}` : `bytes ${from}-${to - 1}/${file.size}`);
      request.upload.addEventListener('progress', (e) => progress(Math.max(from, 0) + e.loaded));
      const end = () => resolve({ status: request.status, offset: request.getResponseHeader('Ironhook-Offset'), text: request.responseText });
      request.addEventListener('load', end);
      request.addEventListener('error', end);
      request.send(from < 0 ? null : file.slice(from, to));
    });
  }

  async function upload(form) {
    const file = form.elements.file.files[0];
    const key = keyOf(file);
    const words = transfer.querySelector('[role=status]');
    const bar = transfer.querySelector('progress');
    const pause = transfer.querySelector('button');
    const began = Date.now();
    transfer.hidden = pause.hidden = false;
    const show = (done) => {
      bar.value = done / file.size;
      const rate = done / (Date.now() - began) * 1000;
      words.textContent = `${file.name}: ${Math.floor(100 * done / file.size)} %` + (rate > 0 ? `, ${Math.ceil((file.size - done) / rate)} s left` : '');
    };
    let id = localStorage.getItem(key);
    let from = -1; // ask
    if (!id) {
      id = await create(form.elements.name.value);
      localStorage.setItem(key, id);
      from = 0;
    }
    for (let broken = 0; ;) {
      if (paused) { await new Promise((r) => setTimeout(r, 200)); continue; }
      const answer = await put(id, file, from, show);
      if (answer.status === 204) break;
      if (answer.status === 202 || (answer.status === 409 && answer.offset)) { from = Number(answer.offset); broken = 0; show(from); continue; }
      if (answer.status >= 400 && answer.status < 500) {
        localStorage.removeItem(key);
        throw complaint(answer.text, answer.status);
      }
      from = -1; // the connection broke: ask where to go on
      words.textContent = `${file.name}: the connection broke; trying again`;
      await new Promise((r) => setTimeout(r, Math.min(1000 * ++broken, 10000)));
    }
    localStorage.removeItem(key);
    pause.hidden = true;
    bar.value = 1;
    words.textContent = `${file.name} is uploaded.`;
    form.reset();
  }

  async function fetchImage(form) {
    const { name, uri, checksum } = form.elements;
    const id = await create(name.value);
    const answer = await call('POST', `${images}/${id}/import`, { method: { name: 'web-download', uri: uri.value, ...(checksum.value ? { checksum: checksum.value } : {}) } });
    if (!answer.ok) {
      await call('DELETE', `${images}/${id}`);
      throw answer.text;
    }
    form.reset();
  }

  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  function amount(n) {
    let u = 0;
    for (; n >= 1024 && u < units.length - 1; u++) n /= 1024;
    return `${u ? n.toFixed(1) : n} ${units[u]}`;
  }

  async function weigh(line) {
    const answer = await call('GET', `/ironhook/v1/disks/${encodeURIComponent(line.dataset.id)}/usage`);
    line.textContent = answer.ok ? `${amount(answer.body.own)} of its own, ${amount(answer.body.shared)} shared` : answer.text;
  }

  // A scrub answers with a line of JSON for every second.
  async function verify(button) {
    const line = button.closest('details').querySelector('.usage');
    line.textContent = 'verifying …';
    const answer = await fetch(`/ironhook/v1/disks/${encodeURIComponent(button.dataset.id)}/verify`, { method: 'POST', headers: { 'X-Ironhook-UI': '1' } });
    let text = '', last = {};
    for (const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader(); ;) {
      const { value, done } = await reader.read();
      if (done) break;
      text += value;
      const lines = text.split('\n');
      text = lines.pop();
      for (const l of lines) { last = JSON.parse(l); if (last.progress) line.textContent = last.progress; }
    }
    if (last.error) line.textContent = typeof last.error === 'string' ? last.error : last.error.message;
    else line.textContent = last.damage?.length ? `Damaged: ${last.damage.map((d) => `${d.layer} at ${d.offset}: ${d.what}`).join('; ')}` : 'It is whole.';
  }

  const doing = { upload, import: fetchImage, verify };
  async function run(element, event) {
    event.preventDefault();
    const button = element.matches('form') ? element.querySelector('button') : element;
    button.disabled = true;
    try { await doing[element.dataset.disk](element); } catch (problem) { transfer.hidden = true; say(String(problem)); } finally { button.disabled = false; }
  }
  document.addEventListener('submit', (e) => { if (doing[e.target.dataset.disk]) run(e.target, e); });
  document.addEventListener('click', (e) => {
    const button = e.target.closest('button[data-disk]');
    if (button) run(button, e);
  });
  document.addEventListener('toggle', (e) => { if (e.target.open) for (const line of e.target.querySelectorAll('.usage')) weigh(line); }, true);
  transfer.querySelector('button').addEventListener('click', (e) => {
    paused = !paused;
    e.target.textContent = paused ? 'Go on' : 'Pause';
  });
  const drop = document.getElementById('drop');
  drop.addEventListener('dragover', (e) => { e.preventDefault(); drop.classList.add('over'); });
  drop.addEventListener('dragleave', () => drop.classList.remove('over'));
  const form = document.getElementById('upload');
  const named = () => { form.elements.name.value ||= form.elements.file.files[0]?.name.replace(/\.(raw|img|qcow2|vmdk|vhdx?|vdi|gz|xz|zst|bz2|zip|tar)\b/g, '') ?? ''; };
  form.elements.file.addEventListener('change', named);
  drop.addEventListener('drop', (e) => {
    e.preventDefault();
    drop.classList.remove('over');
    form.elements.file.files = e.dataTransfer.files;
    named();
    form.requestSubmit();
  });
})();
