// Sort the roster, and show commands that the cloud has not confirmed in time. Loaded by panels.js.
const collator = new Intl.Collator(document.documentElement.lang || undefined, { sensitivity: "base", numeric: true });
const text = (row) => row.querySelector("th bdi")?.textContent ?? "";
const raised = (row) => row.querySelector(".p-hand time")?.dateTime || "9";
const has = (sign) => (a, b) => Boolean(b.querySelector(sign)) - Boolean(a.querySelector(sign));
const BY = {
  name: () => 0,
  hand: (a, b) => (raised(a) < raised(b) ? -1 : Number(raised(a) > raised(b))),
  stage: has("td:nth-child(3) :is(.on, .set)"),
  mic: has(".mic"),
  cam: has(".cam"),
  chat: has(".c-chat .off"),
};

// morph.js inserts later rows with the same comparison.
window.sortRoster = () => {
  const rows = document.querySelector("#people-here");
  if (!rows) return;
  const by = BY[localStorage.sorted];
  for (const button of document.querySelectorAll("[data-sort]")) {
    if (by && button.dataset.sort === localStorage.sorted) button.parentNode.setAttribute("aria-sort", "ascending");
    else button.parentNode.removeAttribute("aria-sort");
  }
  rows.compareRows = by && ((a, b) => by(a, b) || collator.compare(text(a), text(b)));
  const usual = (a, b) => (a.dataset.order < b.dataset.order ? -1 : 1);
  const held = document.activeElement;
  rows.append(...[...rows.children].sort(rows.compareRows || usual));
  rows.style.visibility = "";
  if (rows.contains(held)) held.focus({ preventScroll: true });
  // sorting needs the whole roster: load the rest first
  if (by) for (const rest of document.querySelectorAll("[data-rest]")) htmx.trigger(rest, "live:rest");
};

function tick() {
  const now = window.cloudNow?.() ?? Date.now();
  for (const element of document.querySelectorAll("[data-late]")) element.hidden = new Date(element.dataset.late) > now;
}

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
