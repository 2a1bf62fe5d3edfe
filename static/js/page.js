// What every page does: show the age of its data, dialogs, menus, copy, search. Live updates are in stream.js.
"use strict";

(() => {
  const FRESH_S = 10;
  const STALE_S = 60;
  const $ = (selector, scope = document) => scope.querySelector(selector);

  // --- age of the data --------------------------------------------------------------------------------------
  let polledAt = null; // on the browser's monotonic clock
  let reached = true;
  let failing = "";

  function polled(age, error) {
    reached = true;
    failing = error || "";
    polledAt = age === null || age === "" || age === undefined ? null : performance.now() - Number(age) * 1000;
    freshness();
  }

  function unreachable() {
    reached = false;
    freshness();
  }

  function freshness() {
    const chip = $("#freshness");
    if (!chip) return;
    const age = polledAt === null ? null : Math.max(0, Math.round((performance.now() - polledAt) / 1000));
    const long = age !== null && age >= 120 ? words("minutes", { minutes: Math.floor(age / 60) }) : words("seconds", { seconds: age });
    let state = "fresh";
    let said = words("fresh");
    if (age === null) [state, said] = ["none", words("none")];
    else if (age >= STALE_S) [state, said] = ["stale", words("stale", { age: long })];
    else if (age >= FRESH_S) [state, said] = ["old", words("old", { age: long })];
    if (!reached) [state, said] = ["stale", age === null ? words("offline") : words("offline_for", { age: long })];
    if (failing && state === "fresh") [state, said] = ["old", words("trouble")];
    if (chip.dataset.fresh !== state) chip.dataset.fresh = state;
    chip.title = failing || words("answered");
    const place = $("[data-words]", chip);
    if (place.textContent !== said) place.textContent = said;
  }

  document.addEventListener("live:polled", ({ detail }) => polled(detail.age, detail.trouble));
  document.addEventListener("live:unreachable", unreachable);
  document.addEventListener("live:ended", () => say(words("not_open")));

  // --- the dialog ---------------------------------------------------------------------------------------------------
  const dialog = $("#dialog");
  let opener = null;
  let began = null; // the element where a press began: text selected in a dialog may end outside of it
  document.addEventListener("mousedown", ({ target }) => (began = target), true);

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (link) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (link.getAttribute("aria-disabled") !== "true") open(link);
    } else if (event.target.closest("[data-dismiss]") || (event.target === dialog && began === dialog)) dialog.close();
  });

  async function open(link) {
    const href = link.getAttribute("href");
    if (!dialog.open) opener = { id: link.id || link.closest("[id]")?.id, href, trail: window.trailOf(link) };
    await htmx.ajax("GET", href, { target: "#dialog-body", swap: "innerHTML" });
    if (!$("#dialog-title", dialog)) return;
    dialog.querySelectorAll("[data-script]").forEach(load);
    writeTimes(dialog);
    if (dialog.open) $("[data-dismiss]", dialog)?.focus();
    else dialog.showModal();
  }

  // typing in a field of a radio choice selects the choice
  document.addEventListener("input", ({ target }) => {
    if (target.dataset.chooses) $(target.dataset.chooses).checked = true;
  });

  // load a dialog's script with the first dialog that needs it
  function load({ dataset: { script } }) {
    if (document.querySelector(`script[src="${script}"]`)) return;
    document.head.append(Object.assign(document.createElement("script"), { src: script }));
  }

  dialog.addEventListener("close", () => {
    if (!sending) $("#dialog-body").replaceChildren();
    const back = opener?.id && document.getElementById(opener.id);
    const same = `a[data-dialog][href="${CSS.escape(opener?.href || "")}"]`; // a row may have several links
    const place = back?.matches("a, button") ? back : back?.querySelector(same) || back?.querySelector("a[data-dialog]");
    if (place?.checkVisibility()) place.focus({ preventScroll: true });
    else window.focusNear(opener?.trail || []);
    document.activeElement.scrollIntoView({ block: "nearest" }); // it may have moved
  });
  document.addEventListener("live:commanded", () => dialog.open && dialog.close());

  // A slow answer does not keep the dialog open: the page shows "requested" meanwhile. If the form has errors, the dialog
  // opens again.
  let sending = 0;

  function isDialogPost(detail) {
    return detail.requestConfig?.verb === "post" && detail.requestConfig.target?.id === "dialog-body";
  }

  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.requestConfig.verb === "post") setTimeout(window.live.poll, 250);
    if (!isDialogPost(detail)) return;
    sending = setTimeout(() => dialog.close(), 600);
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!isDialogPost(detail) || !sending) return;
    clearTimeout(sending);
    sending = 0;
    const wrong = detail.xhr.status === 422;
    if (wrong && !dialog.open) {
      dialog.showModal();
      $("[aria-invalid='true']", dialog)?.focus();
    }
    if (!wrong && !dialog.open) $("#dialog-body").replaceChildren();
  });

  // The stream may have removed the button before the response arrives: swap it into the body then. (The event arrives
  // here because the target of all such requests is never removed.)
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.swapOverride !== "none" || detail.requestConfig.elt.isConnected) return;
    detail.shouldSwap = false;
    htmx.swap(document.body, detail.serverResponse, { swapStyle: "none" }, { contextElement: document.body });
  });

  // --- a pressed button shows it at once, before the response ------------------------------------------------
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    const button = detail.elt.matches("form") && $("button.primary, button.button:not(.plain)", detail.elt);
    if (!button) return;
    button.setAttribute("aria-busy", "true");
    const strip = $(".last-command");
    if (strip && detail.requestConfig.verb === "post" && !dialog.open) strip.textContent = words("requested", { what: button.textContent.trim() });
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
    const failed = !window.live.isPoll?.(detail) && !detail.successful && detail.xhr.status !== 422;
    if (failed) say(problem(detail.xhr.status));
  });

  function problem(status) {
    if (status === 0) return words("unreachable");
    if (status === 404) return words("not_there");
    if (status === 403) return words("signed_out");
    return words("went_wrong");
  }

  // show an error in the open dialog, else at the top of the page
  function say(sentence) {
    const place = dialog.open ? $("#dialog-body") : $("#refusal") || $("#main");
    const note = document.createElement("p");
    note.className = "notice bad";
    note.setAttribute("role", "alert");
    note.textContent = sentence;
    place.querySelector(":scope > .notice[data-said]")?.remove();
    note.dataset.said = "";
    place.prepend(note);
  }

  // --- close a menu on a click outside, when the focus leaves it, and on Escape ----------------------------------
  // A press never closes a menu before it ends. A press on a label moves the focus to #main first: hiding the label at
  // that moment crashes Chromium's tab, and hiding a menu may move the pressed element.
  let pressing = false;
  document.addEventListener("mousedown", () => (pressing = true), true);
  for (const end of ["mouseup", "dragend", "keydown"]) document.addEventListener(end, () => (pressing = false), true);

  function closeOtherMenus({ target }) {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(target)) menu.open = false;
  }
  document.addEventListener("click", closeOtherMenus);
  document.addEventListener("focusin", (event) => pressing || closeOtherMenus(event));
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && $("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    $("summary", menu).focus();
  });

  // --- load details when they are opened --------------------------------------------------------------------------------
  document.addEventListener("toggle", ({ target }) => {
    if (!target.open || !target.dataset?.load || "loaded" in target.dataset) return;
    target.dataset.loaded = "";
    htmx.ajax("GET", target.dataset.load, { target: target.dataset.into, swap: "innerHTML" });
  }, true);

  // --- copy ---------------------------------------------------------------------------------------------------------
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-copy]");
    if (!button) return;
    const input = $(button.dataset.copy);
    input.select();
    let copied = false;
    try {
      await navigator.clipboard.writeText(input.value);
      copied = true;
    } catch {
      copied = document.execCommand("copy"); // the clipboard API needs https
    }
    const label = $("span", button);
    const before = label.textContent;
    label.textContent = copied ? button.dataset.copied : words("copy_by_hand");
    announce(label.textContent);
    setTimeout(() => (label.textContent = before), 2500);
  });

  function announce(sentence) {
    $("#announcer").textContent = sentence;
  }

  // --- search in the roster ------------------------------------------------------------------------------------
  // load the rest of a long roster first, so that the search covers everyone
  function find() {
    const input = $("[data-find]");
    if (!input) return;
    const wanted = window.searchKey(input.value);
    if (wanted) for (const rest of document.querySelectorAll("[data-rest]")) htmx.trigger(rest, "live:rest");
    for (const row of document.querySelectorAll(`:is(${input.dataset.find}) > tr`)) {
      row.hidden = wanted !== "" && !window.matchesSearch(wanted, $("th", row).textContent);
    }
  }
  document.addEventListener("input", ({ target }) => target.matches("[data-find]") && find());
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.elt.matches("[data-rest]") && detail.triggeringEvent?.type === "live:rest") detail.parameters.set("all", "1");
  });

  // --- keep the chat scrolled to its end, unless the person has scrolled up ----------------------------------------------------------------
  let follows = true;
  const scroller = $("[data-sticky]");
  const toEnd = () => scroller && follows && (scroller.scrollTop = scroller.scrollHeight);
  scroller?.addEventListener("scroll", () => {
    follows = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 48;
  }, { passive: true });

  for (const name of ["htmx:afterSettle", "live:changed"]) {
    document.addEventListener(name, () => {
      find();
      toEnd();
    });
  }

  const chip = $("#freshness");
  if (chip) {
    polled(chip.dataset.age, chip.dataset.error);
    setInterval(freshness, 1000);
  }
  toEnd();
})();
