// What every page does: show the age of its data, dialogs, menus, copy. Live updates are in stream.js.
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
    if (reached) lostAt = performance.now();
    reached = false;
    freshness();
  }

  // one banner on every page; meanwhile figures and timers stand still (time.js) and are grey (freshness.css)
  const FAILING_S = 3; // a single failed request is not an outage
  const banner = $("#outage");
  let lostAt = 0;
  const lost = () => !reached && performance.now() - lostAt > FAILING_S * 1000;

  function outage(age) {
    if (!banner) return;
    const { after, silent, offline } = banner.dataset;
    const failed = failing && (age === null || age >= FAILING_S) ? failing : "";
    const said = lost() ? offline : failed || (age >= Number(after) ? silent : "");
    const place = $("[data-words]", banner);
    if (place.textContent !== said) place.textContent = said;
    if (banner.hidden === !said) return;
    banner.hidden = !said;
    const root = document.documentElement;
    if (said) root.dataset.outage = window.cloudNow() - (age || 0) * 1000;
    else delete root.dataset.outage;
    window.writeTimes(document);
  }

  // pages without a stream request the status
  const STATUS_MS = 4000;
  if (banner && !$("#stream")) {
    setInterval(async () => {
      if (document.hidden) return;
      try {
        const answer = await fetch(banner.dataset.status, { signal: AbortSignal.timeout(STATUS_MS) });
        if (answer.redirected) return; // signed out: the next click opens the sign-in page
        const { age, trouble } = await answer.json();
        polled(age, trouble);
      } catch {
        unreachable();
      }
    }, STATUS_MS);
  }

  function freshness() {
    const age = polledAt === null ? null : Math.max(0, Math.round((performance.now() - polledAt) / 1000));
    outage(age);
    const chip = $("#freshness");
    if (!chip) return;
    const long = age !== null && age >= 120 ? words("minutes", { minutes: Math.floor(age / 60) }) : words("seconds", { seconds: age });
    let state = "fresh";
    let said = words("fresh");
    if (age === null) [state, said] = ["none", words("none")];
    else if (age >= STALE_S) [state, said] = ["stale", words("stale", { age: long })];
    else if (age >= FRESH_S) [state, said] = ["old", words("old", { age: long })];
    if (lost()) [state, said] = ["stale", age === null ? words("offline") : words("offline_for", { age: long })];
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
    else if (event.target.closest("[data-print]")) print();
  });

  async function open(link) {
    const href = link.getAttribute("href");
    clearTimeout(sending);
    sending = 0;
    if (!dialog.open) opener = { id: link.id || link.closest("[id]")?.id, href, trail: window.trailOf(link) };
    await htmx.ajax("GET", href, { target: "#dialog-body", swap: "innerHTML" });
    if (!$("#dialog-title", dialog)) return;
    dialog.querySelectorAll("[data-script]").forEach(load);
    writeTimes(dialog);
    if (dialog.open) $("[data-dismiss]", dialog)?.focus();
    else show();
  }

  // The server answers a command with a question, which is in the dialog's body now.
  document.addEventListener("live:asked", () => {
    opener = { id: document.activeElement?.id, trail: window.trailOf(document.activeElement) };
    writeTimes(dialog);
    if (!dialog.open) show();
  });

  // typing in a field of a radio choice selects the choice
  document.addEventListener("input", ({ target }) => {
    if (target.dataset.chooses) $(target.dataset.chooses).checked = true;
  });

  // load a dialog's script with the first dialog that needs it
  function load({ dataset: { script } }) {
    if (document.querySelector(`script[src="${script}"]`)) return;
    document.head.append(Object.assign(document.createElement("script"), { src: script }));
  }

  // an on-screen keyboard covers the end of the window: keep the dialog above it
  const seen = window.visualViewport;
  function keepAboveKeyboard() {
    const covered = seen.scale > 1 ? 0 : Math.max(0, Math.round(innerHeight - seen.height - seen.offsetTop));
    dialog.style.setProperty("--covered", `${covered}px`);
  }
  for (const name of ["resize", "scroll"]) seen?.addEventListener(name, keepAboveKeyboard);

  // The browser gives the focus back to `before`, and the event arrives a frame later. A person who has moved on by then
  // keeps the focus.
  let before = null;
  const movedTo = (one) => one !== before && one !== document.body && one.id !== "main" && !dialog.contains(one) && one.checkVisibility();

  function show() {
    before = document.activeElement;
    dialog.showModal();
  }

  dialog.addEventListener("close", () => {
    if (!sending && !dialog.open) $("#dialog-body").replaceChildren();
    if (movedTo(document.activeElement)) return document.activeElement.scrollIntoView({ block: "nearest" });
    const back = opener?.id ? document.getElementById(opener.id) : null;
    const same = `a[data-dialog][href="${CSS.escape(opener?.href || "")}"]`; // a row may have several links
    const place = back?.matches("a, button") ? back : back?.querySelector(same) || back?.querySelector("a[data-dialog]");
    const menu = place?.closest(".menu:not([open])"); // it closed when the dialog opened
    const target = menu ? $("summary", menu) : place;
    if (target?.checkVisibility()) target.focus({ preventScroll: true });
    else window.focusNear(opener?.trail || []);
    document.activeElement.scrollIntoView({ block: "nearest" }); // it may have moved
  });
  // a command that was not given in this dialog leaves it open
  document.addEventListener("live:commanded", () => sending && dialog.open && dialog.close());

  // A slow answer does not keep the dialog open: the page shows "requested" meanwhile. If the form has errors or the
  // command fails, the dialog opens again and says why.
  let sending = 0;

  function isDialogPost(detail) {
    return detail.requestConfig?.verb === "post" && detail.requestConfig.target?.id === "dialog-body";
  }

  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.requestConfig.verb === "post") setTimeout(window.live.poll, 250);
    if (!isDialogPost(detail)) return;
    $("[data-problem]", dialog)?.replaceChildren();
    sending = setTimeout(() => dialog.close(), 600);
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!isDialogPost(detail) || !sending) return;
    clearTimeout(sending);
    sending = 0;
    const { status } = detail.xhr; // 0: no answer; 422: the form has errors
    const wrong = !status || status > 399 || detail.xhr.getResponseHeader("HX-Trigger")?.includes("live:failed");
    if (wrong && !dialog.open && $("#dialog-title", dialog)) {
      show();
      ($("[aria-invalid='true']", dialog) || $(".primary", dialog))?.focus();
    }
    if (!wrong && !dialog.open) $("#dialog-body").replaceChildren();
  });

  // The stream may have removed the button before the response arrives: swap it into the body then. (The event arrives
  // here because the target of all such requests is never removed.)
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { elt } = detail.requestConfig;
    const swapsNothing = detail.swapOverride === "none" || (!detail.swapOverride && elt.getAttribute("hx-swap") === "none");
    if (!swapsNothing || elt.isConnected) return;
    detail.shouldSwap = false;
    htmx.swap(document.body, detail.serverResponse, { swapStyle: "none" }, { contextElement: document.body });
  });

  // --- a pressed button looks busy immediately, before the response ------------------------------------------------
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    const pressed = detail.requestConfig.triggeringEvent?.submitter;
    const button = detail.elt.matches("button") ? detail.elt : detail.elt.matches("form") && (pressed || $("button.primary, button.button:not(.plain)", detail.elt));
    if (!button) return;
    button.setAttribute("aria-busy", "true");
    const strip = $(".last-command");
    if (strip && detail.requestConfig.verb === "post" && !dialog.open) strip.textContent = words("requested", { what: button.title || button.textContent.trim() });
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

  // show an error in the open dialog, beside its buttons if it has any, else at the top of the page
  function say(sentence) {
    const place = dialog.open ? $("[data-problem]", dialog) || $("#dialog-body") : $("#refusal") || $("#main");
    const note = document.createElement("p");
    note.className = "notice bad";
    note.setAttribute("role", "alert");
    note.textContent = sentence;
    place.querySelector(":scope > .notice[data-said]")?.remove();
    note.dataset.said = "";
    place.prepend(note);
  }

  // --- the search in the head: arrow keys move through the results, Escape closes them --------------------------------
  document.addEventListener("keydown", (event) => {
    const form = event.target.closest?.(".head-find");
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (!form || event.isComposing) return;
    if (event.key === "Escape") {
      $(".head-found", form).replaceChildren();
      $("input", form).focus();
    } else if (event.key in steps) {
      const stops = [$("input", form), ...form.querySelectorAll(".head-found a")];
      stops[Math.min(Math.max(stops.indexOf(event.target) + steps[event.key], 0), stops.length - 1)].focus();
      event.preventDefault();
    }
  });
  document.addEventListener("htmx:afterSwap", ({ target }) => target.id === "head-found" && writeTimes(target));

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

  const chip = $("#freshness");
  if (chip) polled(chip.dataset.age, chip.dataset.error);
  setInterval(freshness, 1000);
})();
