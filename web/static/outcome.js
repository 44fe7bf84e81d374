// What came of a verb that was accepted: the machine is asked when the page hears of a change
// of it, and now and then, until it rests.
(() => {
  'use strict';
  const { call, elapsed } = window.ironhook;
  const fields = 'power_state,target_power_state,provision_state,target_provision_state,last_error';
  // Where a verb leads. One that is not here leads to whatever rest there is.
  const goals = {
    'power on': 'power on', rebooting: 'power on', 'power off': 'power off',
    active: 'active', rebuild: 'active', deleted: 'available', manage: 'manageable', provide: 'available',
  };
  const wakers = new Map(); // by UUID: ends the pause of the one that waits
  const newest = new Map(); // by UUID: the last verb; an older one is not waited for

  function pause(uuid, ms) {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      wakers.set(uuid, () => { clearTimeout(timer); done(); });
    });
  }

  // The same rules as --wait of the commands (cli/client/states.go, provisioned and powered).
  function judge(node, power, goal) {
    if (power) {
      const now = node.power_state;
      return { rests: !node.target_power_state, now, ok: now === goal && !node.last_error };
    }
    const now = node.provision_state;
    const failed = now === 'error' || now.endsWith(' failed'); // some of these keep their target
    return { rests: failed || !node.target_provision_state, now, ok: !failed && (!goal || now === goal) };
  }

  // It answers whether it went well and in words, or null when a later verb took its place.
  // along is called with the state on the way.
  async function outcome(uuid, path, target, along) {
    const mine = Symbol(target);
    newest.set(uuid, mine);
    wakers.get(uuid)?.();
    const began = Date.now();
    let said;
    for (let wait = 250; ; wait = Math.min(2 * wait, 10000)) {
      const answer = await call('GET', `/v1/nodes/${uuid}?fields=${fields}`);
      if (newest.get(uuid) !== mine) return null;
      if (answer.status === 404) return { ok: false, text: 'The machine was deleted.' };
      if (answer.ok) {
        const { rests, now, ok } = judge(answer.body, path.endsWith('/power'), goals[target]);
        if (rests && ok) return { ok, text: `${now} after ${elapsed(Date.now() - began)}` };
        if (rests) return { ok, text: answer.body.last_error || `It is in ${now} and not in ${goals[target]}. Its events say more.` };
        if (now !== said) along(said = now); // a screen reader says it once
      } else {
        along(said = answer.text);
      }
      await pause(uuid, wait);
    }
  }

  document.addEventListener('htmx:after:swap', (e) => {
    const tile = e.target.closest?.('.tile');
    if (tile) return wakers.get(tile.id.slice(2))?.();
    for (const wake of wakers.values()) wake();
  });
  window.ironhook.outcome = outcome;
})();
