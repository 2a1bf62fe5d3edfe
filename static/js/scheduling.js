// The form of a new class: link the server's errors to their fields for assistive technology.
"use strict";

(() => {
  document.addEventListener("htmx:afterSettle", () => {
    for (const place of document.querySelectorAll("[data-wrong]")) {
      for (const input of document.querySelectorAll(`[data-planning] [name="${place.dataset.wrong}"]`)) {
        const wrong = place.childElementCount > 0;
        input.toggleAttribute("aria-invalid", wrong);
        if (!wrong) continue;
        input.setAttribute("aria-invalid", "true");
        input.setAttribute("aria-errormessage", place.id);
      }
    }
  });
})();
