// The page "Appearance": the field with the digits of the colour and the colour picker show the same colour.
"use strict";

const pick = document.getElementById("pick-colour");
const digits = document.getElementById(pick.dataset.of);

pick.addEventListener("input", () => {
  digits.value = pick.value;
  digits.dispatchEvent(new Event("input", { bubbles: true }));
});

digits.addEventListener("input", () => {
  if (/^#[0-9a-f]{6}$/i.test(digits.value)) pick.value = digits.value.toLowerCase();
});
