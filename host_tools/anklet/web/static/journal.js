// Asks before a page is left on which something was filled in and not saved.
(() => {
  "use strict";
  const form = document.getElementById("entries");
  if (!form) return;
  let touched = false;
  form.addEventListener("input", () => (touched = true));
  form.addEventListener("submit", () => (touched = false));
  addEventListener("beforeunload", (event) => touched && event.preventDefault());
})();
