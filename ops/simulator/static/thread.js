// A thread as the phone shows it: bubbles in groups, marks under what the fan sent, quick replies, typing.

import { fanContent, pageContent } from "./content.js";
import { element } from "./element.js";
import { clock, keepAtEnd, show } from "./rows.js";

const PAUSE_MS = 15 * 60 * 1000;
const TYPING_MS = 20 * 1000;
const MARKS = {
  sending: '<svg viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.5"/></svg>',
  delivered: '<svg viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.5"/><path d="m5 8.200 2.100 2.100L11 6.200"/></svg>',
  retrying: '<svg viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.5"/><path d="M8 4.800v3.700M8 11.200v.1"/></svg>',
};
MARKS.failed = MARKS.retrying;
MARKS.seen = '<img src="/static/page.svg" alt="Seen" width="14" height="14">';
const WORDS = { sending: "Sending", delivered: "Delivered to the webhook", retrying: "Not delivered, trying again", failed: "Not delivered", seen: "Seen" };

export function thread(log, act) {
  let fan;
  let face = {};
  let entries = new Map();
  let seenAt = 0;
  let typingUntil = 0;
  let forgetTyping;

  const told = {
    thread(what) {
      ({ fan, face, seenAt } = what);
      entries = new Map(what.thread.map((entry) => [entry.id, entry]));
      typing(what.typing);
    },
    entry({ entry }) {
      entries.set(entry.id, entry);
      if (entry.from === "page") typing(false);
    },
    progress({ id, state, attempts }) {
      Object.assign(entries.get(id) ?? {}, { state, attempts });
    },
    seen({ at }) {
      seenAt = at;
    },
    typing({ on }) {
      typing(on);
    },
    cleared() {
      entries.clear();
    },
  };

  // Dots end by themselves, in case the page never says that it stopped.
  function typing(on) {
    typingUntil = on ? Date.now() + TYPING_MS : 0;
    clearTimeout(forgetTyping);
    if (on) forgetTyping = setTimeout(draw, TYPING_MS);
  }

  const toEnd = keepAtEnd(log);

  return {
    tell(what) {
      told[what.type](what);
      draw();
    },
    clear() {
      fan = undefined;
      entries.clear();
      draw();
    },
  };

  function draw() {
    const all = [...entries.values()];
    const wanted = all.flatMap((entry, index) => rows(entry, all[index - 1], all[index + 1]));
    if (fan && !all.length) wanted.push(welcome());
    const latest = all.at(-1);
    if (latest?.message?.quick_replies) wanted.push(quickReplies(latest));
    if (Date.now() < typingUntil) wanted.push(dots());
    if (show(log, wanted)) toEnd();
  }

  function rows(entry, before, after) {
    const found = [];
    if (!before || entry.at - before.at > PAUSE_MS) found.push(note(`time-${entry.id}`, "time", clock(entry.at)));
    if (entry.ref) found.push(note(`scan-${entry.id}`, "note", `${fan.firstName} scanned the code “${entry.ref}”`));
    if (entry.kind !== "referral") found.push(message(entry, before, after));
    if (entry.state === "retrying" || entry.state === "failed") found.push(notDelivered(entry));
    return found;
  }

  function message(entry, before, after) {
    const isFan = entry.from === "fan";
    const make = () => element("div", {}, isFan ? fanContent(entry) : pageContent(entry.message, act), isFan && element("span", { className: "mark" }));
    const dress = (node) => {
      const wide = entry.message?.attachment?.payload.elements?.length > 1;
      const groups = { first: startsGroup(entry, before), last: !after || startsGroup(after, entry), wide };
      node.className = ["message", entry.from, ...Object.keys(groups).filter((name) => groups[name])].join(" ");
      if (isFan) mark(node.querySelector(".mark"), entry);
    };
    return { key: entry.id, make, dress };
  }

  function mark(place, entry) {
    const isSeen = entry.state === "delivered" && entry.at <= seenAt && ![...entries.values()].some((other) => other.from === "fan" && other.at > entry.at && other.at <= seenAt);
    const state = isSeen ? "seen" : entry.state;
    if (place.dataset.state === state) return;
    place.dataset.state = state;
    place.className = `mark ${state}`;
    place.title = WORDS[state];
    place.innerHTML = MARKS[state];
  }

  function notDelivered({ id, state, attempts }) {
    const words = state === "failed" ? "Not delivered" : `Not delivered, trying again (attempt ${attempts + 1})`;
    const dress = (node) => node.textContent !== words && (node.textContent = words);
    return { key: `wrong-${id}`, make: () => element("p", { className: "words wrong" }), dress };
  }

  function quickReplies({ id, message: { quick_replies: replies } }) {
    const make = () => {
      const row = element("div", { className: "quick", role: "group", ariaLabel: "Quick replies" });
      const tap = ({ title, payload }) => {
        row.inert = true; // a second tap would be a second answer
        act({ kind: "quick_reply", text: title, payload });
      };
      row.append(...replies.map((reply) => element("button", { type: "button", textContent: reply.title, onclick: () => tap(reply) })));
      return row;
    };
    return { key: `quick-${id}`, make };
  }

  function welcome() {
    const greeting = (face.greeting[fan.locale] ?? face.greeting.default)?.replaceAll("{{user_first_name}}", fan.firstName);
    const questions = face.iceBreakers[fan.locale] ?? face.iceBreakers.default ?? [];
    const start = element("button", { type: "button", className: "start", textContent: "Get Started", onclick: () => act({ kind: "get_started" }) });
    const make = () =>
      element(
        "div",
        { className: "welcome" },
        element("img", { src: "/static/page.svg", alt: "", width: 72, height: 72 }),
        element("h3", { textContent: "Guestlist" }),
        element("p", { textContent: greeting ?? `Hi ${fan.firstName}! Scan the poster, or tap Get Started.` }),
        start,
        ...questions.map(({ question, payload }) =>
          element("button", { type: "button", className: "question", textContent: question, onclick: () => act({ kind: "postback", text: question, payload }) }),
        ),
      );
    return { key: `welcome-${fan.psid}`, make };
  }

  function dots() {
    const make = () => {
      const bubble = element("div", { className: "bubble dots", role: "img", ariaLabel: "Guestlist is typing" });
      bubble.append(...[1, 2, 3].map(() => element("i")));
      return element("div", { className: "message page first last" }, bubble);
    };
    return { key: "dots", make };
  }
}

function note(key, className, words) {
  return { key, make: () => element("p", { className, textContent: words }) };
}

function startsGroup(entry, before) {
  return !before || before.from !== entry.from || entry.at - before.at > PAUSE_MS || Boolean(entry.ref);
}
