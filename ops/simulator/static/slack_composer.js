// Where a person writes in Slack: a message, a slash command, a mention, a photo.

import { element } from "./element.js";

// The campaign is the one on the poster.
const commands = () => [
  [`/guestlist play ${document.getElementById("ref").value}`.trim(), "Play for a ticket"],
  ["/guestlist tickets", "Show my tickets"],
  ["/guestlist help", "How it works"],
];
const MENTION = ["@Guestlist ", "Ask the app, in public"];

export function slackComposer(act) {
  const form = document.getElementById("slack-composer");
  const text = document.getElementById("slack-text");
  const offers = document.getElementById("slack-offers");
  const file = document.getElementById("slack-file");
  let isPublic = false;

  text.addEventListener("input", offer);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const written = text.value.trim();
    if (!written) return;
    const [, command, words] = /^(\/\S+)\s*(.*)$/su.exec(written) ?? [];
    act(command ? { kind: "command", command, text: words } : { kind: "message", text: written });
    write("");
  });
  file.addEventListener("click", () => act({ kind: "file" }));
  document.getElementById("slack-command").addEventListener("click", () => write("/"));
  form.addEventListener("keydown", (event) => event.key === "Escape" && (offers.hidden = true));
  document.addEventListener("click", ({ target }) => form.contains(target) || (offers.hidden = true));

  function offer() {
    const written = text.value;
    const fitting = written.startsWith("/") ? commands().filter(([each]) => each.startsWith(written) && each !== written) : isPublic && written === "@" ? [MENTION] : [];
    offers.hidden = fitting.length === 0;
    offers.replaceChildren(
      ...fitting.map(([words, about]) =>
        element("button", { type: "button", onclick: () => write(words) }, element("b", { textContent: words }), element("span", { textContent: about })),
      ),
    );
  }

  function write(words) {
    text.value = words;
    text.focus();
    offer();
  }

  return {
    room({ name, isPublic: now }) {
      isPublic = now;
      file.hidden = isPublic;
      text.placeholder = isPublic ? `Message #${name}, or @Guestlist` : `Message ${name}, or type /`;
    },
  };
}
