// The pages for students: times in the zone of the browser, and a page that follows what happens to a request.
const language = `${document.documentElement.lang}-u-nu-latn`;
for (const time of document.querySelectorAll("time[datetime]")) {
  const shown = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" });
  time.textContent = shown.format(new Date(time.dateTime));
}

// The server says when something changed, and how long to wait (ms), so that a whole school does not reload at once.
const followed = document.querySelector("[data-follow]");
if (followed) {
  const reload = (after) => setTimeout(() => location.reload(), after);
  const stream = new EventSource(followed.dataset.follow);
  stream.addEventListener("changed", (event) => {
    stream.close();
    reload(Number(event.data) || 0);
  });
  // The browser connects again by itself, unless the server refuses. Then ask rarely, at different moments.
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) reload(20000 + Math.random() * 20000);
  });
}
// A page that comes back from the browser's memory may be out of date.
addEventListener("pageshow", (event) => event.persisted && location.reload());
