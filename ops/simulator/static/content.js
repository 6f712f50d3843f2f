// What is inside a message: text, pictures, stickers, and the page's cards with their buttons.

import { element, linkTo, linked } from "./element.js";

const ONLY_EMOJI = /^(\p{Extended_Pictographic}|\p{Emoji_Component}|\s){1,12}$/u;
const PICTURED = /\p{Extended_Pictographic}/u;

export function fanContent(entry) {
  switch (entry.kind) {
    case "image":
      return picture(entry.url, "Your photo");
    case "sticker":
    case "like":
      return element("div", { className: `stuck ${entry.kind}` }, element("img", { src: entry.url, alt: entry.kind === "like" ? "Thumbs up" : "Sticker" }));
    default:
      return bubble(entry.text ?? "");
  }
}

export function pageContent(message, act) {
  if (message.text !== undefined) return bubble(message.text);
  const { type, payload } = message.attachment;
  if (type === "image") return picture(payload.url, "Picture from Guestlist");
  if (type !== "template") return element("div", { className: "bubble" }, linkTo(payload.url, `Open the ${type}`));
  if (payload.template_type === "button") return card({ about: payload.text, buttons: payload.buttons }, act);
  const cards = payload.elements.map((each) => card(each, act, payload.image_aspect_ratio));
  return element("div", { className: "carousel" }, ...cards);
}

function bubble(text) {
  const large = ONLY_EMOJI.test(text) && PICTURED.test(text);
  return element("div", { className: large ? "bubble large" : "bubble" }, ...linked(text));
}

function picture(url, alt) {
  const link = linkTo(url, element("img", { src: url, alt }));
  link.className = "picture";
  return link;
}

function card({ about, title, subtitle, image_url: image, default_action: action, buttons = [] }, act, shape = "horizontal") {
  const cover = image && element("img", { className: `cover ${shape}`, src: image, alt: "" });
  const words = about
    ? element("div", { className: "about" }, ...linked(about))
    : element("div", { className: "about" }, element("h3", { textContent: title }), subtitle && element("p", { textContent: subtitle }));
  const rows = buttons.length ? element("div", { className: "buttons" }, ...buttons.map((each) => button(each, act))) : null;
  return element("div", { className: "card" }, cover && action ? linkTo(action.url, cover) : cover || null, words, rows);
}

function button({ type, title, url, payload }, act) {
  if (type === "web_url") return linkTo(url, title);
  if (type === "phone_number") return element("a", { href: `tel:${payload}` }, title);
  return element("button", { type: "button", textContent: title, onclick: () => act({ kind: "postback", text: title, payload }) });
}
