// Block Kit, as far as ops/simulator/slack/blocks.py takes it.

import { element, linkTo } from "./element.js";
import { mrkdwn, withEmoji } from "./mrkdwn.js";

// `press(button)` answers whether the application took it; `named` tells a person's name by their id.
export function drawn(blocks, press, named) {
  return blocks.map((block) => DRAW[block.type](block, press, named));
}

const DRAW = {
  section: ({ text, fields = [], accessory }, press, named) =>
    element(
      "div",
      { className: "section" },
      element(
        "div",
        { className: "body" },
        text && element("div", {}, ...words(text, named)),
        fields.length ? element("div", { className: "fields" }, ...fields.map((each) => element("div", {}, ...words(each, named)))) : null,
      ),
      accessory && piece(accessory, press, named),
    ),
  actions: ({ elements }, press, named) => element("div", { className: "actions" }, ...elements.map((each) => piece(each, press, named))),
  context: ({ elements }, press, named) =>
    element("div", { className: "context" }, ...elements.map((each) => (each.type === "image" ? piece(each, press, named) : element("span", {}, ...words(each, named))))),
  image: ({ image_url: src, alt_text: alt, title }) =>
    element("figure", {}, title && element("figcaption", { textContent: withEmoji(title.text) }), linkTo(src, element("img", { src, alt }))),
  header: ({ text }) => element("h3", { textContent: withEmoji(text.text) }),
  divider: () => element("hr"),
};

function words(text, named) {
  return text.type === "mrkdwn" ? mrkdwn(text.text, named) : [element("p", { textContent: withEmoji(text.text) })];
}

function piece(part, press) {
  if (part.type === "image") return element("img", { src: part.image_url, alt: part.alt_text });
  const look = `button ${part.style ?? ""}`;
  const title = withEmoji(part.text.text);
  if (part.url) {
    const link = linkTo(part.url, title);
    link.className = look;
    link.addEventListener("click", () => press(part));
    return link;
  }
  const button = element("button", { type: "button", className: look, textContent: title });
  button.addEventListener("click", async () => {
    button.inert = true;
    button.classList.add("waiting");
    const taken = await press(part);
    button.inert = false;
    button.classList.remove("waiting");
    button.classList.toggle("failed", !taken);
    button.title = taken ? "" : "The application did not take this. Try again.";
  });
  return button;
}
