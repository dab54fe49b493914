// The built-in page, used as a person does.
"use strict";

module.exports = async ({ browser, start }) => {
  const relay = await start({});
  const page = await browser.newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(relay.url);

  const rows = (kind, from, text) => page.locator(`#frames .${kind}`, { hasText: from }).filter({ hasText: text });
  const connect = async (transport, name) => {
    await page.check(`[value=${transport}]`);
    await page.click("#connect button");
    await rows("opened", name, "").waitFor();
  };
  await connect("push", "alice push 1");
  await connect("sse", "alice dual 2");
  await connect("socketio", "alice socketio 3");
  await connect("stream", "stream 4");
  await page.check("[value=dual]");
  await page.fill("[name=id]", "bob");
  await connect("dual", "bob dual 5");

  await page.click("#publish button");
  const published = {};
  for (const name of ["alice push 1", "alice dual 2", "alice socketio 3"]) {
    await rows("in", name, "Hello from outside").waitFor();
    published[name] = true;
  }

  const send = async (name, text) => {
    await page.click(`#connections li:has-text("${name}")`);
    await page.fill("#send textarea", text);
    await page.click("#send button");
  };
  await send("stream 4", '{"type": "test", "data": {"value": 42}}');
  await rows("in", "stream 4", '"value":42').waitFor();
  await send("socketio 3", '["conversation:join", {"conversationId": "7"}]');
  await rows("out", "socketio 3", "conversation:join").waitFor();

  await page.check("[value=push]");
  await page.fill("[name=id]", "alice");
  await page.click("#connect button");
  const refused = await rows("closed", "alice push 6", "").locator("pre").textContent();
  await page.click('#connections li:has-text("bob dual 5") button');
  const closed = await rows("closed", "bob dual 5", "").locator("pre").textContent();
  await page.locator("#about", { hasText: "healthy" }).waitFor();
  const about = await page.textContent("#about");
  return { published, refused, closed, about, complaints };
};
