// Connects, sends, publishes, and tells about the server.

import { TRANSPORTS } from "/page/transports.js";
import { element, find, row, showConnections } from "/page/view.js";

const SAMPLES = Object.values(TRANSPORTS).map((transport) => transport.sample);
const connections = [];
let target = null;
let count = 0;

const chosen = () => TRANSPORTS[find("#connect").elements.transport.value];
const wanted = () => {
  const { id, session, token } = find("#connect").elements;
  return { id: id.value.trim(), session: session.value.trim(), token: token.value.trim() };
};

function choose(one) {
  target = one;
  // What was written by hand stays.
  const { text } = find("#send").elements;
  if (one && (!text.value || SAMPLES.includes(text.value))) text.value = one.sample;
}

function refresh() {
  if (!connections.includes(target)) choose(connections.findLast((one) => one.send) ?? null);
  showConnections(connections, target, (one) => { if (one.send) { choose(one); refresh(); } });
  find("#target").value = target ? target.name : "no connection";
  find("#send button").disabled = !target?.isOpen;
}

function connect() {
  const transport = chosen(), want = wanted();
  const named = transport.fields.includes("id") ? `${want.id} ` : "";
  const one = { name: `${named}${transport.hint} ${++count}`, sample: transport.sample, isOpen: false };
  const link = transport.open(transport.address(want), want, {
    opened: (text) => { one.isOpen = true; row("opened", one.name, text); refresh(); },
    frame: (direction, text, label) => row(direction, one.name, text, label),
    note: (text) => row("note", one.name, text),
    closed: (text) => {
      if (connections.includes(one)) connections.splice(connections.indexOf(one), 1);
      row("closed", one.name, text);
      refresh();
    },
  });
  connections.push(Object.assign(one, link));
  if (one.send) choose(one);
  refresh();
}

async function publish() {
  const { to, key, data } = find("#publish").elements;
  const headers = { "Content-Type": "application/json" };
  if (key.value) headers.Authorization = `Bearer ${key.value}`;
  try {
    const body = JSON.stringify({ user_id: to.value.trim(), data: JSON.parse(data.value) });
    const answer = await fetch("/sse/push", { method: "POST", headers, body });
    row(answer.ok ? "note" : "closed", "publish", `${answer.status} ${await answer.text()}`);
  } catch (error) {
    row("closed", "publish", error.message);
  }
}

function showFields() {
  const { fields, address } = chosen();
  for (const label of document.querySelectorAll("[data-field]")) label.hidden = !fields.includes(label.dataset.field);
  find("#address").textContent = address({ ...wanted(), token: wanted().token && "…" });
}

async function tellOfServer() {
  try {
    const health = await (await fetch("/health")).json();
    find("#about").textContent = `${health.version} on ${health.node}, ${health.status}`;
    find("#load").textContent = `${health.connections} connected`;
  } catch {
    find("#about").textContent = "does not answer";
  }
}

const on = (form, act) => find(form).addEventListener("submit", (event) => { event.preventDefault(); act(); });

for (const [name, { label, hint }] of Object.entries(TRANSPORTS)) {
  const input = element("input", { type: "radio", name: "transport", value: name, checked: name === "push" });
  find("#transports").append(element("label", {}, input, label, element("small", {}, hint)));
}
on("#connect", connect);
on("#publish", publish);
on("#send", () => {
  try {
    target.send(find("#send").elements.text.value);
  } catch (error) {
    row("closed", target.name, error.message);
  }
});
find("#connect").addEventListener("input", showFields);
find("#clear").addEventListener("click", () => find("#frames").replaceChildren());
showFields();
refresh();
tellOfServer();
setInterval(tellOfServer, 5000);
