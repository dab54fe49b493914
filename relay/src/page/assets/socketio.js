// As much of Engine.IO 4 and Socket.IO 5 as a person needs to watch: the namespace /, text events.

import { webSocket } from "/page/transports.js";

export function socketIo(url, auth, on) {
  let raw;
  const events = { ...on, opened: () => on.note("WebSocket open"), frame: () => {} };
  const socket = webSocket(url, events, (text) => heard(text));
  const heard = (text) => {
    const [engine, packet, rest] = [text[0], text[1], text.slice(2)];
    if (engine === "0") { on.note(`open ${text.slice(1)}`); raw(`40${JSON.stringify(auth)}`); }
    else if (engine === "2") { raw("3"); on.note("ping, answered"); }
    else if (engine === "4" && packet === "0") on.opened(`connected ${rest}`);
    else if (engine === "4" && packet === "2") on.frame("in", rest, "event");
    else if (engine === "4" && packet === "1") on.note("the server left the namespace");
    else on.frame("in", text, packet === "4" ? "refused" : "packet");
  };
  raw = socket.send;
  return {
    send: (text) => { raw(`42${JSON.stringify(JSON.parse(text))}`); on.frame("out", text, "event"); },
    close: socket.close,
  };
}
