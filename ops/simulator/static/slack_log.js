// A room of Slack: who said what, when, to whom alone; replies below what they reply to.

import { drawn } from "./slack_blocks.js";
import { element } from "./element.js";
import { mrkdwn } from "./mrkdwn.js";
import { clock, keepAtEnd, show } from "./rows.js";
import { slackPicture } from "./simulator.js";

const GROUP_MS = 5 * 60 * 1000;
const SLACKBOT = "USLACKBOT";

export function slackLog(log, { press, named, isBot }) {
  const toEnd = keepAtEnd(log);

  return function draw(posts, beginning) {
    const ordered = threaded(posts);
    const wanted = ordered.flatMap((post, index) => rows(post, ordered[index - 1]));
    if (!ordered.length) wanted.push(beginning);
    if (show(log, wanted)) toEnd();
  };

  function rows(post, before) {
    const follows = before && before.user === post.user && before.thread === post.thread && !before.onlyYou && !post.onlyYou && at(post) - at(before) < GROUP_MS;
    const key = `${post.ts}-${post.edits}-${follows ? "follows" : "first"}`;
    const found = [{ key, make: () => message(post, follows) }];
    if (post.state === "retrying" || post.state === "failed") found.push(notDelivered(post));
    return found;
  }

  function message(post, follows) {
    const bot = isBot(post.user);
    const name = post.user === SLACKBOT ? "Slackbot" : named(post.user);
    const src = bot ? "/static/page.svg" : post.user === SLACKBOT ? "/static/slackbot.svg" : slackPicture(post.user);
    const said = post.blocks.length ? drawn(post.blocks, (button) => press(button, post), named) : mrkdwn(post.text, named);
    const head = element(
      "p",
      { className: "who" },
      element("b", { textContent: name }),
      (bot || post.user === SLACKBOT) && element("span", { className: "badge", textContent: "App" }),
      element("time", { textContent: clock(at(post)) }),
    );
    return element(
      "div",
      { className: ["slack-message", post.onlyYou && "only-you", post.thread && "reply", follows && "follows"].filter(Boolean).join(" ") },
      follows ? null : element("img", { className: "portrait", src, alt: "", width: 36, height: 36 }),
      element(
        "div",
        { className: "said" },
        post.onlyYou && element("p", { className: "to-you", textContent: "Only visible to you" }),
        follows ? null : head,
        ...said,
        post.edits > 0 && !post.blocks.length && element("span", { className: "edited", textContent: "(edited)" }),
        post.picture && element("img", { className: "file", src: post.picture, alt: "Your photo" }),
      ),
    );
  }

  function notDelivered({ ts, state, attempts }) {
    const words = state === "failed" ? "The application did not take this" : `The application did not take this, trying again (attempt ${attempts + 1})`;
    return { key: `wrong-${ts}`, make: () => element("p", { className: "not-taken" }), dress: (node) => node.textContent !== words && (node.textContent = words) };
  }
}

function threaded(posts) {
  const all = [...posts].sort((one, other) => at(one) - at(other));
  const first = new Set(all.filter(({ thread }) => !thread).map(({ ts }) => ts));
  const roots = all.filter(({ thread }) => !first.has(thread));
  return roots.flatMap((root) => [root, ...all.filter(({ ts, thread }) => thread === root.ts && ts !== root.ts)]);
}

function at({ ts }) {
  return Number(ts) * 1000;
}
