// Store a choice of the display in a cookie, so that the server renders the next page with it.
"use strict";

window.keepChoice = (name, value) => {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${name}=${value}; path=${document.documentElement.dataset.root}; max-age=31536000; samesite=lax${secure}`;
};
