// What is on the page: rows of frames, and the list of connections. Text only, never markup.

const ROWS = 500;
const MARKS = { in: "↓", out: "↑", note: "·", opened: "●", closed: "○" };

export const find = (selector) => document.querySelector(selector);

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export function row(kind, from, text, label = "") {
  const frames = find("#frames");
  const time = new Date().toISOString().slice(11, 23);
  const content = element("pre");
  if (label) content.append(element("span", { className: "label" }, label + "  "));
  content.append(text);
  const below = frames.scrollHeight - frames.scrollTop - frames.clientHeight < 40;
  frames.append(element("li", { className: kind },
    element("time", {}, time), element("span", { className: "from" }, from),
    element("span", { className: "mark" }, MARKS[kind]), content));
  while (frames.children.length > ROWS) frames.firstChild.remove();
  if (below) frames.scrollTop = frames.scrollHeight;
}

export function showConnections(connections, target, choose) {
  const items = connections.map((connection) => {
    const close = element("button", { type: "button", className: "quiet", title: "Close" }, "✕");
    close.onclick = (event) => { event.stopPropagation(); connection.close(); };
    const state = (connection.isOpen ? "open " : "") + (connection === target ? "target" : "");
    const item = element("li", { className: state, title: "Send on this one" }, connection.name, close);
    item.onclick = () => choose(connection);
    return item;
  });
  find("#connections").replaceChildren(...items);
}
