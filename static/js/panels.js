// The class page: choose a panel, move through the roster and the panels with keys, and show the outcome of a command.
(() => {
  const $ = (selector) => document.querySelector(selector);
  const on = document.addEventListener.bind(document);
  const isShown = (element) => element.getClientRects().length > 0;
  const main = $("#main");
  const rail = $(".rail");
  const more = $(".more");
  const store = localStorage;

  // --- the chosen panel: the server renders the page with it, so it is stored in a cookie ----------------------
  const links = () => [...rail.querySelectorAll("a")].filter((link) => isShown(link.parentNode));
  const nameOf = (link) => new URLSearchParams(link.search).get("show");

  function mark() {
    for (const link of rail.querySelectorAll("a")) {
      if (isShown(document.getElementById(nameOf(link)))) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    if (isShown($("#chat"))) unread(0);
  }

  function show(name) {
    main.dataset.show = name;
    window.keepChoice("panel", name);
    history.replaceState(history.state, "", `?show=${name}`);
    more.setAttribute("aria-expanded", "false");
    mark();
  }

  rail.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (event.target.closest(".more")) more.setAttribute("aria-expanded", more.getAttribute("aria-expanded") !== "true");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(nameOf(link));
    if (!isShown(link)) more.focus(); // it was in the menu
  });
  window.addEventListener("resize", mark);

  function unread(count) {
    const badge = $("#count-chat");
    badge.textContent = count || "";
    badge.hidden = !count;
  }

  on("live:row", ({ detail: { list, known } }) => {
    if (list === "chat-log" && !known && !isShown($("#chat"))) unread(Number($("#count-chat").textContent) + 1);
  });

  // --- new rows are counted for a person who has scrolled away from them ------------------------------------------------
  function newer(box, count) {
    const button = box.parentNode.querySelector(":scope > .newer");
    if (!button) return;
    box.newer = count;
    button.hidden = !count;
    button.textContent = window.words("newer", { count });
  }

  // at the newest row, scrollTop is 0: above the end of the chat it is negative
  on("scroll", ({ target }) => target.matches?.(".scroll") && Math.abs(target.scrollTop) < 48 && newer(target, 0), true);
  on("live:row", ({ detail: { row, known } }) => {
    const box = row.closest(".scroll");
    if (!known && box?.scrollTop && row.checkVisibility()) newer(box, (box.newer || 0) + 1);
  });
  on("click", ({ target }) => {
    if (!target.matches(".newer")) return;
    const box = target.previousElementSibling;
    box.scrollTop = 0;
    box.focus();
  });

  // --- the roster: the Tab key reaches one row, arrow keys move to the others -------------------------------------
  const controls = (row) => [...row.querySelectorAll("a, button")];
  const rowOf = (element) => element?.closest?.(".roster tbody > tr");

  function rove() {
    for (const rows of document.querySelectorAll(".roster tbody")) {
      if (rows.stop?.parentNode !== rows || rows.stop.hidden) rows.stop = [...rows.children].find((row) => !row.hidden && controls(row).length);
      for (const row of rows.children) {
        const index = row === rows.stop ? 0 : -1;
        for (const one of controls(row)) if (one.tabIndex !== index) one.tabIndex = index;
      }
    }
  }

  on("focusin", ({ target }) => {
    const row = rowOf(target);
    if (!row || row.parentNode.stop === row) return;
    row.parentNode.stop = row;
    rove();
  });

  function move(by) {
    const here = rowOf(document.activeElement);
    const rows = [...document.querySelectorAll(".roster tbody > tr:has(a)")].filter(isShown);
    const at = here ? rows.indexOf(here) + by : 0;
    const { key } = document.activeElement.dataset;
    const next = rows[Math.min(Math.max(at, 0), rows.length - 1)];
    if (next) (controls(next).find((one) => one.dataset.key === key) || controls(next)[0]).focus();
  }

  function across(by) {
    const all = controls(rowOf(document.activeElement));
    all[all.indexOf(document.activeElement) + by]?.focus();
  }

  const forward = document.dir === "rtl" ? -1 : 1;
  const IN_ROSTER = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    ArrowRight: () => across(forward),
    ArrowLeft: () => across(-forward),
    Home: () => move(-Infinity),
    End: () => move(Infinity),
  };
  const KEYS = {
    "/": () => {
      if (!isShown($("[data-find]"))) show("people");
      $("[data-find]").select();
    },
    j: () => move(1),
    k: () => move(-1),
    "?": () => $("#class-keys").click(),
  };

  on("keydown", (event) => {
    const { target, key } = event;
    const writes = target.closest("input:not([type='checkbox'], [type='radio']), textarea, select");
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || writes || $("dialog[open]")) return;
    // the person may turn off single keys in the list of classes
    const single = !document.cookie.includes("nokeys");
    const button = rowOf(target)?.querySelector(`[data-key="${CSS.escape(key)}"]`);
    const act = (button !== undefined && IN_ROSTER[key]) || (single && (KEYS[key] || (button && (() => button.click())) || (/^[1-9]$/.test(key) && (() => links()[key - 1]?.click()))));
    if (key === "Escape") {
      more.setAttribute("aria-expanded", "false");
      for (const note of document.querySelectorAll("#refusal > *, .messages > *")) note.remove();
    }
    if (!act) return;
    event.preventDefault();
    act();
  });

  // --- searching and sorting: roster_search.js and roster.js are loaded when they are needed ---------------------------
  const search = (input) => import(input.dataset.searchScript);
  on("focusin", ({ target }) => target.matches("[data-find]") && search(target));

  function sort() {
    if (window.sortRoster) window.sortRoster();
    else import($("[data-script]").dataset.script);
  }

  on("click", ({ target }) => {
    if (target.closest("#refusal, .messages")) target.closest(".notice")?.remove();
    const column = target.dataset.sort;
    if (!column) return;
    store.sorted = column === store.sorted ? "" : column;
    sort();
  });

  // --- the outcome of the person's last command, until it is final -------------------------------------------------------------
  let until = 0;
  let said = "";
  let timer = 0;

  on("htmx:beforeRequest", ({ detail }) => {
    if (detail.requestConfig.verb === "post") until = Date.now() + 20000;
  });

  function tell() {
    const now = $("#told .told")?.textContent.replace(/\s+/g, " ").trim() || "";
    if (now === said) return;
    said = now;
    if (Date.now() > until) return;
    $("#toast").textContent = now;
    $("#toast").hidden = false;
    clearTimeout(timer);
    timer = setTimeout(() => ($("#toast").hidden = true), 5000);
  }

  function changed() {
    rove();
    mark();
    tell();
    if (!window.sortRoster && (store.sorted || $("[data-late]"))) sort();
    const input = $("[data-find]");
    if (input?.value) search(input); // the browser restored its text
  }

  on("live:changed", changed);
  if (store.sorted) $("#people-here").style.visibility = "hidden"; // until roster.js has sorted it
  changed();
})();
