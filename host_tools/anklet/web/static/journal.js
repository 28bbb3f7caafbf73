// Asks before a page is left on which something was filled in and not saved.
(() => {
  "use strict";
  const forms = [...document.querySelectorAll("form[data-asks]")];
  let touched = forms.some((form) => "unsaved" in form.dataset);
  for (const form of forms) {
    form.addEventListener("input", () => (touched = true));
    form.addEventListener("submit", () => (touched = false));
  }
  addEventListener("beforeunload", (event) => touched && event.preventDefault());
})();
