// EventSource, and fetch-event-source, across origins and across a restart of the relay.
"use strict";

// In the page: keeps what an EventSource hears.
const listen = (url) => {
  const source = new EventSource(url);
  globalThis.seen = { opens: 0, events: [] };
  source.onopen = () => seen.opens++;
  source.onmessage = ({ data, lastEventId, type }) => seen.events.push({ data: JSON.parse(data), lastEventId, type });
};

// In the page: the same with a header that asks for a preflight.
const fetchStream = ({ module, url }) =>
  import(module).then(({ fetchEventSource }) => {
    globalThis.fetched = new Promise((resolve, reject) =>
      fetchEventSource(url, {
        headers: { Authorization: "Bearer none", "Last-Event-ID": "0" },
        openWhenHidden: true,
        // What has no data, such as `retry:`, comes as a message, too.
        onmessage: ({ id, data }) => data && resolve({ id, data: JSON.parse(data) }),
        onerror: (error) => { reject(error); throw error; },
      }));
    return null;
  });

module.exports = async ({ browser, start, origin, post, until }) => {
  const allowed = await origin();
  const settings = { CORS_ORIGINS: allowed, DRAIN_TIMEOUT_SECONDS: "1" };
  const relay = await start(settings);
  const page = await browser.newPage();
  const lastIds = [];
  page.on("request", async (request) => {
    if (!request.url().includes("/sse/alice")) return;
    lastIds.push((await request.allHeaders())["last-event-id"] ?? null);
  });
  await page.goto(allowed);
  const push = (user, text) => post(`${relay.url}/sse/push`, { user_id: user, data: { text } });
  const opens = (number) => page.waitForFunction((number) => globalThis.seen.opens === number, number);

  await page.evaluate(listen, `${relay.url}/sse/alice`);
  await opens(1);
  await push("alice", "one");
  await page.waitForFunction(() => globalThis.seen.events.length === 1);

  await page.evaluate(fetchStream, { module: "/@microsoft/fetch-event-source/lib/esm/index.js", url: `${relay.url}/sse/bob` });
  await until(async () => (await (await fetch(`${relay.url}/health`)).json()).sse.connected === 2);
  await push("bob", "two");
  const fetched = await page.evaluate(() => globalThis.fetched);

  await relay.stop();
  await start({ ...settings, PORT: String(relay.port) });
  await opens(2);
  await push("alice", "three");
  await page.waitForFunction(() => globalThis.seen.events.length === 2);
  await until(() => lastIds.length >= 2);
  return { ...(await page.evaluate(() => globalThis.seen)), fetched, lastIds };
};
