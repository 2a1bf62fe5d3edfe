// Sort the roster, and show commands that the cloud has not confirmed in time. Loaded by panels.js.
const select = () => document.querySelector("#sort-people");
const collator = new Intl.Collator(document.documentElement.lang || undefined, { sensitivity: "base", numeric: true });
const text = (row) => row.querySelector("th bdi")?.textContent ?? "";
const time = (row, place) => row.querySelector(`${place} time`)?.dateTime || "9";
const BY = {
  name: () => 0,
  hand: (a, b) => (time(a, ".p-hand") < time(b, ".p-hand") ? -1 : Number(time(a, ".p-hand") > time(b, ".p-hand"))),
  time: (a, b) => (time(a, ".p-since") < time(b, ".p-since") ? -1 : Number(time(a, ".p-since") > time(b, ".p-since"))),
  role: (a, b) => a.dataset.order.charCodeAt(0) - b.dataset.order.charCodeAt(0),
};

// morph.js inserts later rows with the same comparison.
window.sortRoster = () => {
  const rows = document.querySelector("#people-here");
  const by = BY[localStorage.sorted];
  if (select()) select().value = by ? localStorage.sorted : "";
  if (!rows) return;
  rows.compareRows = by && ((a, b) => by(a, b) || collator.compare(text(a), text(b)));
  const usual = (a, b) => (a.dataset.order < b.dataset.order ? -1 : 1);
  const held = document.activeElement;
  rows.append(...[...rows.children].sort(rows.compareRows || usual));
  if (rows.contains(held)) held.focus({ preventScroll: true });
  // sorting needs the whole roster: load the rest first
  if (by) for (const rest of document.querySelectorAll("[data-rest]")) htmx.trigger(rest, "live:rest");
};

function tick() {
  const now = window.cloudNow?.() ?? Date.now();
  for (const element of document.querySelectorAll("[data-late]")) element.hidden = new Date(element.dataset.late) > now;
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", window.sortRoster);
window.sortRoster();
tick();
setInterval(tick, 1000);
document.addEventListener("live:changed", () => {
  tick();
  // a roster that was sent whole is in default order
  const rows = document.querySelector("#people-here");
  const all = [...(rows?.children ?? [])];
  if (rows?.compareRows && all.some((row, at) => at && rows.compareRows(all[at - 1], row) > 0)) window.sortRoster();
});
