// Ask the browser for a passkey when a form with data-passkey ("create" or "get") is sent. The server's options are in
// the element #passkey-options, or behind the form's data-options. The answer goes into the field `credential`.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const known = (list = []) => list.map((one) => ({ ...one, id: bytes(one.id) }));

async function options(form) {
  const { options: address } = form.dataset;
  if (!address) return JSON.parse(document.getElementById("passkey-options").textContent).publicKey;
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  return (await answer.json()).request_options.publicKey;
}

async function credential(form) {
  const asked = await options(form);
  const publicKey = { ...asked, challenge: bytes(asked.challenge) };
  let found;
  if (form.dataset.passkey === "create") {
    publicKey.user = { ...asked.user, id: bytes(asked.user.id) };
    publicKey.excludeCredentials = known(asked.excludeCredentials);
    // With these the device stores the passkey and checks who uses it: then no password is needed.
    publicKey.authenticatorSelection = {
      ...asked.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required",
    };
    found = await navigator.credentials.create({ publicKey });
  } else {
    publicKey.allowCredentials = known(asked.allowCredentials);
    found = await navigator.credentials.get({ publicKey });
  }
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (found.response[name]) response[name] = text(found.response[name]);
  }
  const clientExtensionResults = found.getClientExtensionResults();
  return { id: found.id, rawId: text(found.rawId), type: found.type, response, clientExtensionResults };
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    const field = form.elements.credential;
    if (field.value) return;
    event.preventDefault();
    const problem = form.querySelector("[data-problem]");
    problem.hidden = true;
    try {
      field.value = JSON.stringify(await credential(form));
      form.submit();
    } catch {
      problem.hidden = false;
    }
  });
}
