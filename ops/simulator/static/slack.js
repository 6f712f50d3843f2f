// The Slack window: a workspace with its channels, and the app with its home, its messages and what is to know about it.

import { element } from "./element.js";
import { drawn } from "./slack_blocks.js";
import { slackComposer } from "./slack_composer.js";
import { slackLog } from "./slack_log.js";
import { slackApplication, slackDoing, slackNews, slackTeam } from "./simulator.js";

const byId = (id) => document.getElementById(id);
const TABS = ["home", "messages", "about"];
const EVENTS = { verified: "Events verified", refused: "Events refused", unreachable: "No application" };

export function slackWindow() {
  const teams = byId("slack-team");
  const draw = slackLog(byId("slack-log"), {
    named,
    isBot: (id) => id === workspace.bot.id,
    press: (button, post) => press(button, { message: post.ts, channel: here }),
  });
  const composer = slackComposer(write);
  const names = new Map();
  let user;
  let team;
  let workspace;
  let rooms = new Map();
  let here;
  let tab = "messages";
  let unread = new Map();
  let application = { events: "", url: "", teams: [] };
  let news;

  teams.addEventListener("change", () => enter(teams.value));
  for (const name of TABS) byId(`slack-tab-${name}`).addEventListener("click", () => openTab(name));
  byId("slack-tabs").addEventListener("keydown", ({ key }) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (step) byId(`slack-tab-${openTab(TABS.at((TABS.indexOf(tab) + step) % TABS.length))}`).focus();
  });
  showApplication();
  setInterval(showApplication, 15000);

  const told = {
    workspace(what) {
      const entered = workspace?.team.id !== what.team.id || workspace.person.id !== what.person.id;
      workspace = what;
      names.set(what.person.id, what.person.name);
      for (const { posts } of what.rooms) posts.forEach(({ user: id, name }) => names.set(id, name));
      rooms = new Map(what.rooms.map(({ id, name, posts }) => [id, { id, name, posts: new Map(posts.map((post) => [post.ts, post])) }]));
      if (entered) {
        here = what.person.channel;
        unread = new Map();
      }
    },
    post({ room, post }) {
      const found = rooms.get(room);
      if (!found) return;
      if (post.edits === 0 && !found.posts.has(post.ts) && post.user !== user && (room !== here || !showsLog())) unread.set(room, (unread.get(room) ?? 0) + 1);
      names.set(post.user, post.name);
      found.posts.set(post.ts, post);
    },
    home({ home }) {
      workspace.home = home;
    },
    installed({ installed }) {
      workspace.installed = installed;
      if (!installed) workspace.home = null;
    },
    cleared() {
      for (const { posts } of rooms.values()) posts.clear();
      unread.clear();
    },
  };

  return {
    become(other) {
      if (other === user) return;
      user = other;
      if (team) enter(team);
    },
  };

  function enter(other) {
    team = other;
    news?.close();
    news = slackNews(user, team, (what) => {
      told[what.type](what);
      show();
    });
  }

  async function showApplication() {
    application = await slackApplication();
    const first = !team;
    if (first) {
      teams.replaceChildren(...application.teams.map(({ id, name }) => new Option(name, id)));
      team = application.teams[0].id;
      if (user) enter(team);
    }
    byId("slack-events").className = `events ${application.events}`;
    byId("slack-events-words").textContent = EVENTS[application.events];
    if (workspace) showAbout();
  }

  async function write(doing) {
    if (doing.kind === "command" && doing.command !== "/guestlist") return say(`${doing.command} is not a valid command.`);
    return slackDoing(user, team, { ...doing, channel: here });
  }

  // What Slack itself says, without asking anybody.
  function say(text) {
    const ts = (Date.now() / 1000).toFixed(6);
    rooms.get(here).posts.set(ts, { ts, user: "USLACKBOT", text, blocks: [], thread: "", onlyYou: true, picture: "", edits: 0, state: "delivered" });
    show();
  }

  async function press(button, where) {
    const { status } = await slackDoing(user, team, { kind: "press", payload: button.value ?? "", ...where });
    return status >= 200 && status < 300;
  }

  function named(id) {
    return id === workspace.bot.id ? workspace.bot.name : names.get(id) ?? id;
  }

  function openRoom(id) {
    here = id;
    tab = "messages";
    show();
  }

  function openTab(name) {
    if (!workspace) return tab;
    tab = name;
    if (name !== "about" && workspace.installed) slackDoing(user, team, { kind: name });
    show();
    return name;
  }

  function showsLog() {
    return isPublic() || tab === "messages";
  }

  function isPublic() {
    return here !== workspace.person.channel;
  }

  function show() {
    const room = rooms.get(here);
    if (showsLog()) unread.delete(here);
    showRooms();
    byId("slack-title").textContent = isPublic() ? `# ${room.name}` : workspace.bot.name;
    byId("slack-face").hidden = byId("slack-badge").hidden = byId("slack-tabs").hidden = isPublic();
    for (const name of TABS) {
      const chosen = byId(`slack-tab-${name}`);
      chosen.setAttribute("aria-selected", name === tab);
      chosen.tabIndex = name === tab ? 0 : -1;
    }
    byId("slack-home").hidden = isPublic() || tab !== "home";
    byId("slack-about").hidden = isPublic() || tab !== "about";
    byId("slack-messages").hidden = !showsLog();
    byId("slack-composer").hidden = !workspace.installed;
    composer.room({ name: isPublic() ? room.name : workspace.bot.name, isPublic: isPublic() });
    draw(room.posts.values(), beginning(room));
    showHome();
    showAbout();
  }

  function showRooms() {
    const entry = ({ id, name }) => {
      const count = unread.get(id) ?? 0;
      const label = name ? [element("span", { className: "hash", textContent: "#" }), name] : [element("img", { src: "/static/page.svg", alt: "", width: 18, height: 18 }), workspace.bot.name];
      const badge = count ? element("span", { className: "unread", textContent: count, ariaLabel: `${count} new` }) : null;
      const button = element("button", { type: "button", className: "room", onclick: () => openRoom(id) }, ...label, badge);
      button.setAttribute("aria-current", id === here);
      return button;
    };
    const focused = document.activeElement?.classList.contains("room");
    byId("slack-channels").replaceChildren(...[...rooms.values()].filter(({ name }) => name).map(entry));
    byId("slack-apps").replaceChildren(entry({ id: workspace.person.channel, name: "" }));
    if (focused) document.querySelector(".slack .room[aria-current=true]").focus();
  }

  function showHome() {
    const { home, installed } = workspace;
    const place = byId("slack-home");
    const version = `${team}-${user}-${installed}-${home?.hash}-${home?.id}`;
    if (place.dataset.version === version) return;
    place.dataset.version = version;
    if (!installed) place.replaceChildren(notInstalled());
    else if (home) place.replaceChildren(...drawn(home.blocks, (button) => press(button, { home: true }), named));
    else place.replaceChildren(element("p", { className: "nothing", textContent: "Guestlist has not shown anything here yet." }));
  }

  function showAbout() {
    const { name } = workspace.team;
    const events = { verified: `The application at ${application.url} gives Slack's challenge back.`, refused: `The application at ${application.url} does not give Slack's challenge back: its signing secret differs, or its route is missing.`, unreachable: `No application answers at ${application.url}.` };
    const place = byId("slack-about");
    const version = `${team}-${workspace.installed}-${application.events}`;
    if (place.dataset.version === version) return;
    place.dataset.version = version;
    const paragraph = (textContent) => element("p", { textContent });
    place.replaceChildren(
      element("h3", { textContent: "Guestlist" }),
      paragraph("Gives away and sells tickets in a chat."),
      element("h4", { textContent: "Event subscriptions" }),
      paragraph(events[application.events] ?? ""),
      element("h4", { textContent: "Slash command" }),
      element("p", {}, element("code", { textContent: "/guestlist" }), " play, tickets, help"),
      element("h4", { textContent: `In ${name}` }),
      ...(workspace.installed
        ? [paragraph("Installed."), action("Remove from workspace", () => slackTeam(team, "uninstall"), "danger")]
        : [notInstalled()]),
    );
  }

  function notInstalled() {
    const add = element("a", { className: "button primary", href: `${application.url}/slack/install`, target: "_blank", rel: "noopener noreferrer", textContent: "Add to Slack" });
    const own = team === application.teams[0]?.id && action("Install with the bot token", () => slackTeam(team, "install"));
    return element("div", { className: "not-installed" }, element("p", { textContent: `Guestlist is not in ${workspace.team.name}.` }), element("div", { className: "actions" }, add, own));
  }

  function action(textContent, onclick, style = "") {
    return element("button", { type: "button", className: `button ${style}`, textContent, onclick });
  }

  function beginning(room) {
    const [title, about] = room.name
      ? [`# ${room.name}`, "Everybody in the workspace reads this. Mention @Guestlist, and it writes to you in private."]
      : ["Guestlist", "This is between you and the app. Type /guestlist, or just say hi."];
    const make = () =>
      element(
        "div",
        { className: "beginning" },
        room.name ? null : element("img", { src: "/static/page.svg", alt: "", width: 56, height: 56 }),
        element("h3", { textContent: title }),
        workspace.installed ? element("p", { textContent: about }) : notInstalled(),
      );
    return { key: `beginning-${team}-${room.id}-${workspace.installed}`, make };
  }
}
