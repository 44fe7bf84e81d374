// How the dashboard shows its machines: in groups, as a table, and under a name.
(() => {
  'use strict';
  const { call, say, show, query } = window.ironhook;
  const by = document.getElementById('by');
  const dense = document.getElementById('dense');
  const views = document.getElementById('views');
  const drop = document.getElementById('drop-view');

  function apply() {
    const q = query();
    by.value = q.get('by') ?? '';
    const table = q.get('as') === 'table';
    document.documentElement.classList.toggle('dense', table);
    dense.setAttribute('aria-pressed', String(table));
    views.value = [...views.options].find((o) => o.value !== '' && o.value === q.toString())?.value ?? '';
    drop.hidden = views.value === '';
  }

  function change(key, value) {
    const q = query();
    if (value) q.set(key, value); else q.delete(key);
    history.replaceState(null, '', q.size ? `?${q}` : location.pathname);
    apply();
    show();
  }

  by.addEventListener('change', () => change('by', by.value));
  dense.addEventListener('click', () => change('as', query().get('as') === 'table' ? '' : 'table'));
  views.addEventListener('change', () => location.assign(views.value ? `/ui/?${views.value}` : '/ui/'));
  document.getElementById('save-view').addEventListener('click', async () => {
    const name = prompt('Name of the view')?.trim();
    if (!name) return;
    const answer = await call('PUT', `/ironhook/v1/views/${encodeURIComponent(name)}`, { query: query().toString() });
    if (!answer.ok) return say(`Save view: ${answer.text}`);
    location.reload();
  });
  drop.addEventListener('click', async () => {
    const name = views.selectedOptions[0].textContent;
    if (!confirm(`Delete the view ${name}?`)) return;
    const answer = await call('DELETE', `/ironhook/v1/views/${encodeURIComponent(name)}`);
    if (!answer.ok) return say(`Delete view: ${answer.text}`);
    location.assign('/ui/');
  });
  document.addEventListener('ironhook:narrowed', apply);
  apply();
  show();
})();
