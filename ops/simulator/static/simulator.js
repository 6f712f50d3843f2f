// The simulator's own endpoints.

const path = (psid, rest = "") => `/fans/${encodeURIComponent(psid)}${rest}`;

export const person = (psid) => read(path(psid));
export const fans = () => read("/fans");
export const webhook = () => read("/application");
export const change = (psid, what) => write("PUT", path(psid), what);
export const doing = (psid, event) => write("POST", path(psid, "/events"), event);
export const picture = (psid) => path(psid, "/picture.svg");

// Every thing that happens in a fan's thread, until close() is called; the browser reconnects by itself.
export const openThread = (psid, tell) => listen(path(psid, "/news"), tell);

// The same for Slack, where a person is in a workspace.
const slackPath = (user, team, rest) => `/slack/users/${user}${rest}?team=${team}`;

export const slackApplication = () => read("/slack/application");
export const slackNews = (user, team, tell) => listen(slackPath(user, team, "/news"), tell);
export const slackDoing = (user, team, doing) => write("POST", slackPath(user, team, "/events"), doing);
export const slackTeam = (team, kind) => write("POST", `/slack/teams/${team}/events`, { kind });
export const slackPicture = (user) => `/slack/users/${user}/picture.svg`;

function listen(address, tell) {
  const source = new EventSource(address);
  source.onmessage = ({ data }) => tell(JSON.parse(data));
  return source;
}

async function read(address) {
  return (await fetch(address)).json();
}

async function write(method, address, body) {
  const answer = await fetch(address, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return answer.json();
}
