// Brings a log in line with the rows it should have. Only what is new is added, so that a screen reader hears each message once.
// A row is {key, make(), dress?(node)}. Tells whether the log was scrolled to its end before.

export function show(log, wanted) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 240;
  const keys = new Set(wanted.map(({ key }) => key));
  const kept = new Map();
  for (const node of [...log.children]) {
    if (keys.has(node.dataset.key)) kept.set(node.dataset.key, node);
    else node.remove();
  }
  wanted.forEach(({ key, make, dress }, index) => {
    const node = kept.get(key) ?? make();
    node.dataset.key = key;
    dress?.(node);
    if (log.children[index] !== node) log.insertBefore(node, log.children[index] ?? null);
  });
  return atEnd;
}

// Neither a picture that arrives late nor a phone's keyboard may push the latest message out of sight.
export function keepAtEnd(log) {
  const toEnd = () => (log.scrollTop = log.scrollHeight);
  log.addEventListener("load", toEnd, true);
  new ResizeObserver(toEnd).observe(log);
  return toEnd;
}

export function clock(at) {
  const day = new Date(at).toDateString() === new Date().toDateString() ? {} : { weekday: "short", day: "numeric", month: "short" };
  return new Date(at).toLocaleString([], { ...day, hour: "2-digit", minute: "2-digit" });
}
