// The list of classes: tiles or rows, new alerts, keyboard shortcuts, and selecting classes. The view options are stored in a
// cookie, so that the server renders the page with them.
"use strict";

(() => {
  const $ = (selector, scope = document) => scope.querySelector(selector);
  const $$ = (selector, scope = document) => [...scope.querySelectorAll(selector)];
  const main = $("#main");
  const alerts = $("#alerts"); // morphing does not replace this element
  const title = document.title;
  const TILES = "#classes-live > .tile";
  const SOUND_EVERY_MS = 3000;

  const words = (element, count) => (count === 1 ? element.dataset.one : element.dataset.many.replace("%s", count));
  const put = (element, text) => element && element.textContent !== text && (element.textContent = text);
  const isShown = (element) => element.getClientRects().length > 0;

  // --- view options ------------------------------------------------------------------------------------------------------
  const told = document.cookie.split("; ").find((part) => part.startsWith("wall="));
  const choices = new Set((told || "").slice(5).split(".").filter(Boolean));

  function apply() {
    for (const name of ["rows", "only"]) main.classList.toggle(`wall-${name}`, choices.has(name));
    // a hidden page drops its stream, unless the person wants sounds or notifications
    if (window.live) window.live.awake = choices.has("sound") || choices.has("notes");
  }

  function choose(name, on) {
    choices[on ? "add" : "delete"](name);
    window.keepChoice("wall", [...choices].join("."));
    apply();
    look();
  }

  const mayNote = async () => "Notification" in window && (await Notification.requestPermission()) === "granted";

  $("#wall-choices").addEventListener("change", async ({ target }) => {
    const name = target.dataset.choice;
    if (name === "keys") return choose("nokeys", !target.checked);
    if (name === "notes" && target.checked) {
      target.checked = await mayNote();
      $("#wall-refused").hidden = target.checked;
    }
    choose(name, target.checked);
    if (name === "sound" && target.checked) beep();
  });

  // --- sound, generated without a file ----------------------------------------------------------------------------
  let audio = null;
  let lastBeep = -Infinity;

  function beep() {
    if (performance.now() - lastBeep < SOUND_EVERY_MS) return;
    audio ||= new AudioContext();
    if (audio.state === "suspended") audio.resume();
    lastBeep = performance.now();
    for (const [at, hertz] of [[0, 660], [0.16, 880]]) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = hertz;
      volume.gain.setValueAtTime(0.0001, audio.currentTime + at);
      volume.gain.exponentialRampToValueAtTime(0.2, audio.currentTime + at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + at + 0.15);
      tone.connect(volume).connect(audio.destination);
      tone.start(audio.currentTime + at);
      tone.stop(audio.currentTime + at + 0.16);
    }
  }
  // browsers allow sound only after the first interaction
  for (const touch of ["pointerdown", "keydown"]) {
    document.addEventListener(touch, () => choices.has("sound") && (audio ||= new AudioContext()).resume(), { once: true });
  }

  // --- new alerts ----------------------------------------------------------------------------------------------------
  let known = null; // id of a tile -> kinds of its alerts

  function look() {
    const now = new Map();
    const fresh = [];
    for (const tile of $$(TILES)) {
      const kinds = (tile.dataset.reasons || "").split(" ").filter(Boolean);
      const before = known?.get(tile.id) || [];
      if (known && kinds.some((kind) => !before.includes(kind))) fresh.push(tile);
      now.set(tile.id, kinds);
    }
    known = now;
    const count = Number(alerts.dataset.count); // of all classes, also of those that the list does not show
    const heading = count ? `(${count}) ${title}` : title;
    if (document.title !== heading) document.title = heading;
    // hidden classes cannot be selected
    for (const box of $$("input[form='bulk']:checked")) if (choosing && !isShown(box.parentNode)) box.checked = false;
    tally();
    if (fresh.length) tell(fresh);
  }

  const nameOf = (tile) => $("h3", tile).textContent.trim();
  const needOf = (tile) => $(".who", tile).textContent.trim().replace(/\s+/g, " ");

  function tell(tiles) {
    for (const tile of tiles.slice(0, 3)) window.announce?.("said", `${nameOf(tile)}: ${needOf(tile)}`);
    if (choices.has("sound")) beep();
    if (!choices.has("notes") || !("Notification" in window) || Notification.permission !== "granted") return;
    const one = tiles.length === 1;
    const head = one ? nameOf(tiles[0]) : $("#alerts-title").textContent.trim().replace(/\s+/g, " ");
    const body = one ? needOf(tiles[0]) : tiles.slice(0, 5).map(nameOf).join(", ");
    try {
      const note = new Notification(head, { body, tag: one ? tiles[0].id : "wall" });
      note.onclick = () => {
        window.focus();
        note.close();
        if (one) $("h3 a", tiles[0]).click();
      };
    } catch {
      // Android allows notifications only from a service worker
    }
  }

  // --- more tiles and all alerts ---------------------------------------------------------------------------------------
  let held = Number($("#more-tiles")?.dataset.tiles || 0);
  let allAlerts = false;

  function showMore() {
    const button = $("#alerts-all");
    main.classList.toggle("all-alerts", allAlerts && button !== null);
    button?.setAttribute("aria-expanded", allAlerts);
    const now = Number($("#more-tiles")?.dataset.tiles || 0);
    if (now <= held) return;
    held = window.live.more.tiles = now;
    window.live.renew();
  }

  document.addEventListener("click", ({ target }) => {
    if (!target.closest("#alerts-all")) return;
    allAlerts = !allAlerts;
    showMore();
  });

  // --- selecting classes -------------------------------------------------------------------------------------------------
  let choosing = false;
  const boxes = () => $$("input[form='bulk']");

  function tally() {
    const count = boxes().filter((box) => box.checked).length;
    if (!$("#bulk")) return; // the person may not send commands
    put($("#bulk-count"), words($("#bulk-count"), count));
    choosing ||= count > 0;
    main.classList.toggle("choosing", choosing);
  }

  document.addEventListener("change", ({ target }) => target.matches("input[form='bulk']") && tally());
  document.addEventListener("click", ({ target }) => {
    const what = target.closest("[data-choose]")?.dataset.choose;
    if (!what) return;
    choosing = what !== "none";
    main.classList.toggle("choosing", choosing); // shows the boxes
    if (what !== "start") for (const box of boxes()) box.checked = choosing && isShown(box.parentNode);
    tally();
    if (what === "start") $("[data-choose='all']").focus();
    if (what === "none") $("#choose")?.focus();
  });

  // --- keyboard shortcuts -------------------------------------------------------------------------------------------------------------
  const rowOf = (element) => element?.closest?.(".tile, .line");

  function move(by) {
    const links = $$(":is(.tile, .line) h3 a").filter(isShown);
    const here = links.indexOf($("h3 a", rowOf(document.activeElement) || document.createElement("p")));
    const next = links[here < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(here + by, 0), links.length - 1)];
    next?.focus();
    rowOf(next)?.scrollIntoView({ block: "nearest" });
  }

  const KEYS = {
    "/": () => $("#q").select(),
    j: () => move(1),
    k: () => move(-1),
    x: () => $("input[form='bulk']", rowOf(document.activeElement) || document.createElement("p"))?.click(),
    s: () => $(".snooze", rowOf(document.activeElement) || document.createElement("p"))?.click(),
    "?": () => $("#wall-keys").click(),
  };

  document.addEventListener("keydown", (event) => {
    const writes = event.target.closest("input:not([type='checkbox'], [type='radio']), textarea, select, [contenteditable]");
    const busy = event.ctrlKey || event.metaKey || event.altKey || event.isComposing || writes || $("dialog[open]");
    if (busy || choices.has("nokeys") || !Object.hasOwn(KEYS, event.key)) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  document.addEventListener("live:changed", () => {
    look();
    showMore();
  });
  apply();
  look();
})();
