// Texts for scripts in the page's language, which the server writes into the page (web/script_texts.py).
"use strict";

(() => {
  const known = JSON.parse(document.querySelector("#words").textContent);
  const rules = new Intl.PluralRules(document.documentElement.lang || undefined);

  // words("old", { age: "12 s" }); `count` selects the plural form
  window.words = (key, values = {}) => {
    let said = known[key];
    if (typeof said === "object") said = said[rules.select(values.count)] ?? said.other;
    return said.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  };
})();
