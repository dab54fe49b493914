// A plain `ws` server: who sends a message on /publish reaches all others, POST /user/ID reaches one.
"use strict";
const http = require("node:http");
const { WebSocketServer, WebSocket } = require("ws");

const users = new Map();
const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    const socket = users.get(request.url.slice("/user/".length));
    if (socket?.readyState === WebSocket.OPEN) socket.send(body);
    response.writeHead(204).end();
  });
});

const subscribers = new Set();
const sockets = new WebSocketServer({ server });
sockets.on("connection", (socket, request) => {
  const user = new URL(request.url, "http://localhost").searchParams.get("user");
  if (user) users.set(user, socket);
  if (request.url === "/subscribe") subscribers.add(socket);
  if (request.url === "/publish") {
    socket.on("message", (data) => {
      for (const each of subscribers) {
        if (each.readyState === WebSocket.OPEN) each.send(data, { binary: false });
      }
    });
  }
  socket.on("error", () => {});
  socket.on("close", () => {
    subscribers.delete(socket);
    if (user) users.delete(user);
  });
});
server.listen(Number(process.argv[2]), "127.0.0.1");
