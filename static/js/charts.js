// Charts: local times on axes, the values under the pointer or the focus, and the zoom of timelines.
(() => {
  const MOST_ZOOM = 16;
  const known = new WeakSet();

  // `at` in the person's zone, as time.js writes it; with its day, unless that is the day of `since`
  function local(at, since) {
    const time = document.createElement("time");
    time.dateTime = at;
    Object.assign(time.dataset, { as: "time", since });
    window.writeTimes(time);
    return time.textContent;
  }

  function setUp(chart) {
    const { start, seconds, limit, label, absent } = chart.dataset;
    chart.querySelectorAll("[data-at]").forEach((tick) => (tick.textContent = local(tick.dataset.at, tick.dataset.at)));
    chart.querySelectorAll(".chart-zone").forEach((zone) => zone.replaceChildren());
    if (!start || known.has(chart)) return;
    known.add(chart);

    const find = (selector) => chart.querySelector(selector);
    const body = find(".tl-back, .plot-body");
    const plan = body.parentNode;
    const box = find(".chart-box");
    const readout = find(".chart-readout");
    const cursor = find(".chart-cursor");
    const rtl = document.documentElement.dir === "rtl";
    let now = 0;
    let dragged = null;

    const flip = (share) => (rtl ? 1 - share : share);
    const edges = (of = body) => of.getBoundingClientRect();
    const middle = () => (edges(box).left + edges(box).right) / 2;
    const place = (second) => edges().left + flip(second / seconds) * edges().width;
    const second = (x) => Math.round(Math.min(1, Math.max(0, flip((x - edges().left) / edges().width))) * seconds);
    const clock = (second) => local(new Date(Date.parse(start) + second * 1000).toISOString(), start);
    const spansOf = (path) => [...path.getAttribute("d").matchAll(/M(\d+) \d+h(\d+)/g)].map(([, from, long]) => [+from, +from + +long]);

    function mark(from, to = from) {
      const [left, right] = [place(from), place(to)].sort((a, b) => a - b);
      cursor.style.left = `${left - edges(plan).left}px`;
      cursor.style.width = `${right - left}px`;
    }

    const say = (time, words) => (readout.textContent = `${time} ${words}`);

    function tell(row) {
      const here = [...row.querySelectorAll("path")].flatMap((path) => {
        const span = spansOf(path).find(([from, to]) => from <= now && now <= to);
        const kind = find(`[data-kind=${path.classList}]`);
        return span ? `${kind.textContent.trim()} ${clock(span[0])}–${clock(span[1])}` : [];
      });
      mark(now);
      say(clock(now), `${row.querySelector("bdi").textContent}: ${here.join(" · ") || absent}`);
    }

    // whether the pointer was dragged, and not only pressed
    const far = ({ clientX }) => dragged !== null && Math.abs(clientX - dragged) > 8;
    function point(event) {
      const row = event.target.closest(".tl-rows > li");
      const span = event.target.closest("[data-from]");
      now = second(event.clientX);
      if (far(event)) {
        plan.setPointerCapture(event.pointerId);
        return mark(second(dragged), now);
      }
      mark(now);
      if (span) say(`${local(span.dataset.from, start)}–${local(span.dataset.to, start)}`, span.querySelector("title").textContent);
      else if (row) tell(row);
      else if (limit) {
        const steps = [...find(".c-line").getAttribute("d").matchAll(/H(\d+)V(\d+)/g)];
        const step = steps.findLast(([, from]) => from <= now);
        say(clock(now), `${label}: ${step ? limit - step[2] : 0}`);
      }
    }
    plan.addEventListener("pointermove", point);
    plan.addEventListener("pointerdown", point);

    if (!box) return;
    let zoom = 1;

    // enlarge, and move the time `moment` to the place `x`
    function enlarge(to, moment, x = middle()) {
      zoom = Math.min(MOST_ZOOM, Math.max(1, to));
      plan.style.setProperty("--zoom", zoom);
      plan.dataset.zoom = [2, 4, 8, 16].filter((level) => level <= zoom).join(" ");
      box.scrollLeft += place(moment) - x;
    }

    chart.addEventListener("click", ({ target }) => {
      const by = target.closest("[data-zoom-by]")?.dataset.zoomBy;
      if (by) enlarge(zoom * by, second(middle()));
    });
    box.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        enlarge(zoom * (event.deltaY < 0 ? 1.25 : 0.8), second(event.clientX), event.clientX);
      },
      { passive: false },
    );

    // drag over a part to enlarge it
    box.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "mouse" && !event.button && event.target.closest(".tl-rows svg")) dragged = event.clientX;
    });
    box.addEventListener("pointerup", (event) => {
      const first = second(dragged);
      if (far(event)) enlarge(seconds / Math.abs(now - first), (first + now) / 2);
      dragged = null;
    });

    // one name is in the tab order; keys move to the others, and from change to change
    const names = () => [...chart.querySelectorAll(".tl-rows .tl-name")];
    const only = (one) => names().forEach((name) => (name.tabIndex = name === one ? 0 : -1));
    only(names()[0]);
    box.addEventListener("focusin", ({ target }) => {
      const row = target.closest(".tl-rows > li");
      if (!row) return;
      only(target);
      readout.ariaLive = "polite";
      tell(row);
    });
    box.addEventListener("keydown", (event) => {
      const { key, target } = event;
      const by = { "+": 2, "-": 0.5, 0: 0 }[key];
      const row = target.closest(".tl-rows > li");
      const at = names().indexOf(target);
      const next = row && { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: -1 }[key];
      const way = row && { ArrowRight: 1, ArrowLeft: -1 }[key] * (rtl ? -1 : 1);
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (by !== undefined) enlarge(zoom * by, now);
      else if (next !== undefined) names().at(next % names().length).focus();
      else if (way) {
        const changes = [...row.querySelectorAll("path")].flatMap(spansOf).flat().sort((a, b) => a - b);
        now = (way > 0 ? changes.find((change) => change > now) : changes.findLast((change) => change < now)) ?? now;
        enlarge(zoom, now);
        tell(row);
      } else return;
      event.preventDefault();
    });
  }

  const all = (scope) => scope.querySelectorAll(".chart").forEach(setUp);
  document.addEventListener("htmx:load", ({ detail }) => all(detail.elt));
  all(document);
})();
