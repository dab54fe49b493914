// An event stream read by `fetch`: unlike EventSource it shows every name, id, delay and comment.

const DELAY = 1000;

export function eventStream(url, on) {
  const state = { last: "", delay: DELAY, stop: new AbortController() };
  follow(url, on, state);
  return { close: () => { state.stop.abort(); on.closed("closed here"); } };
}

async function follow(url, on, state) {
  const { signal } = state.stop;
  while (!signal.aborted) {
    try {
      const headers = state.last ? { "Last-Event-ID": state.last } : {};
      const answer = await fetch(url, { headers, signal, cache: "no-store" });
      if (!answer.ok) return on.closed(`${answer.status} ${await answer.text()}`);
      on.opened("stream open");
      await read(answer.body.pipeThrough(new TextDecoderStream()), on, state);
      on.note(`stream ended; back in ${state.delay} ms`);
    } catch (error) {
      if (signal.aborted) return;
      on.note(`${error.message}; back in ${state.delay} ms`);
    }
    await new Promise((done) => setTimeout(done, state.delay));
  }
}

// Events end with an empty line (WHATWG HTML section 9.2.5); the relay ends lines with \n.
async function read(body, on, state) {
  const reader = body.getReader();
  for (let rest = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) show(event, on, state);
  }
}

function show(event, on, state) {
  const data = [], label = [];
  for (const line of event.split("\n")) {
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (name === "data") data.push(value);
    else if (name === "") on.note(`comment: ${value}`);
    else label.push(`${name}: ${value}`);
    if (name === "id") state.last = value;
    if (name === "retry") state.delay = Number(value) || DELAY;
  }
  if (data.length) on.frame("in", data.join("\n"), label.join("  "));
  else if (label.length) on.note(label.join("  "));
}
