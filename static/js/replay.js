// Replay: the slider, its keys, the notable moments, playback. There is one request at a time; meanwhile only the latest
// requested time is stored.
import "./roster_search.js";

(() => {
  const STEP_S = 10;
  const LONG_STEP_S = 60;
  const root = document.querySelector("#replay");
  if (!root) return;
  const slider = root.querySelector("#replay-at");
  const time = root.querySelector("#replay-now time");
  const button = root.querySelector("#replay-play");
  const speed = root.querySelector("#replay-speed");
  const start = Number(root.dataset.start);
  const last = Number(slider.max);
  const moments = [...root.querySelectorAll("[data-moment]")];
  let wanted = null;
  let busy = false;
  let came = false;
  let playing = 0;
  let ms = Date.parse(time.dateTime);

  function tell() {
    document.documentElement.dataset.at = ms;
    slider.value = Math.round((ms - start) / 1000);
    time.dateTime = new Date(ms).toISOString();
    time.title = "";
    window.writeTimes(root);
    slider.setAttribute("aria-valuetext", time.textContent);
  }

  async function ask() {
    if (busy) return;
    busy = true;
    while (wanted !== null) {
      const asked = wanted;
      wanted = null;
      const query = `?at=${asked}&upto=${root.dataset.upto}`;
      came = false;
      try {
        await htmx.ajax("GET", root.dataset.url + query, { target: "#replay-body", swap: "morph" });
      } catch {
        came = false; // the server is unreachable
      }
      if (came) arrived(query);
      else stay();
    }
    busy = false;
  }

  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.target.id === "replay-body") came = detail.successful;
  });

  function arrived(query) {
    history.replaceState(null, "", query);
    document.querySelector("#main > .notice[data-said]")?.remove();
  }

  // After a failed request, clock and slider return to the time that is shown. page.js shows the error.
  function stay() {
    wanted = null;
    play(false);
    ms = Number(document.querySelector("#replay-body").dataset.at);
    tell();
  }

  function go(to) {
    ms = Math.max(start, Math.min(start + last * 1000, to));
    tell();
    wanted = ms;
    ask();
  }

  // discard roster rows of a time that is no longer shown
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const asked = new URLSearchParams(detail.pathInfo.requestPath.split("?")[1]);
    if (asked.has("who") && asked.get("at") !== document.querySelector("#replay-body").dataset.at) detail.shouldSwap = false;
  });

  const by = (seconds) => go(ms + seconds * 1000);

  slider.addEventListener("input", () => go(start + Number(slider.value) * 1000));
  slider.addEventListener("keydown", (event) => {
    const rtl = document.documentElement.dir === "rtl" ? -1 : 1;
    const way = { ArrowRight: rtl, ArrowLeft: -rtl, ArrowUp: 1, ArrowDown: -1, PageUp: 1, PageDown: -1 }[event.key];
    const edge = { Home: start, End: start + last * 1000 }[event.key];
    if (edge !== undefined) {
      event.preventDefault(); // the browser's own step would be below a second
      go(edge);
    }
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    by(way * (event.shiftKey || event.key.startsWith("Page") ? LONG_STEP_S : STEP_S));
  });

  root.addEventListener("click", (event) => {
    const link = event.target.closest("[data-moment]");
    const step = event.target.closest("[data-moment-step]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      go(Number(link.dataset.moment));
    } else if (step) {
      const places = moments.map((moment) => Number(moment.dataset.moment));
      const next = step.dataset.momentStep > 0 ? places.find((place) => place > ms) : places.findLast((place) => place < ms);
      go(next ?? (step.dataset.momentStep > 0 ? start + last * 1000 : start));
    }
  });

  function play(on) {
    clearInterval(playing);
    playing = on ? setInterval(tick, 1000) : 0;
    button.setAttribute("aria-pressed", String(on));
    const words = button.querySelector("span");
    words.textContent = on ? words.dataset.pause : words.dataset.play;
    const icon = button.querySelector("use");
    icon.setAttribute("href", icon.getAttribute("href").replace(/#.*/, on ? "#pause" : "#play"));
  }

  function tick() {
    if (document.hidden || busy) return;
    by(Number(speed.value));
    if (ms >= start + last * 1000) play(false);
  }

  button.addEventListener("click", () => {
    if (!playing && ms >= start + last * 1000) go(start); // at the end: start from the beginning
    play(!playing);
  });

  // durations in the page count to the time shown, not to now
  tell();
  window.writeTimes(document);
})();
