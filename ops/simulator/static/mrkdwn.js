// Slack's text: https://docs.slack.dev/messaging/formatting. It comes escaped; links and mentions are in angle brackets.

import { element, linked, linkTo } from "./element.js";

const EMOJI = { tada: "🎉", ticket: "🎫", admission_tickets: "🎟️", white_check_mark: "✅", x: "❌", wave: "👋", star: "⭐", heart: "❤️", fire: "🔥", birthday: "🎂", warning: "⚠️", "+1": "👍", thumbsup: "👍", slightly_smiling_face: "🙂", "flag-nl": "🇳🇱", "flag-gb": "🇬🇧", gb: "🇬🇧" };
const edge = (mark) => `(?<![\\p{L}\\p{N}${mark}])${mark}(\\S|\\S[^\\n]*?\\S)${mark}(?![\\p{L}\\p{N}${mark}])`;
const MARKS = new RegExp(["```([\\s\\S]+?)```", "`([^`\\n]+)`", "<([^<>\\n]+)>", edge("\\*"), edge("_"), edge("~"), ":([a-z0-9_+-]+):"].join("|"), "gu");
const QUOTED = /^(?:&gt;|>) ?/;

// `named` tells a person's name by their id.
export function mrkdwn(text, named) {
  const nodes = [];
  let quote = [];
  const endQuote = () => quote.length && nodes.push(element("blockquote", {}, ...inline(quote.splice(0).join("\n"), named)));
  let plain = [];
  const endPlain = () => plain.length && nodes.push(element("p", {}, ...inline(plain.splice(0).join("\n"), named)));
  for (const line of text.split("\n")) {
    if (QUOTED.test(line)) {
      endPlain();
      quote.push(line.replace(QUOTED, ""));
    } else {
      endQuote();
      plain.push(line);
    }
  }
  endQuote();
  endPlain();
  return nodes;
}

export function unescaped(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

export function withEmoji(text) {
  return unescaped(text.replace(/:([a-z0-9_+-]+):/g, (all, name) => EMOJI[name] ?? all));
}

function inline(text, named) {
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(MARKS)) {
    nodes.push(...linked(unescaped(text.slice(end, found.index))), marked(found, named));
    end = found.index + found[0].length;
  }
  return [...nodes, ...linked(unescaped(text.slice(end)))].filter((node) => node !== "");
}

function marked([all, block, code, bracket, bold, italic, struck, emoji], named) {
  if (block) return element("pre", { textContent: unescaped(block.replace(/^\n/, "")) });
  if (code) return element("code", { textContent: unescaped(code) });
  if (bracket) return inBrackets(bracket, named);
  if (bold) return element("b", {}, ...inline(bold, named));
  if (italic) return element("i", {}, ...inline(italic, named));
  if (struck) return element("s", {}, ...inline(struck, named));
  return EMOJI[emoji] ?? all;
}

function inBrackets(bracket, named) {
  const [target, words] = bracket.split("|");
  if (target[0] === "@") return element("span", { className: "mention", textContent: `@${words ?? named(target.slice(1))}` });
  if (target[0] === "#") return element("span", { className: "mention", textContent: `#${words ?? target.slice(1)}` });
  if (target[0] === "!") return element("span", { className: "mention", textContent: words ?? `@${target.slice(1)}` });
  return /^(https?|mailto|tel):/.test(target) ? linkTo(unescaped(target), unescaped(words ?? target)) : unescaped(`<${bracket}>`);
}
