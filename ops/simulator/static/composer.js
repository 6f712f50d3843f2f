// Where a fan writes: text with Enter, a thumb when there is no text, photos, stickers, emoji, and the page's menu.

import { element, linkTo } from "./element.js";

const EMOJI = ["😀", "😂", "😍", "😎", "🤔", "😢", "😡", "😱", "🙏", "👏", "👋", "💪", "❤️", "🎉", "🎂", "🎟️", "🔥", "⭐"];

export function composer(act) {
  const form = document.getElementById("composer");
  const text = document.getElementById("text");
  const menu = document.getElementById("menu");
  const emoji = document.getElementById("emoji");

  const draw = () => {
    const writing = text.value.trim() !== "";
    form.classList.toggle("composing", writing);
    document.getElementById("send").setAttribute("aria-label", writing ? "Send" : "Send a thumbs up");
  };
  text.addEventListener("input", draw);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const written = text.value.trim();
    act(written ? { kind: "text", text: written } : { kind: "like" });
    text.value = "";
    draw();
    text.focus();
  });
  // Enter in an empty field sends nothing: the thumb is for the button alone.
  text.addEventListener("keydown", (event) => event.key === "Enter" && !text.value.trim() && event.preventDefault());
  document.getElementById("image").addEventListener("click", () => act({ kind: "image" }));
  document.getElementById("sticker").addEventListener("click", () => act({ kind: "sticker" }));

  emoji.append(...EMOJI.map((one) => element("button", { type: "button", textContent: one, onclick: () => insert(one) })));
  popup(document.getElementById("emoji-button"), emoji);
  popup(document.getElementById("menu-button"), menu);

  function insert(one) {
    text.setRangeText(one, text.selectionStart, text.selectionEnd, "end");
    draw();
    text.focus();
  }

  return {
    offer(menus, locale) {
      const items = menus[locale] ?? menus.default ?? [];
      document.getElementById("menu-place").hidden = items.length === 0;
      menu.replaceChildren(...items.map(item));
    },
  };

  function item(entry) {
    if (entry.type === "web_url") return linkTo(entry.url, entry.title);
    const tap = () => act({ kind: "postback", text: entry.title, payload: entry.payload });
    return element("button", { type: "button", textContent: entry.title, onclick: tap });
  }
}

function popup(button, panel) {
  const show = (open) => {
    panel.hidden = !open;
    button.setAttribute("aria-expanded", open);
  };
  button.addEventListener("click", () => show(panel.hidden));
  panel.addEventListener("click", () => show(false));
  document.addEventListener("keydown", (event) => event.key === "Escape" && show(false));
  document.addEventListener("click", ({ target }) => panel.contains(target) || button.contains(target) || show(false));
}
