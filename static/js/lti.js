// Pages of learning platforms: send the answer of a deep linking request, and close the window of a registration.

const form = document.querySelector("form[data-send-now]");
if (form) form.requestSubmit();

if (document.querySelector("[data-close-now]")) {
  const platform = window.opener ?? window.parent;
  if (platform !== window) platform.postMessage({ subject: "org.imsglobal.lti.close" }, "*");
}
