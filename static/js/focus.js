// Keep the focus. If the focused element is removed, hidden or temporarily disabled, the focus returns to it or moves to
// the nearest element. The page does not scroll back if the person has scrolled away.
"use strict";

(() => {
  const CAN = ":is(a[href], button, input, select, textarea, summary, [tabindex='0']):not(:disabled, [aria-hidden])"; // the Tab key does not reach all of them
  const isThere = (element) =>
    element.isConnected && element.checkVisibility({ visibilityProperty: true }) && !element.matches(":disabled");
  // returns whether the element took the focus: inert ones, for example, do not
  const give = (element) => {
    element?.focus({ preventScroll: true });
    return Boolean(element) && document.activeElement === element;
  };
  let held = null;
  let trail = [];
  let top = 0; // its position in the page

  const within = (place) => [...place.querySelectorAll(CAN)].filter(isThere);

  // the ancestors of an element that have an id, nearest first, each with the element's index inside it
  window.trailOf = (element) => {
    const trail = [];
    for (let one = element; one; one = one.parentElement) if (one.id) trail.push([one.id, within(one).indexOf(element)]);
    return trail;
  };

  // focus the element at the same place; in a form with errors, the first invalid field
  window.focusNear = (trail) => {
    for (const [id, at] of trail) {
      const place = document.getElementById(id);
      if (!place) continue;
      if (place.matches(CAN) && isThere(place) && give(place)) return;
      const inside = within(place);
      if (give(inside.find((one) => one.matches("[aria-invalid='true']")) || inside[at] || inside.at(-1))) return;
    }
    give(document.querySelector("#main"));
  };

  function note(element) {
    held = element;
    trail = window.trailOf(element);
    top = element.getBoundingClientRect().top + scrollY;
  }

  document.addEventListener("focusin", ({ target }) => note(target));
  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    // the person moved the focus; a removed element is gone by now, a moved one has the focus again
    const left = () => held === target && isThere(target) && document.activeElement !== target;
    if (!relatedTarget) queueMicrotask(() => left() && (held = null));
  });

  function keep() {
    const now = document.activeElement;
    if (now && now !== document.body && isThere(now)) note(now);
    else if (held && isThere(held) && give(held)) return;
    else if (held && !(held.isConnected && held.matches("[data-disabled-by-htmx]"))) {
      const wasSeen = top > scrollY && top < scrollY + innerHeight;
      window.focusNear(trail);
      if (wasSeen) document.activeElement.scrollIntoView({ block: "nearest" });
    }
  }

  for (const name of ["live:changed", "htmx:afterSettle", "htmx:afterRequest"]) document.addEventListener(name, keep);
})();
