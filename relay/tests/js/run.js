// Runs one script of a test with real clients and prints what it returns, as one line of JSON.
// Usage: node run.js URL SCRIPT. The script is the body of an async function.
"use strict";

const [url, script] = process.argv.slice(2);
const clients = { 4: require("socket.io-client"), 2: require("socket.io-client-v2") };
const open = [];

/** A client of `version` that never shares its connection with another one. */
function connect(version, options = {}, path = "/") {
  const socket = clients[version](url + path, { forceNew: true, reconnectionDelay: 50, ...options });
  open.push(socket);
  return socket;
}

/** The arguments of the next event. */
function next(socket, event) {
  return new Promise((resolve) => socket.once(event, (...args) => resolve(args)));
}

/** The acknowledgement of an event. */
function ask(socket, event, ...args) {
  return new Promise((resolve) => socket.emit(event, ...args, (...answer) => resolve(answer)));
}

/** A connected client. */
async function connected(version, options, path) {
  const socket = connect(version, options, path);
  await next(socket, "connect");
  return socket;
}

/** Name of the transport in use. */
function transport(socket) {
  return socket.io.engine.transport.name;
}

/** Waits until the client is on a WebSocket. */
async function upgraded(socket) {
  while (transport(socket) !== "websocket") await pause(10);
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Takes the connection of a client away, if it still has one, waits for `meanwhile`, and lets the client come
 * back, to the server at `where`; `again`, if it is sent away before it is there. Whether it has its session
 * back.
 */
async function away(socket, meanwhile = async () => {}, where = url, again = false) {
  socket.io.reconnection(false);
  if (socket.connected) {
    const gone = next(socket, "disconnect");
    socket.io.engine.close();
    await gone;
  }
  await meanwhile();
  socket.io.uri = where;
  socket.io.reconnection(again);
  const back = next(socket, "connect");
  socket.connect();
  await back;
  socket.io.reconnection(false);
  return socket.recovered;
}

/** Posts JSON to the relay. */
async function post(path, body) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  return answer.json();
}

const helpers = { require, url, clients, open, connect, connected, next, ask, transport, upgraded, pause, away, post };
const run = new Function(...Object.keys(helpers), `return (async () => { ${script} })()`);
run(...Object.values(helpers)).then(
  (result) => {
    process.stdout.write(JSON.stringify(result ?? null) + "\n", () => process.exit(0));
    open.forEach((socket) => socket.close());
  },
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
