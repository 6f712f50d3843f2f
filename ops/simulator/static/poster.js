// The poster: its QR code follows the ref, and a click on it is a phone that scans it.

import { webhook } from "./simulator.js";

export async function poster(scanned) {
  const ref = document.getElementById("ref");
  const code = document.getElementById("qr");
  const link = document.getElementById("link");

  document.getElementById("scan").addEventListener("click", () => (ref.reportValidity() && ref.value ? scanned(ref.value) : ref.focus()));
  document.getElementById("campaign").addEventListener("submit", (event) => event.preventDefault());
  ref.addEventListener("input", show);
  const { pageId } = await webhook();
  show();

  function show() {
    if (!ref.value || !ref.checkValidity()) return;
    code.src = `/poster.svg?ref=${encodeURIComponent(ref.value)}`;
    code.alt = `QR code of the campaign ${ref.value}`;
    link.textContent = `m.me/${pageId}?ref=${ref.value}`;
  }
}
