// Puts the page together: who is chatting, their thread, the composer, the poster.

import { change, doing, openThread, person, webhook } from "./simulator.js";
import { composer } from "./composer.js";
import { fanPicker } from "./fans.js";
import { poster } from "./poster.js";
import { slackWindow } from "./slack.js";
import { thread } from "./thread.js";

const byId = (id) => document.getElementById(id);
const log = thread(byId("log"), act);
const compose = composer(act);
const slack = slackWindow();
let fan;
let news;

fanPicker(chatAs);
poster((ref) => act({ kind: "scan", ref }));
byId("locale").addEventListener("change", ({ target }) => change(fan.psid, { locale: target.value }));
for (const [id, blocked] of [["block", true], ["unblock", false]]) {
  byId(id).addEventListener("click", async () => showBlocked((await change(fan.psid, { blocked })).blocked));
}
showApplication();
setInterval(showApplication, 15000);

// A fan's thread comes as news: first all of it, then each change. Until it is there, nothing can be sent.
function chatAs(psid) {
  news?.close();
  log.clear();
  news = openThread(psid, (what) => {
    if (what.type === "thread") {
      fan = what.fan;
      slack.become(fan.slackUser);
      byId("locale").value = fan.locale;
      compose.offer(what.face.menu, fan.locale);
      showBlocked(fan.blocked);
    }
    log.tell(what);
    if (what.type === "entry" && what.entry.from === "page") confirmReceipt(psid, what.entry);
  });
}

function act(event) {
  return fan && doing(fan.psid, event);
}

// What a phone tells the page by itself: the message arrived; it was looked at.
function confirmReceipt(psid, entry) {
  doing(psid, { kind: "delivery", mids: [entry.id], retry: false });
  if (document.visibilityState === "visible") doing(psid, { kind: "read", retry: false });
}

function showBlocked(blocked) {
  byId("blocked").hidden = !blocked;
  byId("composer").hidden = blocked;
  byId("block").hidden = blocked;
}

async function showApplication() {
  const { webhook: state, url } = await webhook();
  const words = {
    verified: "Connected to the application",
    refused: `The application at ${url} refuses the webhook's verify token`,
    unreachable: `No application at ${url} yet`,
  };
  byId("application").className = `application ${state}`;
  const line = byId("application-words");
  if (line.textContent !== words[state]) line.textContent = words[state];
}
