// Charts: local times on axes, the values under the pointer or the focus, and the zoom of timelines.
(() => {
  const MOST_ZOOM = 16;
  const rtl = () => document.documentElement.dir === "rtl";

  // `at` in the person's zone, as time.js writes it; with its day, unless that is the day of `since`
  function local(at, since) {
    const time = document.createElement("time");
    time.dateTime = at;
    Object.assign(time.dataset, { as: "time", since });
    window.writeTimes(time);
    return time.textContent;
  }

  function setUp(chart) {
    if (chart.dataset.ready) return;
    chart.dataset.ready = "1";
    const readout = chart.querySelector(".chart-readout");
    let since = chart.dataset.start;
    for (const tick of chart.querySelectorAll("[data-at]")) {
      tick.textContent = local(tick.dataset.at, since);
      since = tick.dataset.at;
    }
    chart.querySelectorAll("[data-zone]").forEach((zone) => zone.replaceChildren());
    if (!readout) return;
    readout.textContent = readout.dataset.hint;
    const say = (strong, words) => {
      const bold = document.createElement("strong");
      bold.textContent = strong;
      readout.replaceChildren(bold, " ", words);
    };
    const titled = ({ target }) => {
      const title = target.closest("svg, circle, a")?.querySelector(":scope > title, circle > title");
      if (title && target.closest("svg, circle, a") !== chart.querySelector(".plot-body")) say(title.textContent, "");
    };
    if (chart.dataset.chart === "timeline") timeline(chart, say);
    else if (chart.dataset.chart === "area") area(chart, say);
    else chart.addEventListener("pointerover", titled), chart.addEventListener("focusin", titled);
  }

  const at = (chart, second) => new Date(Date.parse(chart.dataset.start) + second * 1000).toISOString();
  const clock = (chart, second) => local(at(chart, second), chart.dataset.start);

  function scale(chart, drawn, container) {
    const cursor = document.createElement("div");
    cursor.className = "chart-cursor";
    cursor.hidden = true;
    container.append(cursor);
    const seconds = Number(chart.dataset.seconds);
    const box = () => drawn.getBoundingClientRect();
    const second = (x) => {
      const { left, width } = box();
      const share = Math.min(1, Math.max(0, (x - left) / width));
      return Math.round((rtl() ? 1 - share : share) * seconds);
    };
    const place = (of) => box().left + (rtl() ? 1 - of / seconds : of / seconds) * box().width;
    function mark(from, to = from) {
      const [left, right] = [place(from), place(to)].sort((a, b) => a - b);
      cursor.hidden = false;
      cursor.style.left = `${left - container.getBoundingClientRect().left}px`;
      cursor.style.width = `${Math.max(1, right - left)}px`;
    }
    container.addEventListener("pointerleave", () => (cursor.hidden = true));
    return { second, place, mark };
  }

  function area(chart, say) {
    const body = chart.querySelector(".plot-body");
    const { second, mark } = scale(chart, body, chart.querySelector(".plot"));
    const steps = [...body.querySelector(".c-line").getAttribute("d").matchAll(/H(\d+)V(\d+)/g)];
    body.addEventListener("pointermove", ({ clientX }) => {
      const now = second(clientX);
      const step = steps.findLast(([, from]) => from <= now);
      mark(now);
      say(clock(chart, now), `${chart.dataset.label}: ${step ? chart.dataset.limit - step[2] : 0}`);
    });
  }

  function timeline(chart, say) {
    const box = chart.querySelector(".chart-box");
    const plan = chart.querySelector(".tl");
    const { second, place, mark } = scale(chart, chart.querySelector(".tl-back"), plan);
    const names = [...chart.querySelectorAll(".tl-rows .tl-name")];
    let zoom = 1;
    let focused = 0;
    let now = 0;
    let from = null;

    const kinds = (row) =>
      [...row.querySelectorAll("path")].map((path) => ({
        label: chart.querySelector(`[data-kind="${path.classList[0].slice(2)}"]`).textContent.trim(),
        spans: [...path.getAttribute("d").matchAll(/M(\d+) \d+h(\d+)/g)].map(([, start, long]) => [+start, +start + +long]),
      }));

    function tell(row, moment) {
      const name = row.querySelector(".tl-name").textContent;
      const here = kinds(row).flatMap(({ label, spans }) => {
        const span = spans.find(([start, end]) => start <= moment && moment <= end);
        return span ? `${label} ${clock(chart, span[0])}–${clock(chart, span[1])}` : [];
      });
      mark(moment);
      say(clock(chart, moment), `${name}: ${here.join(" · ") || chart.dataset.absent}`);
    }

    // enlarge, and keep `moment` where it is, or move it to the middle
    function setZoom(to, moment, middle) {
      const before = place(moment);
      zoom = Math.min(MOST_ZOOM, Math.max(1, to));
      plan.style.setProperty("--zoom", zoom);
      plan.dataset.zoom = [2, 4, 8, 16].filter((level) => level <= zoom).join(" ");
      const { left, width } = box.getBoundingClientRect();
      box.scrollLeft += place(moment) - (middle ? left + width / 2 : before);
    }

    chart.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-zoom-by]");
      if (!button) return;
      const { left, width } = box.getBoundingClientRect();
      setZoom(zoom * button.dataset.zoomBy, second(left + width / 2), true);
    });
    box.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      setZoom(zoom * (event.deltaY < 0 ? 1.25 : 0.8), second(event.clientX));
    }, { passive: false });

    box.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "mouse" && !event.button && event.target.closest(".tl svg, .tl-row > svg")) from = event.clientX;
    });
    box.addEventListener("pointermove", (event) => {
      const row = event.target.closest(".tl-row");
      const marked = event.target.closest("[data-from]");
      now = second(event.clientX);
      if (from !== null && Math.abs(event.clientX - from) > 8) {
        box.setPointerCapture(event.pointerId);
        mark(second(from), now);
      } else if (marked) {
        const { from: start, to } = marked.dataset;
        mark(now);
        say(`${local(start, chart.dataset.start)}–${local(to, chart.dataset.start)}`, marked.querySelector("title").textContent);
      } else if (row?.querySelector("path") || row?.parentNode.matches(".tl-rows")) tell(row, now);
    });
    box.addEventListener("pointerup", (event) => {
      if (from !== null && Math.abs(event.clientX - from) > 8) {
        const [first, last] = [second(from), second(event.clientX)];
        setZoom(chart.dataset.seconds / Math.max(1, Math.abs(last - first)), (first + last) / 2, true);
      }
      from = null;
    });
    box.addEventListener("pointercancel", () => (from = null));

    // one name is in the tab order; keys move to the others, and from change to change
    function go(to) {
      names[focused].tabIndex = -1;
      focused = Math.min(names.length - 1, Math.max(0, to));
      names[focused].tabIndex = 0;
      names[focused].focus();
    }
    names.forEach((name, number) => (name.tabIndex = number ? -1 : 0));
    box.addEventListener("focusin", ({ target }) => {
      const row = target.closest(".tl-rows > li");
      if (!row) return;
      names[focused].tabIndex = -1;
      focused = names.indexOf(target);
      target.tabIndex = 0;
      tell(row, now || (kinds(row)[0]?.spans[0][0] ?? 0));
    });
    box.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const by = { "+": 2, "=": 2, "-": 0.5, 0: 0 }[event.key];
      const row = event.target.closest(".tl-rows > li");
      const move = { ArrowUp: focused - 1, ArrowDown: focused + 1, Home: 0, End: names.length }[event.key];
      const way = { ArrowRight: rtl() ? -1 : 1, ArrowLeft: rtl() ? 1 : -1 }[event.key];
      if (by !== undefined) setZoom(zoom * by, now, true);
      else if (row && move !== undefined) go(move);
      else if (row && way) {
        const edges = kinds(row).flatMap(({ spans }) => spans.flat()).sort((a, b) => a - b);
        now = (way > 0 ? edges.find((edge) => edge > now) : edges.findLast((edge) => edge < now)) ?? now;
        tell(row, now);
        box.scrollLeft += place(now) - Math.min(Math.max(place(now), box.getBoundingClientRect().left + 250), box.getBoundingClientRect().right - 40);
      } else return;
      event.preventDefault();
    });
  }

  const all = (scope) => scope.querySelectorAll(".chart[data-chart]").forEach(setUp);
  document.addEventListener("htmx:load", ({ detail }) => all(detail.elt));
  all(document);
})();
