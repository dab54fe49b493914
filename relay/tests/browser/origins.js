// CORS and cookies: which pages may ask, and which may be believed.
"use strict";

const { createHmac } = require("node:crypto");
const { mkdtempSync, rmSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const path = require("node:path");

const SECRET = "a secret that has more than thirty-two bytes";

function token(subject) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { sub: subject, exp: Math.floor(Date.now() / 1000) + 60 };
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
}

// In the page: what a page sees of an answer.
const ask = async ({ url, options }) => {
  try {
    const answer = await fetch(url, options);
    return { status: answer.status, node: answer.headers.get("x-relay-node"), body: await answer.json() };
  } catch (error) {
    return { error: error.name };
  }
};

// In the page: the first frame or the code of a socket.
const first = (url) =>
  new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onmessage = ({ data }) => resolve({ data });
    socket.onclose = ({ code, reason }) => resolve({ code, reason });
  });

module.exports = async ({ browser, start, origin }) => {
  const [allowed, other] = [await origin(), await origin()];
  const folder = mkdtempSync(path.join(tmpdir(), "relay-"));
  try {
    const secret = path.join(folder, "secret");
    writeFileSync(secret, SECRET);
    const relay = await start({
      CORS_ORIGINS: allowed, AUTH: "jwt", JWT_SECRET_FILE: secret, JWT_COOKIE: "access", NODE_NAME: "n1",
    });
    return await visit({ browser, relay, allowed, other });
  } finally {
    rmSync(folder, { recursive: true });
  }
};

async function visit({ browser, relay, allowed, other }) {
  const context = await browser.newContext();
  const [page, stranger] = [await context.newPage(), await context.newPage()];
  await page.goto(allowed);
  await stranger.goto(other);
  const health = { url: `${relay.url}/health` };
  const posted = {
    url: `${relay.url}/sse/push`,
    options: { method: "POST", headers: { "content-type": "application/json" }, body: '{"user_id": "x", "data": {}}' },
  };
  const issue = { url: `${relay.url}/api/v1/auth/ws-connection-token/`, options: { credentials: "include" } };
  const result = {
    allowed: await page.evaluate(ask, health),
    refused: await stranger.evaluate(ask, health),
    posted: await page.evaluate(ask, posted),
    postedByStranger: await stranger.evaluate(ask, posted),
    withoutCookie: await page.evaluate(first, `${relay.ws}/ws/alice`),
  };
  await context.addCookies([{ name: "access", value: token("alice"), url: relay.url }]);
  const issued = await page.evaluate(ask, issue);
  const socket = `${relay.ws}/ws/chat/7/?connection_token=`;
  return {
    ...result,
    issued: issued.status,
    issuedToStranger: await stranger.evaluate(ask, issue),
    connected: await page.evaluate(first, socket + encodeURIComponent(issued.body?.connection_token)),
    byCookie: await page.evaluate(first, `${relay.ws}/ws/chat/8/`),
    strangerByCookie: await stranger.evaluate(first, `${relay.ws}/ws/chat/9/`),
  };
}
