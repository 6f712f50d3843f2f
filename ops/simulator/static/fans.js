// Who is chatting. A browser remembers its fan; the list offers everybody who wrote lately.

import { fans, person, picture } from "./simulator.js";

const KEY = "fan";

export function fanPicker(chatAs) {
  const select = document.getElementById("fan");
  const button = document.getElementById("new-fan");
  let current = localStorage.getItem(KEY) ?? newPsid();

  select.addEventListener("change", () => become(select.value));
  select.addEventListener("focus", offer);
  button.addEventListener("click", () => become(newPsid()));
  become(current);

  async function become(psid) {
    current = psid;
    localStorage.setItem(KEY, psid);
    document.getElementById("fan-picture").src = picture(psid);
    chatAs(psid);
    await offer();
  }

  async function offer() {
    const [me, others] = await Promise.all([person(current), fans()]);
    const everybody = [me, ...others.filter(({ psid }) => psid !== me.psid)];
    select.replaceChildren(...everybody.map((fan) => new Option(`${fan.firstName} ${fan.lastName}`, fan.psid)));
    select.value = me.psid;
  }
}

// As long as a real one: 17 digits.
function newPsid() {
  const digits = crypto.getRandomValues(new Uint8Array(16));
  return `${1 + (digits[0] % 9)}${Array.from(digits, (digit) => digit % 10).join("")}`;
}
