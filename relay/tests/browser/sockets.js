// WebSockets and Socket.IO from a page of an allowed origin, and of another one.
"use strict";

// In the page: what a socket came to.
const outcome = ({ url, protocols }) =>
  new Promise((resolve) => {
    const socket = new WebSocket(url, protocols);
    const seen = { opened: false };
    socket.onopen = () => { seen.opened = true; seen.protocol = socket.protocol; if (protocols) socket.close(1000); };
    socket.onclose = ({ code, reason, wasClean }) => resolve({ ...seen, code, reason, wasClean });
  });

// In the page: socket.io-client as npm has it.
const chat = async ({ module, url }) => {
  const { io } = await import(module);
  const socket = io(url, { auth: { userId: "carol" } });
  // Asked for now: an upgrade may be over before the namespace is connected.
  const first = socket.io.engine.transport.name;
  await new Promise((resolve) => socket.on("connect", resolve));
  await new Promise((resolve) => {
    if (socket.io.engine.transport.name === "websocket") resolve();
    socket.io.engine.on("upgrade", resolve);
  });
  globalThis.heard = new Promise((resolve) => socket.on("greeting", resolve));
  const answer = await socket.emitWithAck("conversation:join", { conversationId: "7" });
  return { first, upgraded: socket.io.engine.transport.name, answer };
};

module.exports = async ({ browser, start, origin, post }) => {
  const [allowed, other] = [await origin(), await origin()];
  const relay = await start({ CORS_ORIGINS: allowed, WS_ANONYMOUS: "deny" });
  const page = await browser.newPage();
  await page.goto(allowed);
  const open = (path, protocols) => page.evaluate(outcome, { url: relay.ws + path, protocols });


  const subprotocol = await open("/ws/alice", ["mythos-protocol"]);
  const nobody = await open("/ws");
  const unauthenticated = await open("/ws/chat/1/?connection_token=made-up");

  const stranger = await browser.newPage();
  await stranger.goto(other);
  const refused = await stranger.evaluate(outcome, { url: `${relay.ws}/ws/alice` });

  const socketio = await page.evaluate(chat, { module: "/socket.io-client/dist/socket.io.esm.min.js", url: relay.url });
  await post(`${relay.url}/api/socketio/emit`, { event: "greeting", data: "hi", user: "carol" });
  socketio.heard = await page.evaluate(() => globalThis.heard);

  const drained = open("/ws/dave");
  await page.waitForFunction(async (url) => (await (await fetch(url)).json()).websocket.connected > 1, `${relay.url}/health`);
  await relay.stop();
  return { subprotocol, nobody, unauthenticated, refused, socketio, drained: await drained };
};
