// The player of a recording: say so if it does not play, and begin at the second in the address.
// (Most browsers begin there by themselves, because of the fragment "#t=" of the file's address.)
const player = document.querySelector("[data-player]");
const video = player?.querySelector("video");
if (video) {
  const say = () => {
    player.querySelector("[data-unplayable]").hidden = false;
  };
  video.addEventListener("error", say);
  if (video.error) say();
  const at = Number(video.dataset.at || 0);
  const begin = () => {
    if (at && video.currentTime < 1 && at < video.duration) video.currentTime = at;
  };
  if (video.readyState >= HTMLMediaElement.HAVE_METADATA) begin();
  else video.addEventListener("loadedmetadata", begin, { once: true });
}
// A page for people without an account has none of the usual scripts, so it shows its times here.
const language = `${document.documentElement.lang}-u-nu-latn`;
for (const time of document.querySelectorAll(".page-shared time")) {
  const shown = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  time.textContent = shown.format(new Date(time.dateTime));
}
