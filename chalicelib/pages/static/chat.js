// The web chat. A message gets its id before it is first sent and keeps it however often it is sent, so the server answers it once.
// Messages leave one at a time and in order; one that fails waits, and so do those behind it.

const settings = JSON.parse(document.getElementById("settings").textContent);
const PATIENCE = 15_000; // milliseconds that an answer may take before we say "not sent"
const LOOK_AGAIN = 3_000; // milliseconds
const STORED = `guestlist:${settings.campaign}`; // a preview is never kept: each time it is opened, it begins anew

const log = document.getElementById("log");
const typing = document.getElementById("typing");
const trouble = document.getElementById("trouble");
const choices = document.getElementById("choices");
const composer = document.getElementById("composer");
const input = document.getElementById("text");
const languages = document.querySelector(".languages");

const kept = recall();
const outbox = []; // messages that the server has not answered: {body, bubble}
let sending = false;
let expecting = null;
let heard = 0; // messages of the bot's that are shown

begin();

// ── coming and going ──────────────────────────────────────────────────────

async function begin() {
  speak(kept.language in settings.texts ? kept.language : document.documentElement.lang);
  composer.hidden = false;
  composer.addEventListener("submit", submit);
  document.getElementById("again").addEventListener("click", again);
  addEventListener("online", again);
  document.addEventListener("visibilitychange", catchUp);
  if (languages) {
    languages.hidden = false;
    languages.addEventListener("click", switchLanguage);
  }
  await resume();
}

async function resume() {
  let messages = [];
  if (kept.resumable) {
    wait(true);
    try {
      const answer = await ask({ session: kept.session });
      if (answer.ok) messages = (await answer.json()).messages;
      else if (mayPass(answer)) return stumble("unreachable");
    } catch {
      return stumble("unreachable");
    } finally {
      wait(false);
    }
  }
  if (messages.length === 0) return send({ text: "start", ...(settings.source && { source: settings.source }) }, null);
  const startedByUs = messages[0].from === "fan" && messages[0].text.toLowerCase() === "start";
  for (const message of startedByUs ? messages.slice(1) : messages) {
    if (message.from === "bot") reply(message, false);
    else {
      add(bubble("fan", message.text), false);
      offer([]);
    }
  }
}

/** Show what the bot has said meanwhile of its own accord, when the fan comes back: who pays does so on another page. */
async function catchUp() {
  if (document.hidden || busy() || !kept.resumable) return;
  let messages = [];
  try {
    const answer = await ask({ session: kept.session });
    if (answer.ok) messages = (await answer.json()).messages;
  } catch {
    return; // the next time will do
  }
  if (busy()) return; // its answers come by themselves
  const said = messages.filter(({ from }) => from === "bot");
  for (const one of said.slice(heard)) reply(one, true);
  expectNews();
}

/** As long as a link to pay is the last that was said, and somebody looks, the news may come any moment. */
function expectNews() {
  clearTimeout(expecting);
  if (log.lastElementChild?.querySelector('a[href*="/payments/"]')) expecting = setTimeout(catchUp, LOOK_AGAIN);
}

function recall() {
  let stored = {};
  if (!settings.preview) try {
    stored = JSON.parse(localStorage.getItem(STORED)) ?? {};
  } catch {
    // Storage is forbidden or spoilt: the conversation lasts as long as the page.
  }
  if (/^[\w-]{22}$/.test(stored.session ?? "")) return { ...stored, resumable: true };
  return { session: unguessable(), resumable: false };
}

function keep() {
  if (settings.preview) return;
  try {
    localStorage.setItem(STORED, JSON.stringify({ session: kept.session, language: kept.language }));
  } catch {
    // As above.
  }
}

// ── sending ───────────────────────────────────────────────────────────────

function submit(event) {
  event.preventDefault();
  const text = input.value.trim();
  if (!text) return;
  input.value = "";
  const spoken = Object.keys(settings.words).find((language) => settings.words[language].includes(text.toLowerCase()));
  if (spoken) speak(spoken);
  send({ text }, text);
}

function send(message, shown, cameFrom = null) {
  const own = shown === null ? null : add(bubble("fan sending", shown));
  outbox.push({ body: { session: kept.session, messageId: unguessable(), ...message }, bubble: own, cameFrom });
  flush();
}

async function flush() {
  if (sending || outbox.length === 0) return;
  sending = true;
  const { body, bubble: own, cameFrom } = outbox[0];
  clear(own);
  wait(true);
  let replies = null;
  let problem = "unreachable";
  try {
    const answer = await ask({}, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
    if (answer.ok) replies = (await answer.json()).replies;
    else if (!mayPass(answer)) problem = "refused";
  } catch {
    // No network, no answer in time, or half of one: the same message again is safe.
  }
  sending = false;
  wait(false);
  if (replies) {
    outbox.shift();
    own?.classList.remove("sending");
    offer([]);
    kept.resumable = true;
    for (const one of replies) reply(one, true);
    expectNews();
    lead(cameFrom);
    return flush();
  }
  if (own) mark(own);
  stumble(problem);
  if (problem === "refused") {
    outbox.shift();
    ready();
  }
}

function ask(query, options = {}) {
  const address = new URL(settings.messages, location.origin);
  address.search = new URLSearchParams({ ...query, ...(settings.preview && { preview: settings.preview }) });
  return fetch(address, { ...options, signal: AbortSignal.timeout(PATIENCE), cache: "no-store", credentials: "omit" });
}

/** Whether the same request may succeed later. */
function mayPass(answer) {
  return answer.status >= 500 || answer.status === 429 || answer.status === 408;
}

function again() {
  trouble.hidden = true;
  if (outbox.length > 0) flush();
  else if (log.childElementCount === 0) resume();
}

/** Say what went wrong; `unreachable` can be tried again. */
function stumble(problem) {
  trouble.dataset.problem = problem;
  trouble.querySelector("p").textContent = said(problem);
  trouble.querySelector("button").hidden = problem !== "unreachable";
  trouble.hidden = false;
}

// ── showing ───────────────────────────────────────────────────────────────

function reply({ text, choices: offered, ticket }, fresh) {
  heard += 1;
  if (text) add(bubble(offered.length > 0 ? "bot asks" : "bot", text), fresh);
  if (ticket) add(stub(ticket), fresh);
  if (offered.length > 0) offer(offered);
}

function bubble(kind, text) {
  const shown = element("div", `message ${kind}`);
  shown.append(element("span", "unseen", `${said(kind.startsWith("fan") ? "you" : "bot")}: `));
  for (const part of text.split("\n\n")) {
    const paragraph = element("p");
    paragraph.append(...part.split(/(https?:\/\/\S+[^\s.,;:!?)])/).map((piece, index) => (index % 2 ? link(piece, piece) : piece)));
    shown.append(paragraph);
  }
  return shown;
}

function stub({ code, url, title, subtitle, linkTitle }) {
  const page = new URL(url).pathname; // of this host, by whichever name the fan came here
  const shown = element("article", "message stub");
  const head = element("div", "head");
  head.append(element("b", "", title), element("span", "", subtitle));
  const picture = element("img");
  picture.src = `${page}.svg`;
  picture.alt = said("qr");
  picture.width = picture.height = 490;
  const id = code.split(".")[2] ?? "";
  const foot = element("div", "foot");
  foot.append(element("span", "", `${id.slice(0, id.length / 2)}-${id.slice(id.length / 2)}`), link(page, linkTitle));
  shown.append(element("span", "unseen", `${said("bot")}: `), head, picture, foot);
  return shown;
}

function link(address, text) {
  const shown = element("a", "", text);
  shown.href = address;
  shown.target = "_blank";
  shown.rel = "noopener noreferrer";
  return shown;
}

function element(name, kind = "", text = "") {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  made.textContent = text;
  return made;
}

function add(shown, fresh = true) {
  if (fresh) shown.classList.add("fresh");
  log.append(shown);
  if (shown.classList.contains("fan")) document.body.classList.remove("opening");
  follow();
  return shown;
}

/** Keep the newest message in sight; a conversation that needs the room gets the poster's. */
function follow() {
  if (log.scrollHeight > log.clientHeight + 1) document.body.classList.remove("opening");
  log.scrollTop = log.scrollHeight;
}
new ResizeObserver(follow).observe(log); // the keyboard opened, or the answers took some of the height

/** Show the answers to choose from. They share one message id, made here: whatever is pressed, and however often, counts once. */
function offer(offered) {
  const messageId = unguessable();
  for (const asked of log.querySelectorAll("#question")) asked.removeAttribute("id");
  if (offered.length > 0) log.lastElementChild.id = "question"; // describes the answers
  choices.classList.toggle("pairs", offered.length === 2 || offered.length > 4);
  choices.replaceChildren(
    ...offered.map(({ title, payload }) => {
      const button = element("button", "", title);
      button.type = "button";
      button.addEventListener("click", () => {
        if (busy()) return;
        button.classList.add("chosen");
        if (payload.startsWith("language:")) speak(payload.slice("language:".length));
        send({ messageId, choice: payload, text: title }, title, choices);
      });
      return button;
    }),
  );
  ready();
}

/** Where a keyboard goes on: from a pressed answer to the next ones, or to the message line where there are none. */
function lead(cameFrom) {
  if (cameFrom !== choices) return;
  const next = choices.querySelector("button");
  if (next) next.focus({ preventScroll: true });
  else if (matchMedia("(pointer: fine)").matches) input.focus({ preventScroll: true });
  else log.focus({ preventScroll: true }); // a phone's keyboard stays down until it is asked for
}

function wait(waiting) {
  typing.hidden = !waiting;
  ready();
  if (waiting) follow();
}

function busy() {
  return sending || outbox.length > 0;
}

function ready() {
  for (const button of choices.children) {
    button.disabled = busy();
    if (!busy()) button.classList.remove("chosen");
  }
}

function mark(own) {
  own.classList.replace("sending", "unsent");
  own.append(element("span", "mark", said("unsent")));
}

function clear(own) {
  trouble.hidden = true;
  own?.querySelector(".mark")?.remove();
  own?.classList.replace("unsent", "sending");
}

// ── languages ─────────────────────────────────────────────────────────────

function switchLanguage(event) {
  const wanted = event.target.dataset.language;
  if (!wanted || wanted === kept.language) return;
  speak(wanted);
  send({ choice: `language:${wanted}`, text: event.target.ariaLabel }, event.target.ariaLabel);
}

function speak(language) {
  if (!(language in settings.texts)) return;
  kept.language = document.documentElement.lang = language;
  keep();
  for (const shown of document.querySelectorAll("[data-text]")) shown.textContent = said(shown.dataset.text);
  for (const shown of document.querySelectorAll("[data-label]")) shown.ariaLabel = said(shown.dataset.label);
  for (const shown of document.querySelectorAll("[data-placeholder]")) shown.placeholder = said(shown.dataset.placeholder);
  for (const button of document.querySelectorAll("[data-language]")) button.ariaPressed = String(button.dataset.language === language);
}

function said(key) {
  return settings.texts[kept.language][key];
}

/** 128 random bits in 22 characters, as the server makes them: a session, a message's id. */
function unguessable() {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16)))).replaceAll("+", "-").replaceAll("/", "_").slice(0, 22);
}
