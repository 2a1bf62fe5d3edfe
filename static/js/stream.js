// The page stays up to date by one stream (server-sent events, htmx's extension). Where that cannot be held, it asks
// every two seconds instead. Ways that are ours: the last version travels in the address, so that nothing is missed;
// waiting before coming back is spread by chance; a hidden page drops its stream and catches up when it is shown.
"use strict";

(() => {
  const FIRST_BYTE_MS = 6000; // a proxy that collects the stream never lets a byte through
  const SILENCE_MS = 16000; // the server beats every five seconds
  const FAILURES = 3; // then the page asks instead
  const AGAIN_MS = 10000; // so long it asks before it tries a stream again; then twice as long, up to
  const LATEST_AGAIN_MS = 120000;
  const LONGEST_WAIT_S = 30;
  const HIDDEN_MS = 2000; // turning to another tab for a moment costs nothing
  const POLL_MS = 2000;
  const MOST_STREAMS = 4;
  const NAMES = ["changes", "polled", "hello", "end"];
  const $ = (selector) => document.querySelector(selector);
  const element = $("#stream");
  // who asked to be told of news hears of them in another tab too (wall.js)
  const asleep = () => document.hidden && !live.awake;
  const live = (window.live = { version: element?.dataset.version, ticket: "", spread: 1, mode: "none", poll: () => {} });
  if (!element) return;

  // --- the stream ----------------------------------------------------------------------------------------------------
  let failures = 0;
  let ended = false; // for good: this page may not see the class any more
  let stream = null;
  let again = AGAIN_MS;
  let retry = 0;

  function address(url) {
    const asked = new URL(url, location.href);
    asked.searchParams.set("v", live.version || "");
    return asked;
  }

  // What the extension takes for an EventSource: it lasts, while the connections under it come and go.
  class Stream extends EventTarget {
    constructor(url) {
      super();
      this.url = url;
      this.readyState = EventSource.CONNECTING;
      this.tries = 0;
      this.open();
    }

    open() {
      this.source = new EventSource(address(this.url));
      this.expect(FIRST_BYTE_MS, () => (failures = FAILURES)); // waiting longer would not help
      for (const name of NAMES) this.source.addEventListener(name, (event) => this.receive(name, event));
      this.source.onerror = () => this.lost();
    }

    expect(ms, otherwise) {
      clearTimeout(this.watch);
      this.watch = setTimeout(() => {
        otherwise?.();
        this.lost();
      }, ms);
    }

    receive(name, event) {
      this.expect(SILENCE_MS);
      if (name === "hello") this.arrived();
      if (name === "hello" || name === "polled") polled(JSON.parse(event.data));
      if (event.lastEventId) live.version = event.lastEventId;
      this.dispatchEvent(new MessageEvent(name, { data: event.data, lastEventId: event.lastEventId }));
      if (name === "end") over(event.data);
    }

    arrived() {
      this.readyState = EventSource.OPEN;
      this.tries = failures = 0;
      again = AGAIN_MS;
      clearTimeout(retry);
      this.onopen?.(new Event("open"));
      become("stream");
    }

    // The native way would come back with the old address, and all pages at the same moment.
    lost() {
      const was = this.readyState;
      this.source.close();
      clearTimeout(this.watch);
      if (was === EventSource.CLOSED) return;
      this.readyState = EventSource.CONNECTING;
      if (was === EventSource.CONNECTING) failures += 1;
      document.dispatchEvent(new CustomEvent("live:unreachable"));
      if (failures >= FAILURES) return fallBack();
      const longest = Math.min(LONGEST_WAIT_S, Math.max(live.spread, 2 ** this.tries));
      this.tries += 1;
      this.again = setTimeout(() => this.open(), 200 + Math.random() * longest * 1000);
    }

    close() {
      this.readyState = EventSource.CLOSED;
      clearTimeout(this.again);
      clearTimeout(this.watch);
      this.source.close();
    }
  }

  htmx.createEventSource = (url) => (stream = new Stream(url));

  // A browser has six connections to a host (HTTP/1.1) for all its windows: four may be streams, the other windows ask.
  let release = null;
  let reserving = false;

  async function reserve() {
    const way = performance.getEntriesByType("navigation")[0]?.nextHopProtocol;
    if (["h2", "h3"].includes(way) || !navigator.locks) return true;
    for (let number = 0; number < MOST_STREAMS; number += 1) {
      const ours = await new Promise((tell) => {
        navigator.locks.request(`live-stream-${number}`, { ifAvailable: true }, (lock) => {
          tell(lock !== null);
          return lock && new Promise((done) => (release = done));
        });
      });
      if (ours) return true;
    }
    return false;
  }

  async function connect() {
    if (ended || asleep() || stream || reserving) return;
    reserving = true;
    const free = await reserve();
    reserving = false;
    if (!free) return fallBack();
    if (asleep()) return drop();
    const fresh = element.cloneNode(false); // an element that the extension has not seen
    fresh.setAttribute("sse-connect", element.dataset.stream);
    $("#stream").replaceWith(fresh);
    htmx.process(fresh);
  }

  function drop() {
    stream?.close();
    stream = null;
    release?.();
    release = null;
  }

  function fallBack() {
    drop();
    become("poll");
    poll();
    tryAgain(again * (1 + Math.random()));
    again = Math.min(again * 2, LATEST_AGAIN_MS);
  }

  function tryAgain(ms) {
    clearTimeout(retry);
    retry = setTimeout(() => {
      failures = FAILURES - 1; // one try; the page goes on asking meanwhile
      connect();
    }, ms);
  }

  // Refused or ended by the server: one question tells why, in the page's own words. Who has signed in anew meanwhile
  // gets an answer, and so a new stream.
  function over() {
    drop();
    become("poll");
    poll(() => setTimeout(() => { failures = 0; connect(); }, 500 + Math.random() * 1000));
  }

  function become(mode) {
    live.mode = document.documentElement.dataset.live = mode;
    if (mode === "stream") clearTimeout(timer);
  }

  function polled({ age, trouble, spread }) {
    if (spread) live.spread = spread;
    document.dispatchEvent(new CustomEvent("live:polled", { detail: { age, trouble } }));
  }

  // --- asking every two seconds instead ------------------------------------------------------------------------------
  let timer = 0;
  let unanswered = 0;
  let whenAnswered = null;

  function poll(then) {
    clearTimeout(timer);
    if (then) whenAnswered = then;
    const poller = $("#poller");
    if (poller && !ended && !asleep()) htmx.trigger(poller, "live:poll");
  }
  live.poll = () => live.mode !== "stream" && poll();

  function later() {
    clearTimeout(timer);
    if (!ended && live.mode !== "stream") timer = setTimeout(poll, Math.min(POLL_MS * 2 ** unanswered, 30000));
  }

  // of the event only the request tells who asked: by then the answer has replaced the element
  live.isPoll = (detail) => detail.requestConfig?.elt?.id === "poller";

  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.elt.id !== "poller") return;
    const asked = new URL(detail.path, location.href);
    asked.searchParams.set("v", live.version || "");
    if (live.ticket) asked.searchParams.set("t", live.ticket);
    detail.path = asked.pathname + asked.search;
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!live.isPoll(detail)) return;
    unanswered = detail.successful ? 0 : Math.min(unanswered + 1, 4);
    if (detail.xhr.status === 200) {
      const next = $("#poller")?.getAttribute("hx-get");
      if (next) live.version = new URL(next, location.href).searchParams.get("v");
    }
    if (detail.xhr.status === 404) {
      ended = true;
      drop();
      document.dispatchEvent(new CustomEvent("live:ended"));
    } else if (!detail.successful) document.dispatchEvent(new CustomEvent("live:unreachable"));
    else if (whenAnswered) whenAnswered();
    whenAnswered = null;
    later();
  });
  document.addEventListener("live:polled", ({ detail }) => {
    if (detail.ticket) live.ticket = detail.ticket;
    if (detail.spread) live.spread = detail.spread;
  });

  // --- hidden and shown ----------------------------------------------------------------------------------------------
  let hiding = 0;

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (!document.hidden) {
      if (live.mode !== "poll") connect();
      else {
        poll();
        tryAgain(1000 * (1 + Math.random())); // while it was hidden it tried nothing
      }
      return;
    }
    if (!asleep()) return;
    hiding = setTimeout(() => {
      clearTimeout(timer);
      drop();
    }, HIDDEN_MS);
  });
  window.addEventListener("pagehide", drop);
  window.addEventListener("pageshow", ({ persisted }) => persisted && connect());
  // A connection over which nothing comes any more looks open for long; the browser knows sooner.
  window.addEventListener("offline", () => {
    stream?.lost();
    document.dispatchEvent(new CustomEvent("live:unreachable"));
  });
  window.addEventListener("online", () => {
    if (live.mode === "poll") poll();
    if (!stream) tryAgain(1000 * Math.random());
  });

  if (!window.EventSource) fallBack();
  else connect();
})();
