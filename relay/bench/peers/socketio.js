// A `socket.io` server: POST /all reaches everyone, POST /user/ID the room of one user. Arguments:
// port, and for one of several servers the URL of the Redis between them, whose streams the official
// adapter writes and reads; `recovers` turns connection state recovery on.
"use strict";
const http = require("node:http");
const { Server } = require("socket.io");

const [port, redis, recovers] = process.argv.slice(2);

async function options() {
  if (!redis) return {};
  const { createAdapter } = require("@socket.io/redis-streams-adapter");
  const client = require("redis").createClient({ url: redis });
  await client.connect();
  return { adapter: createAdapter(client), ...(recovers && { connectionStateRecovery: {} }) };
}

function serve(options) {
  const server = http.createServer((request, response) => {
    if (request.url.startsWith("/socket.io")) return;
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      const user = request.url.startsWith("/user/") ? request.url.slice("/user/".length) : null;
      (user ? io.to(user) : io).emit("tick", JSON.parse(body));
      response.writeHead(204).end();
    });
  });
  const io = new Server(server, options);
  io.on("connection", (socket) => {
    if (socket.handshake.auth.userId) socket.join(socket.handshake.auth.userId);
  });
  server.listen(Number(port), "127.0.0.1");
}

options().then(serve);
