// Announce changes to screen readers: a few sentences at a time, and only while the page is visible. A button pauses
// the announcements; the browser stores that.
"use strict";

(() => {
  const COLLECT_MS = 1200;
  const MOST = 3; // more changes of one kind are announced as a number
  const KEY = "announcements-paused";
  const place = document.querySelector("#announcer");
  const button = document.querySelector("#quiet");
  let waiting = new Map(); // kind -> names
  let timer = 0;

  const paused = () => {
    try {
      return localStorage.getItem(KEY) === "yes";
    } catch {
      return false; // the browser blocks storage
    }
  };

  const KINDS = {
    hand: ["hand", "hands"],
    entered: ["entered", "entered_many"],
    left: ["left", "left_many"],
    classes: ["live", "live_many"],
    said: ["", "changes"],
  };

  function speak() {
    const sentences = [...waiting].map(([kind, names]) => {
      const [few, many] = KINDS[kind];
      if (names.length > MOST) return words(many, { count: names.length });
      const listed = names.join(words("list"));
      return few ? words(few, { names: listed }) : listed;
    });
    waiting = new Map();
    if (!document.hidden && !paused() && sentences.length) place.textContent = `${sentences.join(". ")}.`;
  }

  // collected for a moment, so that many arrivals become one sentence
  window.announce = (kind, name) => {
    if (document.hidden || paused()) return;
    waiting.set(kind, [...(waiting.get(kind) || []), name]);
    clearTimeout(timer);
    timer = setTimeout(speak, COLLECT_MS);
  };

  const nameOf = (row) => row.querySelector("th bdi, h3")?.textContent.trim() || "";

  // sent by morph.js for every inserted or changed row
  document.addEventListener("live:row", ({ detail: { list, row, known, before } }) => {
    if (list === "people-here") {
      if (!known || before.list === "people-gone") window.announce("entered", nameOf(row));
      if (row.classList.contains("hand-up") && !before?.hand) window.announce("hand", nameOf(row));
    } else if (list === "people-gone" && before?.list === "people-here") window.announce("left", nameOf(row));
    else if (list === "classes-live" && (!known || before.list !== list)) window.announce("classes", nameOf(row));
  });

  function show() {
    if (!button) return;
    button.setAttribute("aria-pressed", String(paused()));
    button.title = words(paused() ? "paused" : "pause");
  }

  button?.addEventListener("click", () => {
    try {
      localStorage.setItem(KEY, paused() ? "no" : "yes");
    } catch {
      return;
    }
    if (paused()) waiting = new Map();
    place.textContent = "";
    show();
  });
  show();
})();
