// The focus is not lost. Where what had it is taken away, hidden, or was disabled while it acted, the focus comes back,
// or goes to what stands nearest. Who has scrolled elsewhere meanwhile stays there.
"use strict";

(() => {
  const CAN = ":is(a[href], button, input, select, textarea, summary, [tabindex='0']):not(:disabled, [tabindex='-1'])";
  const isThere = (element) =>
    element.isConnected && element.checkVisibility({ visibilityProperty: true }) && !element.matches(":disabled");
  // whether it was taken: what is inert, for one, does not
  const give = (element) => {
    element?.focus({ preventScroll: true });
    return Boolean(element) && document.activeElement === element;
  };
  let held = null;
  let trail = [];
  let top = 0; // where it was in the page

  const within = (place) => [...place.querySelectorAll(CAN)].filter(isThere);

  // how to find one's way back: what is around an element and has an id, nearest first; and its place in there
  window.trailOf = (element) => {
    const trail = [];
    for (let one = element; one; one = one.parentElement) if (one.id) trail.push([one.id, within(one).indexOf(element)]);
    return trail;
  };

  // to what stands in the same place now; in what came back from the server, to what is wrong in it
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
    // somebody went elsewhere; what is taken away is gone by then, and what is moved has it again
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
