// Forms that call the APIs: to change one thing, to make one, and to enrol machines.
(() => {
  'use strict';
  const { call, say, confirmed } = window.ironhook;

  // The fields of a form that are shown, as an object: the name a/b is b within a.
  function valuesOf(form) {
    const values = {};
    for (const field of fieldsOf(form)) {
      if (field.value === '') continue;
      const path = field.name.split('/');
      const last = path.pop();
      let at = values;
      for (const key of path) at = at[key] ??= {};
      at[last] = field.dataset.type === 'number' ? Number(field.value) : field.value;
    }
    return values;
  }

  const fieldsOf = (form) => [...form.elements].filter((f) => f.name && !f.matches('fieldset *[hidden], :disabled, [type=checkbox], [type=file]'));
  const before = (field) => (field.tagName === 'SELECT' ? [...field.options].find((o) => o.defaultSelected)?.value ?? '' : field.defaultValue);

  // What was changed, as a JSON patch (RFC 6902). An empty secret stays as it is.
  function patchOf(form) {
    return fieldsOf(form).filter((f) => f.value !== before(f)).map((f) => {
      const path = '/' + f.name;
      return f.value === '' ? { op: 'remove', path } : { op: before(f) === '' ? 'add' : 'replace', path, value: f.value };
    }).map((op) => (op.path.startsWith('/driver_info/') && op.op === 'replace' ? { ...op, op: 'add' } : op));
  }

  const doing = {
    async post(form) {
      const answer = await call('POST', form.dataset.path, valuesOf(form));
      if (!answer.ok) return say(`${form.querySelector('button').textContent}: ${answer.text}`);
      location.reload();
    },
    // Changes what has an address of its own.
    async change(form) {
      const answer = await call(form.dataset.method, form.dataset.path, valuesOf(form));
      if (!answer.ok) return say(`${form.querySelector('button').firstChild.textContent}: ${answer.text}`);
      location.reload();
    },
    // The link to a wall is shown once.
    async wall(form) {
      const answer = await call('POST', form.dataset.path, valuesOf(form));
      if (!answer.ok) return say(`${form.querySelector('button').textContent}: ${answer.text}`);
      sessionStorage.setItem('outcome', `${answer.body.url ?? location.origin + answer.body.path} — keep it, it is not shown again.`);
      location.reload();
    },
    async patch(form) {
      const patch = patchOf(form);
      const outcome = form.querySelector('.outcome');
      if (patch.length === 0) { outcome.textContent = 'Nothing was changed.'; return; }
      const answer = await call('PATCH', form.dataset.path, patch);
      if (!answer.ok) return say(`Save: ${answer.text}`);
      sessionStorage.setItem('outcome', 'Saved.');
      location.reload();
    },
    // Only what every BMC can: its settings are complete, and it says where it boots from.
    async test(button) {
      const outcome = button.closest('form').querySelector('.outcome');
      outcome.textContent = 'Asking the BMC …';
      const report = await call('GET', button.dataset.path + '/validate');
      const power = report.body?.power;
      if (power?.result === false) { outcome.textContent = `The settings are not complete: ${power.reason}`; return; }
      const device = await call('GET', button.dataset.path + '/management/boot_device');
      outcome.textContent = device.ok
        ? `It answers. It boots from ${device.body.boot_device ?? 'a device that it does not name'}.`
        : `It does not answer as it should: ${device.text}`;
    },
    async enrol(form) {
      const values = valuesOf(form);
      const [kind, source] = [values.boot?.split(':', 1)[0], values.boot?.slice(values.boot.indexOf(':') + 1)];
      const results = form.querySelector('.results');
      results.replaceChildren();
      const note = (text, tone = '') => {
        const line = document.createElement('li');
        line.textContent = text;
        line.className = tone;
        results.append(line);
      };
      const machine = { name: values.name, macs: [values.mac], driver: values.driver, driver_info: values.driver_info ?? {}, deploy: form.elements.deploy.checked };
      if (kind) machine[kind] = source;
      const problem = await enrol(machine, note);
      if (problem) return note(problem, 'bad');
      location.assign('/ui/machines/' + encodeURIComponent(values.name));
    },
    async 'enrol-list'(form) {
      const machines = preview(form);
      if (!machines) return;
      const rows = [...form.querySelectorAll('.preview tbody tr')];
      let next = 0;
      const work = async () => {
        while (next < machines.length) {
          const i = next++;
          const cell = rows[i].lastElementChild;
          const problem = await enrol(machines[i], (text) => { cell.textContent = text; });
          cell.textContent = problem || (machines[i].deploy ? 'deploying' : 'enrolled');
          cell.className = problem ? 'bad' : 'good';
        }
      };
      await Promise.all([work(), work(), work(), work()]); // a few at a time
      const failed = rows.filter((r) => r.lastElementChild.className === 'bad').length;
      say(failed ? `${failed} of ${machines.length} machines were not enrolled. Mend the list, and enrol again: those that are done are left alone.`
        : `${machines.length} machines are enrolled.`);
    },
  };

  // Enrols one machine, or goes on with one that was enrolled in part. It returns what went
  // wrong, "" for nothing.
  async function enrol(machine, note) {
    const path = '/v1/nodes/' + encodeURIComponent(machine.name);
    let node = await call('GET', path);
    if (node.status === 404) {
      note('making the node');
      node = await call('POST', '/v1/nodes', {
        name: machine.name, driver: machine.driver, driver_info: machine.driver_info, storage_interface: 'iscsi',
        properties: { capabilities: 'iscsi_boot:True' }, ...(machine.image ? { instance_info: { image_source: machine.image } } : {}),
      });
    }
    if (!node.ok) return node.text;
    const uuid = node.body.uuid;
    for (const address of machine.macs) {
      const port = await call('POST', '/v1/ports', { node_uuid: uuid, address });
      if (port.status === 409) {
        const there = await call('GET', `/v1/ports?address=${encodeURIComponent(address)}&fields=node_uuid`);
        if (there.body?.ports?.[0]?.node_uuid === uuid) continue;
      }
      if (!port.ok) return port.text;
    }
    if (machine.volume) {
      note('giving it its volume');
      const target = await call('POST', '/v1/volume/targets', { node_uuid: uuid, volume_type: 'iscsi', boot_index: 0, volume_id: machine.volume });
      if (!target.ok && target.status !== 409) return target.text;
    }
    for (const [from, target, to] of [['enroll', 'manage', 'manageable'], ['manageable', 'provide', 'available'], ...(machine.deploy ? [['available', 'active', '']] : [])]) {
      const state = (await call('GET', `${path}?fields=provision_state`)).body?.provision_state;
      if (state !== from) continue;
      note(target);
      const answer = await call('PUT', path + '/states/provision', { target });
      if (!answer.ok) return answer.text;
      const problem = to && await reach(path, to);
      if (problem) return problem;
    }
    return '';
  }

  // Waits until the node is in a state; a minute is enough for what has no machine to wait for.
  async function reach(path, state) {
    for (const end = Date.now() + 60000; Date.now() < end; await new Promise((r) => setTimeout(r, 300))) {
      const node = (await call('GET', `${path}?fields=provision_state,last_error,target_provision_state`)).body;
      if (node?.provision_state === state) return '';
      if (node && !node.target_provision_state && node.last_error) return node.last_error;
    }
    return `It did not become ${state} within a minute. Look at its page.`;
  }

  // Reads a list: a line a machine, the first line the names of the columns. It throws what
  // is wrong with it.
  function readList(text) {
    const lines = text.split(/\r?\n/).filter((l) => l.trim() && !l.trim().startsWith('#'));
    if (lines.length === 0) throw 'The list is empty.';
    const split = (line) => splitLine(line, [',', '\t', ';'].find((c) => lines[0].includes(c)) ?? ',');
    let columns = split(lines[0]).map((c) => c.toLowerCase());
    if (columns.includes('name') && columns.includes('mac')) lines.shift();
    else columns = ['name', 'mac'];
    return lines.map((line) => {
      const cells = split(line);
      if (cells.length > columns.length) throw `More cells than columns: ${line}`;
      return Object.fromEntries(columns.map((c, i) => [c, cells[i] ?? '']));
    });
  }

  function splitLine(line, by) {
    const cells = [];
    let cell = '', quoted = false;
    for (let i = 0; i < line.length; i++) {
      const c = line[i];
      if (c === '"' && quoted && line[i + 1] === '"') { cell += c; i++; }
      else if (c === '"') quoted = !quoted;
      else if (c === by && !quoted) { cells.push(cell.trim()); cell = ''; }
      else cell += c;
    }
    cells.push(cell.trim());
    return cells;
  }

  // A line of the list as a machine, with what is wrong with it.
  function machineOf(row, form, drivers) {
    const { name, mac, driver, image, volume, deploy, ...info } = row;
    const machine = {
      name, macs: mac.split(/\s+/).filter(Boolean).map((m) => m.toLowerCase().replaceAll('-', ':')), driver: driver || 'manual-management', volume: volume || '',
      image: volume ? '' : image || form.elements.image.value, problem: '',
      deploy: deploy ? /^(1|y|yes|true|on)$/i.test(deploy) : form.elements.deploy.checked,
      driver_info: Object.fromEntries(Object.entries(info).filter(([, v]) => v)),
    };
    const unknown = Object.keys(machine.driver_info).find((k) => !(drivers[machine.driver] ?? []).includes(k));
    if (!/^[A-Za-z0-9._~-]+$/.test(name)) machine.problem = 'The name must be of letters, digits and . _ ~ -';
    else if (machine.macs.length === 0 || !machine.macs.every((m) => /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(m))) machine.problem = 'This is no MAC address';
    else if (!drivers[machine.driver]) machine.problem = `There is no driver ${machine.driver}`;
    else if (unknown) machine.problem = `${machine.driver} reads no ${unknown}`;
    return machine;
  }

  // Shows what a list would make. It returns the machines, or null where it cannot be done.
  function preview(form) {
    const out = form.querySelector('.preview');
    const go = form.querySelector('button.main');
    go.disabled = true;
    const drivers = {};
    for (const set of document.querySelectorAll('[data-driver]')) {
      drivers[set.dataset.driver] = [...set.querySelectorAll('[name]')].map((f) => f.name.replace('driver_info/', ''));
    }
    let machines;
    try {
      machines = readList(form.elements.list.value).map((row) => machineOf(row, form, drivers));
    } catch (problem) {
      out.textContent = String(problem);
      return null;
    }
    for (const key of ['name', 'macs']) {
      const met = new Set();
      for (const m of machines) for (const value of [m[key]].flat()) {
        if (met.has(value)) m.problem ||= `${value} stands twice`;
        met.add(value);
      }
    }
    const table = document.createElement('table');
    table.innerHTML = '<thead><tr><th scope="col">Name</th><th scope="col">MAC</th><th scope="col">Power by</th><th scope="col">Boots from</th><th scope="col">Outcome</th></tr></thead><tbody></tbody>';
    for (const m of machines) {
      const row = table.tBodies[0].insertRow();
      const boots = m.volume ? `volume ${m.volume}` : m.image ? `image ${m.image}` : 'nothing yet';
      for (const text of [m.name, m.macs.join(' '), m.driver, boots, m.problem || (m.deploy ? 'will be enrolled and deployed' : 'will be enrolled')]) row.insertCell().textContent = text;
      if (m.problem) row.lastElementChild.className = 'bad';
    }
    const bad = machines.filter((m) => m.problem).length;
    const count = document.createElement('p');
    count.textContent = bad ? `${bad} of ${machines.length} lines cannot be enrolled. Mend them first.` : `${machines.length} machines.`;
    out.replaceChildren(count, table);
    go.disabled = bad > 0;
    return bad ? null : machines;
  }

  // Only the chosen driver's settings are shown and sent.
  function chooseDriver(form) {
    for (const set of form.querySelectorAll('[data-driver]')) {
      set.hidden = set.disabled = set.dataset.driver !== form.elements.driver.value;
    }
  }

  async function run(element, event) {
    event.preventDefault();
    const button = element.matches('form') ? element.querySelector('button:not([type=button])') : element;
    if (!confirmed(element)) return;
    button.disabled = true;
    try { await doing[element.dataset.do](element); } finally { button.disabled = false; }
  }

  document.addEventListener('submit', (e) => { if (doing[e.target.dataset.do]) run(e.target, e); });
  document.addEventListener('click', (e) => {
    const button = e.target.closest('button');
    if (button && doing[button.dataset.do]) run(button, e);
    if (button?.matches('[data-preview]')) preview(button.form);
  });
  document.addEventListener('change', async (e) => {
    if (e.target.name === 'driver') chooseDriver(e.target.form);
    if (e.target.name === 'file' && e.target.form?.id === 'many') {
      e.target.form.elements.list.value = await e.target.files[0].text();
      preview(e.target.form);
    }
  });
  for (const form of document.querySelectorAll('form:has([data-driver])')) chooseDriver(form);
  const outcome = document.querySelector('.outcome');
  if (outcome) { outcome.textContent = sessionStorage.getItem('outcome') ?? ''; sessionStorage.removeItem('outcome'); }
})();
