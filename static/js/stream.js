// Live updates by one stream (server-sent events, htmx's extension). If that fails, the page polls every two seconds.
// Our additions: the address carries the last version, so that nothing is missed; the delay before reconnecting is
// random; a hidden page drops its stream and catches up when it is shown.
"use strict";

(() => {
  const FIRST_BYTE_MS = 6000; // a proxy that buffers the stream passes nothing on
  const SILENCE_MS = 16000; // the server sends a heartbeat every five seconds
  const FAILURES = 3; // after so many failures, the page polls
  const AGAIN_MS = 10000; // polling time before the next try of a stream; doubled each time, up to
  const LATEST_AGAIN_MS = 120000;
  const LONGEST_WAIT_S = 30;
  const HIDDEN_MS = 2000; // a short visit to another tab does not drop the stream
  const POLL_MS = 2000;
  const MOST_STREAMS = 4;
  const NAMES = ["changes", "polled", "hello", "end"];
  const $ = (selector) => document.querySelector(selector);
  const element = $("#stream");
  // with sounds or notifications switched on, a hidden page stays connected (class_list.js)
  const asleep = () => document.hidden && !live.awake;
  const live = (window.live = { version: element?.dataset.version, ticket: "", spread: 1, mode: "none", more: {}, poll: () => {} });
  if (!element) return;

  // --- the stream ----------------------------------------------------------------------------------------------------
  let failures = 0;
  let ended = false; // permanently: the person may no longer see the class
  let stream = null;
  let again = AGAIN_MS;
  let retry = 0;

  function address(url) {
    const asked = new URL(url, location.href);
    asked.searchParams.set("v", live.version || "");
    for (const name in live.more) asked.searchParams.set(name, live.more[name]);
    return asked;
  }

  // The extension uses this like an EventSource. It lasts while its connections come and go.
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
      this.expect(FIRST_BYTE_MS, () => (failures = FAILURES)); // waiting longer does not help
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

    // The native reconnect would use the old address, for all pages at the same time.
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

  // With HTTP/1.1 a browser has six connections per host for all windows: four may be streams, other windows poll.
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
    const fresh = element.cloneNode(false); // an element that the extension has not processed
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

  // the page shows more than before: connect again, so that it gets the changes of that, too
  live.renew = () => {
    if (!stream) return;
    drop();
    connect();
  };

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
      failures = FAILURES - 1; // one try; the page polls meanwhile
      connect();
    }, ms);
  }

  // Refused or ended by the server: one poll shows why. If the person has signed in again meanwhile, it succeeds, and the
  // page connects again.
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

  // --- polling ------------------------------------------------------------------------------
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

  // compare the request: the response has already replaced the element
  live.isPoll = (detail) => detail.requestConfig?.elt?.id === "poller";

  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.elt.id !== "poller") return;
    const asked = address(detail.path);
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
    } else if (detail.xhr.status === 503); // the banner says why (web/service_unavailable.py)
    else if (!detail.successful) document.dispatchEvent(new CustomEvent("live:unreachable"));
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
        tryAgain(1000 * (1 + Math.random())); // it did not try while hidden
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
  // A dead connection looks open for a long time; the browser knows sooner.
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
