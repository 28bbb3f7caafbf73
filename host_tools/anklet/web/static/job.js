// Asks how far the job is, and shows the page anew when it is done.
(() => {
  "use strict";
  const bar = document.getElementById("progress");
  const text = document.getElementById("text");
  async function ask() {
    try {
      const job = await (await fetch(bar.dataset.url)).json();
      if (!job.running) return location.reload();
      if (text.textContent !== job.text) text.textContent = job.text;
      if (job.fraction === null) bar.removeAttribute("value");
      else bar.value = job.fraction;
    } catch {
      text.textContent = bar.dataset.ended;
      return;
    }
    setTimeout(ask, 200);
  }
  ask();
})();
