export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter(Boolean));
  return made;
}

export function linkTo(href, ...children) {
  return element("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

// Text with its web addresses turned into links, as Messenger and Slack do.
export function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,!?)])/).map((part, index) => (index % 2 ? linkTo(part, part) : part));
}
