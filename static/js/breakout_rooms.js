// Drag and drop for breakout rooms: select the dragged person and press the room's own button.
"use strict";

(() => {
  const place = (event) => event.target.closest?.("[data-groups] [data-group]");
  let dragging = false;

  document.addEventListener("dragstart", (event) => {
    const box = event.target.querySelector?.('[name="person"]');
    if (!box) return;
    dragging = true;
    if (!box.checked) for (const other of box.form.querySelectorAll('[name="person"]')) other.checked = other === box;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", box.closest("label").textContent.trim());
  });
  document.addEventListener("dragover", (event) => {
    const over = dragging && place(event);
    for (const one of document.querySelectorAll(".group.over")) if (one !== over) one.classList.remove("over");
    if (!over) return;
    event.preventDefault();
    over.classList.add("over");
  });
  document.addEventListener("drop", (event) => {
    const button = dragging && place(event)?.querySelector('button[value^="move:"]');
    if (!button) return;
    event.preventDefault();
    button.click();
  });
  document.addEventListener("dragend", () => {
    dragging = false;
    document.querySelector(".group.over")?.classList.remove("over");
  });
})();
