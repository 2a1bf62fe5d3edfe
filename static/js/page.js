// What a page does by itself: tell how old it is, dialogs, menus, copying, finding. How it stays up to date: stream.js.
"use strict";

(() => {
  const FRESH_S = 10;
  const STALE_S = 60;
  const $ = (selector, scope = document) => scope.querySelector(selector);

  // --- how old what we show is --------------------------------------------------------------------------------------
  let polledAt = null; // on this browser's own clock that never goes back
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

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (link) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (link.getAttribute("aria-disabled") !== "true") open(link);
    } else if (event.target.closest("[data-dismiss]") || event.target === dialog) dialog.close();
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

  // a field that belongs to one of several choices chooses it
  document.addEventListener("input", ({ target }) => {
    if (target.dataset.chooses) $(target.dataset.chooses).checked = true;
  });

  // what only some dialogs need comes with the first of them
  function load({ dataset: { script } }) {
    if (document.querySelector(`script[src="${script}"]`)) return;
    document.head.append(Object.assign(document.createElement("script"), { src: script }));
  }

  dialog.addEventListener("close", () => {
    if (!sending) $("#dialog-body").replaceChildren();
    const back = opener?.id && document.getElementById(opener.id);
    const same = `a[data-dialog][href="${CSS.escape(opener?.href || "")}"]`; // a row may have several
    const place = back?.matches("a, button") ? back : back?.querySelector(same) || back?.querySelector("a[data-dialog]");
    if (place?.checkVisibility()) place.focus({ preventScroll: true });
    else window.focusNear(opener?.trail || []);
    document.activeElement.scrollIntoView({ block: "nearest" }); // what was done may have moved it
  });
  document.addEventListener("live:commanded", () => dialog.open && dialog.close());

  // A cloud that takes its time does not hold the dialog open: the page says "requested" meanwhile. What was wrong in
  // the form brings the dialog back as it was.
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

  // The stream may have taken away the button that asked before its answer comes: the answer then goes to
  // the page. (Heard of here because the target of all that ask is never taken away.)
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.swapOverride !== "none" || detail.requestConfig.elt.isConnected) return;
    detail.shouldSwap = false;
    htmx.swap(document.body, detail.serverResponse, { swapStyle: "none" }, { contextElement: document.body });
  });

  // --- a pressed button says so at once, before the cloud has answered ------------------------------------------------
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

  // a sentence that cannot be missed: in the dialog where one is open, else on top of the page
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

  // --- a menu closes on a click elsewhere, when the focus goes elsewhere, and on Escape ----------------------------------
  // A press never closes a menu before it ends. A press on the words of a label moves the focus to #main first: hiding
  // the label at that moment crashes Chromium's tab, and hiding a menu may move what is being pressed.
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

  // --- what is loaded when it is opened --------------------------------------------------------------------------------
  document.addEventListener("toggle", ({ target }) => {
    if (!target.open || !target.dataset?.load || "loaded" in target.dataset) return;
    target.dataset.loaded = "";
    htmx.ajax("GET", target.dataset.load, { target: target.dataset.into, swap: "innerHTML" }).then(() => writeTimes(target));
  }, true);

  // --- copying ---------------------------------------------------------------------------------------------------------
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
      copied = document.execCommand("copy"); // without https the newer way is closed
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

  // --- finding somebody in the roster ------------------------------------------------------------------------------------
  // who looks for somebody looks among all: the rest of a long roster is loaded first
  function find() {
    const input = $("[data-find]");
    if (!input) return;
    const wanted = input.value.trim().toLocaleLowerCase();
    if (wanted) for (const rest of document.querySelectorAll("[data-rest]")) htmx.trigger(rest, "live:rest");
    for (const row of document.querySelectorAll(`:is(${input.dataset.find}) > tr`)) {
      row.hidden = wanted !== "" && !$("th", row).textContent.toLocaleLowerCase().includes(wanted);
    }
  }
  document.addEventListener("input", ({ target }) => target.matches("[data-find]") && find());
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.elt.matches("[data-rest]") && detail.triggeringEvent?.type === "live:rest") detail.parameters.set("all", "1");
  });

  // --- the chat stays at its end unless one has scrolled up ----------------------------------------------------------------
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
