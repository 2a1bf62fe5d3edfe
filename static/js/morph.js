// Two htmx swap styles that do not disturb the person who works in the page:
//   morph   change only what differs: open menus, focus, scroll position and typed text stay
//   upsert  for rows with an id: morph known ones, insert new ones by data-order, move moved ones, delete those with
//           data-gone (upsert-quietly: the same for rows that were only not loaded yet, without announcing them)
"use strict";

(() => {
  // state that the person controls: a fragment does not overwrite it
  const THEIRS = { DETAILS: ["open"], DIALOG: ["open"], INPUT: ["value", "checked"], TEXTAREA: [], OPTION: ["selected"] };

  function syncAttributes(old, fresh) {
    const theirs = THEIRS[old.tagName] || [];
    for (const { name } of [...old.attributes]) {
      const busy = name === "class" && old.classList.contains("htmx-request");
      if (!fresh.hasAttribute(name) && !theirs.includes(name) && !busy) old.removeAttribute(name);
    }
    for (const { name, value } of [...fresh.attributes]) {
      if (!theirs.includes(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
  }

  const key = (node) => (node.nodeType === Node.ELEMENT_NODE && node.id ? node.id : null);
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && key(a) === key(b);

  function morph(old, fresh, added) {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    if (old.isEqualNode(fresh)) return;
    syncAttributes(old, fresh);
    if (old.hasAttribute("data-keep")) return; // its content was inserted by a script
    const keyed = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
    let here = old.firstChild;
    for (const child of [...fresh.childNodes]) {
      const known = key(child) && keyed.get(key(child));
      if (known && known.nodeName === child.nodeName) {
        if (known === here) here = here.nextSibling;
        else old.insertBefore(known, here);
        morph(known, child, added);
      } else if (here && !key(child) && alike(here, child)) {
        const next = here.nextSibling;
        morph(here, child, added);
        here = next;
      } else {
        old.insertBefore(child, here);
        added.push(child);
      }
    }
    while (here) {
      const next = here.nextSibling;
      if (!here.dataset || !("own" in here.dataset)) here.remove(); // data-own: inserted by our scripts
      here = next;
    }
  }

  function place(container, row) {
    const order = row.dataset.order || "";
    const down = container.hasAttribute("data-newest-first");
    const sorted = container.compareRows; // a list that the person has sorted (roster.js)
    const later = (other) => (down ? (other.dataset.order || "") < order : (other.dataset.order || "") > order);
    const follows = (other) => (sorted ? sorted(other, row) > 0 : later(other));
    let before = null;
    for (let other = container.lastElementChild; other; other = other.previousElementSibling) {
      if (other === row) continue;
      if (!follows(other)) break;
      before = other;
    }
    const isThere = row.parentNode === container && (row.nextElementSibling === before);
    if (!isThere) container.insertBefore(row, before);
  }

  const tell = (container, row, more) =>
    document.dispatchEvent(new CustomEvent("live:row", { detail: { list: container.id, row, ...more } }));

  function upsert(container, fragment, added, quietly) {
    for (const row of [...fragment.children]) {
      const known = row.id && document.getElementById(row.id);
      if ("gone" in row.dataset) known?.remove();
      else if (known) {
        const moved = known.dataset.order !== row.dataset.order || known.parentNode !== container;
        const held = document.activeElement;
        const holds = moved && known.contains(held);
        const before = { list: known.parentNode?.id, hand: known.classList.contains("hand-up") };
        morph(known, row, added);
        if (moved) place(container, known);
        if (holds && document.contains(held)) held.focus({ preventScroll: true });
        if (!quietly) tell(container, known, { known: true, before });
      } else {
        place(container, row);
        added.push(row);
        if (!quietly) tell(container, row, { known: false });
      }
    }
  }

  // one event for all changes of a message or response; htmx has none for custom swap styles
  let telling = false;

  function changed() {
    if (telling) return;
    telling = true;
    queueMicrotask(() => {
      telling = false;
      document.dispatchEvent(new CustomEvent("live:changed"));
    });
  }

  htmx.defineExtension("morph", {
    isInlineSwap: (style) => style === "morph",
    handleSwap(style, target, fragment) {
      if (!["morph", "upsert", "upsert-quietly"].includes(style)) return false;
      const added = [];
      window.writeTimes?.(fragment);
      if (style === "morph") morph(target, fragment.firstElementChild, added);
      else upsert(target, fragment, added, style === "upsert-quietly");
      changed();
      return added.filter((node) => node.nodeType === Node.ELEMENT_NODE);
    },
  });
})();
