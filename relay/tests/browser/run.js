// Runs one scenario in headless Chromium and prints what it returns, as one line of JSON.
// Usage: node run.js RELAY SCENARIO. A scenario exports an async function of the helpers below.
"use strict";

const { spawn } = require("node:child_process");
const { createServer } = require("node:http");
const { readFileSync } = require("node:fs");
const readline = require("node:readline");
const path = require("node:path");
const { chromium } = require("playwright-core");

const [relay, scenario] = process.argv.slice(2);
const modules = process.env.NODE_PATH;
const ends = [];

/** A port that was free a moment ago. */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts the real relay; `stop()` asks it to end and waits until it has. */
async function start(settings) {
  const port = settings.PORT ?? (await freePort());
  const env = { PORT: String(port), ADMIN_LISTEN: "127.0.0.1:0", ...settings };
  const child = spawn(relay, [], { env, stdio: ["ignore", "pipe", "ignore"] });
  const exited = new Promise((resolve) => child.on("exit", resolve));
  const lines = readline.createInterface({ input: child.stdout });
  await new Promise((resolve) => lines.on("line", (line) => line.includes("Relay started") && resolve()));
  const stop = () => { child.kill("SIGTERM"); return exited; };
  ends.push(() => child.kill("SIGKILL"));
  return { port, url: `http://127.0.0.1:${port}`, ws: `ws://127.0.0.1:${port}`, stop };
}

/** Serves an empty page, and files of the pinned packages, at an origin of its own. */
async function origin() {
  const server = createServer((request, answer) => {
    if (request.url === "/") return answer.setHeader("content-type", "text/html").end('<!doctype html><link rel="icon" href="data:,">');
    const file = request.url.endsWith(".js") ? request.url : `${request.url}.js`;
    answer.setHeader("content-type", "text/javascript").end(readFileSync(path.join(modules, file)));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

/** Posts JSON from outside of the browser. */
async function post(url, body) {
  const headers = { "content-type": "application/json" };
  return (await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

/** Repeats until it is true. */
async function until(condition) {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function main() {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  ends.push(() => browser.close());
  return require(path.resolve(scenario))({ browser, start, origin, post, until });
}

const finish = async (code) => {
  await Promise.allSettled(ends.map((end) => end()));
  process.exit(code);
};
process.on("uncaughtException", (error) => { console.error(error); finish(1); });
process.on("SIGTERM", () => finish(1));
main().then(
  (result) => process.stdout.write(JSON.stringify(result) + "\n", () => finish(0)),
  (error) => { console.error(error); finish(1); },
);
