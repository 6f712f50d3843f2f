// The simulator's own endpoints.

const path = (psid, rest = "") => `/fans/${encodeURIComponent(psid)}${rest}`;

export const person = (psid) => read(path(psid));
export const fans = () => read("/fans");
export const webhook = () => read("/application");
export const change = (psid, what) => write("PUT", path(psid), what);
export const doing = (psid, event) => write("POST", path(psid, "/events"), event);
export const picture = (psid) => path(psid, "/picture.svg");

// Every thing that happens in a fan's thread, until close() is called; the browser reconnects by itself.
export function openThread(psid, tell) {
  const source = new EventSource(path(psid, "/news"));
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
