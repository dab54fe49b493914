// The transports: where each connects, and how its frames are read and sent.
//
// `open(address, want, on)` connects and returns `{ send?, close }`. It calls `on.opened(text)`,
// `on.frame(direction, text, label)`, `on.note(text)` and, once, `on.closed(text)`.

import { eventStream } from "/page/sse.js";
import { socketIo } from "/page/socketio.js";

const webSocketUrl = (path) => location.origin.replace(/^http/, "ws") + path;

const query = (parameters) => {
  const given = Object.entries(parameters).filter(([, value]) => value);
  return given.length ? "?" + new URLSearchParams(given) : "";
};

// What a person can do about a close code of the relay (docs/relay.md).
const MEANINGS = {
  1000: "goodbye", 1001: "the process ends", 1002: "protocol error", 1003: "not text", 1005: "no code",
  1006: "no close frame: refused, or the network was lost", 1007: "not UTF-8", 1008: "not welcome",
  1009: "too large", 1011: "no pong, or an error", 1012: "come back, with jitter", 1013: "read faster",
  4001: "no good token", 4003: "not yours, or not allowed",
};

export const meaning = (code) => MEANINGS[code] ?? "unknown";

export function webSocket(url, on, heard = (text) => on.frame("in", text)) {
  const socket = new WebSocket(url);
  socket.onopen = () => on.opened("WebSocket open");
  socket.onmessage = (event) => heard(event.data);
  socket.onclose = ({ code, reason }) => on.closed(`${code} ${reason || ""}`.trim() + ` (${meaning(code)})`);
  return {
    send: (text) => { socket.send(text); on.frame("out", text); },
    close: () => socket.close(1000, "Goodbye"),
  };
}

const plain = (address, _, on) => webSocket(webSocketUrl(address), on);

export const TRANSPORTS = {
  push: {
    label: "User · WebSocket", hint: "push", fields: ["id", "token"], open: plain,
    address: ({ id, token }) => "/ws" + query({ user_id: id, token }),
    sample: '{"type": "hello"}',
  },
  dual: {
    label: "Player · WebSocket", hint: "dual", fields: ["id", "session", "token"], open: plain,
    address: ({ id, session, token }) => `/ws/${encodeURIComponent(id)}` + query({ session_id: session, token }),
    sample: '{"type": "ping"}',
  },
  sse: {
    label: "Player · event stream", hint: "dual", fields: ["id", "session", "token"],
    address: ({ id, session, token }) => `/sse/${encodeURIComponent(id)}` + query({ session_id: session, token }),
    open: (address, _, on) => eventStream(address, on),
  },
  stream: {
    label: "Events · WebSocket", hint: "stream", fields: [], open: plain,
    address: () => "/ws?subscribe=true",
    sample: '{"type": "test", "data": {"value": 42}}',
  },
  socketio: {
    label: "Socket.IO · WebSocket", hint: "socketio", fields: ["id", "token"],
    address: () => "/socket.io/?EIO=4&transport=websocket",
    open: (address, { id, token }, on) => socketIo(webSocketUrl(address), { userId: id, ...(token && { token }) }, on),
    sample: '["chat:message", {"content": "Hello"}]',
  },
};
