// What scripts say, in the page's language: the server has written it into the page (web/script_texts.py).
"use strict";

(() => {
  const known = JSON.parse(document.querySelector("#words").textContent);
  const rules = new Intl.PluralRules(document.documentElement.lang || undefined);

  // words("old", { age: "12 s" }); of sentences with a number, `count` chooses the form
  window.words = (key, values = {}) => {
    let said = known[key];
    if (typeof said === "object") said = said[rules.select(values.count)] ?? said.other;
    return said.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  };
})();
