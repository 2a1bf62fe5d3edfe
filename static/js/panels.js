// Collapsible panels. The browser stores their state, and a style sheet applies it before the first paint, so that nothing
// jumps and no swap expands a panel. Loads roster.js on pages that need it.
"use strict";

(() => {
  const sheet = new CSSStyleSheet();
  const store = localStorage;
  const folded = new Set(store.getItem("folded")?.split(" "));
  document.adoptedStyleSheets.push(sheet);

  function show() {
    const rules = [...folded].map((name) => `[data-panel="${name}"] > :not(header) { display: none }`);
    // hide a roster until it is sorted
    if (store.sorted && !window.sortRoster) rules.push("#people-here { visibility: hidden }");
    sheet.replaceSync(`@media screen { ${rules.join("")} }`);
    for (const header of document.querySelectorAll("[data-panel] > header")) {
      const panel = header.parentNode;
      let button = header.querySelector(".panel-fold");
      if (!button && header.nextSibling) { // the header is completely parsed
        button = document.createElement("button");
        button.className = "panel-fold";
        button.id = `fold-${panel.id}`;
        button.dataset.own = panel.id; // morph.js keeps it
        button.setAttribute("aria-labelledby", `${panel.id}-title`);
        header.append(button);
      }
      button?.setAttribute("aria-expanded", !folded.has(panel.id));
    }
    if (!window.sortRoster && (store.sorted || document.querySelector("[data-late]"))) more();
  }

  function more() {
    const needs = document.querySelector("[data-script]");
    if (window.sortRoster) window.sortRoster();
    else if (needs) import(needs.dataset.script).then(show);
  }
  const on = document.addEventListener.bind(document);
  const watch = new MutationObserver(show);
  watch.observe(document, { childList: true, subtree: true });
  on("DOMContentLoaded", () => watch.disconnect());
  on("live:changed", show);
  on("change", ({ target }) => {
    if (!target.dataset.script) return;
    store.sorted = target.value;
    more();
  });
  on("click", ({ target }) => {
    const name = target.dataset.own;
    if (name && !folded.has(name)) folded.add(name);
    else if (!folded.delete(name || target.hash?.slice(1))) return;
    store.setItem("folded", [...folded].join(" "));
    show();
  });
})();
