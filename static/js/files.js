// Upload a file with a progress bar while the person fills in the rest of the form. Loaded with the form.
"use strict";

(() => {
  const $ = (selector, scope) => scope.querySelector(selector);
  const headers = JSON.parse(document.body.getAttribute("hx-headers") || "{}");
  let running = null;

  document.addEventListener("change", ({ target }) => {
    if (target.matches("form[data-files] input[type=file]") && target.files.length) upload(target.form, target.files[0]);
  });
  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-stop]")) {
      stop();
      $("input[type=file]", target.form).value = ""; // allows choosing the same file again
    } else if (target.closest("[data-again]")) again(target.closest("form"));
  });
  document.getElementById("dialog")?.addEventListener("close", stop);

  for (const input of document.querySelectorAll("form[data-files] input[type=file]")) {
    if (input.files.length) upload(input.form, input.files[0]); // chosen before this script was loaded
  }

  function upload(form, file) {
    stop();
    if (file.size > Number(form.dataset.most)) return refuse(form, form.dataset.tooBig);
    refuse(form, "");
    const xhr = (running = new XMLHttpRequest());
    const row = $(".uploading", form);
    const send = $("button.primary", form);
    row.hidden = false;
    send.disabled = true;
    xhr.upload.addEventListener("progress", ({ loaded, total }) => {
      const percent = Math.floor((100 * loaded) / total);
      $("progress", row).value = percent;
      $(".number", row).textContent = `${percent} %`;
    });
    xhr.addEventListener("loadend", () => {
      running = null;
      row.hidden = true;
      send.disabled = false;
      if (xhr.status === 200 || xhr.status === 422) show(form, xhr.responseText);
      else if (xhr.status === 413) refuse(form, form.dataset.tooBig);
      else if (xhr.status === 507) refuse(form, xhr.responseText);
      else if (!xhr.wasStopped) refuse(form, form.dataset.broke);
    });
    xhr.open("POST", form.dataset.upload);
    xhr.setRequestHeader("HX-Request", "true");
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    const body = new FormData();
    body.append("file", file);
    xhr.send(body);
  }

  function stop() {
    if (!running) return;
    running.wasStopped = true;
    running.abort();
  }

  function show(form, html) {
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    const part = fresh.content.querySelector("#upload");
    const name = $("[name=name]", form);
    if (part.dataset.name && (!name.value || name.dataset.ours === name.value)) {
      name.value = name.dataset.ours = part.dataset.name;
    }
    $("#upload", form).replaceWith(part);
    $("[data-again], input[type=file]", part)?.focus();
  }

  function again(form) {
    const part = $("#upload", form);
    part.replaceWith($("template", part).content.cloneNode(true));
    $("input[type=file]", form).click();
  }

  function refuse(form, words) {
    const place = $("#file-error", form);
    const input = $("input[type=file]", form);
    place.replaceChildren();
    input.toggleAttribute("aria-invalid", false);
    if (!words) return;
    const error = document.createElement("p");
    error.className = "error";
    error.textContent = words;
    place.append(error);
    input.setAttribute("aria-invalid", "true");
    input.value = "";
  }
})();
