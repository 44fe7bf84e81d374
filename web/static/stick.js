// Upgrades a stick: the file goes to the appliance, which checks its signature and starts
// again with it.
(() => {
  'use strict';
  const form = document.getElementById('upgrade');
  const words = form.querySelector('[role=status]');

  // What an answer says, also when something before the appliance gave it.
  async function told(answer) {
    const text = await answer.text();
    try {
      const said = JSON.parse(text);
      return answer.ok ? `Version ${said.version}: ${said.status}.` : said.error.message;
    } catch {
      return text || answer.statusText;
    }
  }

  form.addEventListener('submit', async (e) => {
    e.preventDefault();
    const button = form.querySelector('button');
    button.disabled = true;
    words.textContent = 'The file is sent and checked.';
    try {
      const answer = await fetch('/ironhook/v1/stick/upgrade', { method: 'POST', body: form.elements.file.files[0] });
      words.textContent = await told(answer);
      if (answer.ok) form.reset();
    } catch {
      words.textContent = 'The connection broke: nothing has changed unless the stick starts again now.';
    }
    button.disabled = false;
  });
})();
