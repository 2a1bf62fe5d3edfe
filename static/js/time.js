// Times: the server sends UTC; the browser formats them in the person's zone and language, and updates clocks.
"use strict";

(() => {
  const root = document.documentElement;
  const zone = root.dataset.zone || undefined;
  const language = root.lang ? `${root.lang}-u-nu-latn` : undefined; // the same digits as the rest of the page

  // the server reads times in forms in this zone
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (own) window.keepChoice("zone", own);

  // Classes use the cloud's clock; the clock of this machine may be minutes off. A page from the browser's cache is old,
  // so it uses the clock of this machine.
  const [arrival] = performance.getEntriesByType("navigation");
  const fresh = arrival && (arrival.type !== "back_forward" || arrival.transferSize > 0);
  const cloudNow = Number(root.dataset.cloudNow);
  const sinceSent = arrival ? performance.now() - arrival.responseStart : 0;
  const offset = fresh && cloudNow ? cloudNow + sinceSent - Date.now() : 0;
  // the replay has a fixed time; during an outage the time of the last answer is shown
  const counting = () => Number(root.dataset.at) || Date.now() + offset;
  const now = (window.cloudNow = () => Number(root.dataset.outage) || counting());

  function formatter(options) {
    try {
      return new Intl.DateTimeFormat(language, { timeZone: zone, ...options });
    } catch {
      return new Intl.DateTimeFormat(language, options); // a zone unknown to this browser
    }
  }
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const day = { day: "numeric", month: "short" };
  const parts = { time: clock, second: { ...clock, second: "2-digit" }, date: clock };
  const full = formatter({ dateStyle: "full", timeStyle: "long" });
  const dayOf = formatter({ year: "numeric", month: "numeric", day: "numeric" });
  const yearOf = formatter({ year: "numeric" });
  const made = new Map();

  // a time with its day, unless that is the day of `known`, and with its year, unless that is this one
  function moment(when, style, known) {
    const year = yearOf.format(when) === yearOf.format(now()) ? {} : { year: "numeric" };
    const dated = known === undefined || dayOf.format(when) !== dayOf.format(known) ? { ...day, ...year } : {};
    const options = { ...(parts[style] || clock), ...dated };
    const key = JSON.stringify(options);
    if (!made.has(key)) made.set(key, formatter(options));
    return made.get(key).format(when);
  }

  // the day that the reader knows: that of the previous time, of the class's start, else today
  const knownDay = (since) => (since || root.dataset.first ? new Date(since || root.dataset.first) : now());

  // "23 min", "1 h 05 min"; seconds only below a minute, so that little moves on the page
  function duration(ms) {
    const minutes = Math.max(0, Math.floor(ms / 60000));
    if (minutes < 1) return words("under_a_minute");
    if (minutes < 60) return words("minutes", { minutes });
    if (minutes < 60 * 24) {
      return words("hours", { hours: Math.floor(minutes / 60), minutes: String(minutes % 60).padStart(2, "0") });
    }
    return words("days", { count: Math.floor(minutes / 1440) });
  }

  function put(element, words) {
    if (element.textContent !== words) element.textContent = words;
  }

  function write(element) {
    const when = new Date(element.dateTime);
    if (Number.isNaN(when.getTime())) return;
    const style = element.dataset.as;
    if (style === "for") put(element, now() - when < 60000 ? words("just_now") : duration(now() - when));
    else if (style === "age") put(element, words("ago", { time: duration(now() - when) }));
    else put(element, moment(when, style, style === "date" ? undefined : knownDay(element.dataset.since)));
    if (!element.title) element.title = full.format(when);
  }

  // the time a class has run
  function run(element) {
    const from = new Date(element.dataset.from);
    put(element, `${moment(from, "time", now())} · ${duration(now() - from)}`);
  }

  // the part of its time that a class has run, and the rest
  function share(bar) {
    const from = new Date(bar.dataset.run);
    bar.value = (now() - from) / (new Date(bar.dataset.end) - from);
  }

  function toEnd(element) {
    const ms = new Date(element.dataset.toEnd) - now();
    put(element, ms > 0 ? element.dataset.words.replace("%s", duration(ms)) : "");
  }

  // the time left of a class in the list, or its overtime; without a scheduled end, its running time
  function rest(element) {
    const { ends, runs } = element.dataset;
    const left = new Date(ends) - now();
    if (runs) put(element, duration(now() - new Date(runs)));
    else put(element, words(left >= 0 ? "time_left" : "over_time", { time: duration(Math.abs(left)) }));
  }

  function overrun(element) {
    const over = now() - new Date(element.dataset.over);
    element.hidden = !(over >= 60000);
    if (!element.hidden) put(element.lastElementChild, element.dataset.words.replace("%s", duration(over)));
  }

  // count down pending deletions: our own commands, which an outage does not stop
  function left(element) {
    put(element, String(Math.max(0, Math.ceil((new Date(element.dataset.left) - counting()) / 1000))));
  }

  // count down scheduled removals, count up raised hands: 1:05, 1:00:05
  function count(element, seconds) {
    const two = (number) => String(number % 60).padStart(2, "0");
    const minutes = Math.floor(seconds / 60);
    put(element, minutes < 60 ? `${minutes}:${two(seconds)}` : `${Math.floor(minutes / 60)}:${two(minutes)}:${two(seconds)}`);
  }
  const due = (element) => count(element, Math.max(0, Math.ceil((new Date(element.dataset.due) - counting()) / 1000)));
  const up = (element) => count(element, Math.max(0, Math.floor((now() - new Date(element.dataset.up)) / 1000)));

  function grow(bar) {
    const ran = Math.max(1, Math.round((now() - new Date(bar.dataset.cover)) / 1000));
    const open = bar.querySelector(".open");
    bar.setAttribute("viewBox", `0 0 ${Math.max(ran, bar.dataset.axis)} 12`);
    open?.setAttribute("width", Math.max(1, ran - open.getAttribute("x")));
  }

  const bar = (element) => (element.value = (now() - new Date(element.dataset.begun)) / 1000);
  // values that change while the class runs
  const LIVE = { ".clock[data-from]": run, "[data-ends], [data-runs]": rest, "[data-begun]": bar, "[data-run]": share, "[data-to-end]": toEnd, "[data-up]": up, "[data-over]": overrun, "[data-cover]": grow };
  const COUNTDOWNS = { "[data-left]": left, "[data-due]": due };
  const ALL = { "time[data-as]": write, ...LIVE, ...COUNTDOWNS };

  function writeAll(writers, scope = document) {
    for (const [selector, writer] of Object.entries(writers)) {
      if (scope.matches?.(selector)) writer(scope);
      scope.querySelectorAll(selector).forEach(writer);
    }
  }

  // format all times in `scope`, before it is inserted, so that nothing flickers
  window.writeTimes = (scope) => writeAll(ALL, scope);
  // format what any other swap inserted
  document.addEventListener("htmx:load", ({ detail }) => window.writeTimes(detail.elt));

  function tick() {
    if (document.hidden) return;
    writeAll({ 'time[data-as="for"], time[data-as="age"]': write, ...LIVE });
  }

  window.writeTimes(document);
  setInterval(tick, 10000);
  setInterval(() => writeAll({ ...COUNTDOWNS, "[data-up]": up }), 1000);
  document.addEventListener("visibilitychange", tick);
})();
