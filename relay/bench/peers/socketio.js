// A plain `socket.io` server: POST /all reaches everyone, POST /user/ID the room of one user.
"use strict";
const http = require("node:http");
const { Server } = require("socket.io");

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
const io = new Server(server);
io.on("connection", (socket) => {
  if (socket.handshake.auth.userId) socket.join(socket.handshake.auth.userId);
});
server.listen(Number(process.argv[2]), "127.0.0.1");
