// The search in the roster, on the pages of a class. Loaded by panels.js, and part of replay.js.
import "./search_key.js";

(() => {
  const $ = (selector, scope = document) => scope.querySelector(selector);

  // load the rest of a long roster first, so that the search covers everyone
  function find() {
    const input = $("[data-find]");
    if (!input) return;
    const wanted = window.searchKey(input.value);
    if (wanted) for (const rest of document.querySelectorAll("[data-rest]")) htmx.trigger(rest, "live:rest");
    const counts = input.dataset.find.split(",").map((place) => {
      const rows = [...document.querySelectorAll(`${place} > tr`)];
      for (const row of rows) row.hidden = wanted !== "" && !window.matchesSearch(wanted, $("bdi", row)?.textContent || "");
      return rows.filter((row) => !row.hidden).length;
    });
    showFound(input, wanted, counts);
  }

  // say how many people who left match, or that there is no match; open the list of those who left only if nobody else matches
  function showFound(input, wanted, [here, gone]) {
    const fold = $("#people-gone-fold");
    const opens = wanted !== "" && here === 0 && gone > 0;
    if (fold && opens !== "found" in fold.dataset) {
      if (opens) fold.dataset.found = "";
      else delete fold.dataset.found;
      fold.open = opens;
    }
    let note = $("#find-result");
    if (!note) {
      note = Object.assign(document.createElement("p"), { id: "find-result", className: "find-result" });
      note.setAttribute("role", "status");
      input.closest("section").querySelector(".roster").before(note);
    }
    const said = wanted === "" ? "" : gone ? words("left_match", { count: gone }) : here ? "" : words("no_match");
    note.hidden = said === "";
    if (note.dataset.said === said + input.value) return;
    note.dataset.said = said + input.value;
    note.textContent = said;
    if (said === "" || gone) return;
    const link = document.createElement("a");
    link.href = `${document.documentElement.dataset.root}search/?q=${encodeURIComponent(input.value)}`;
    link.textContent = words("search_all");
    note.append(" ", link);
  }
  document.addEventListener("input", ({ target }) => target.matches("[data-find]") && find());
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.elt.matches("[data-rest]") && detail.triggeringEvent?.type === "live:rest") detail.parameters.set("all", "1");
  });

  for (const name of ["htmx:afterSettle", "live:changed"]) document.addEventListener(name, find);
  find();
})();
