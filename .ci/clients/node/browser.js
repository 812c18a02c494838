#!/usr/bin/env node
// A caller as a browser is one: EventSource, which comes back by itself only if it was answered with 200, and a page of another
// origin, which sees no answer that is not meant for it. It also runs what proto/README.md shows for browsers.
//
// Usage: browser.js PROGRAM
//
// It starts the program itself, with room for a single event stream, on a database in a folder that is removed.
"use strict";

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const { mkdtempSync, readFileSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { createInterface } = require("node:readline");
const { EventSource } = require("eventsource");

/** Longer than anything takes that is waited for, in milliseconds. */
const TIMEOUT = 30_000;

/** The origin whose pages are let in. */
const LISTED = "https://app.example";

async function main(program) {
  const folder = mkdtempSync(join(tmpdir(), "browser-"));
  const ports = ["--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0", "--lame-duck", "0s"];
  const flags = ["serve", "--log-format", "json", "--max-watches", "1", "--cors-origins", LISTED, ...ports];
  const server = spawn(program, [...flags, "--database-url", `sqlite:${join(folder, "sessions.db")}`], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const sources = [];
  try {
    const origin = `http://${await within("the start", listening(server))}`;
    const url = `${origin}/events`;
    // Until then each stream would end as one for which there is no room.
    await within("readiness", ready(origin));
    const open = (query = "") => sources[sources.push(new EventSource(url + query)) - 1];

    for (const [page, isLetIn] of [[LISTED, true], ["https://evil.example", false], ["null", false]]) {
      const source = new EventSource(url, { fetch: foreign(page) });
      sources.push(source);
      await within(`a stream for ${page}`, event(source, isLetIn ? "open" : "error"));
      source.close();
      const put = foreign(page)(`${origin}/channel-sessions/of-a-page`, {
        method: "PUT",
        headers: { "Content-Type": "application/json", "If-None-Match": "*" },
        body: "{}",
      });
      if (isLetIn) assert.equal((await put).headers.get("ETag"), '"1"');
      else await assert.rejects(put, TypeError);
    }
    console.log("ok: a page of a listed origin is let in, and others are not");

    const first = open();
    await within("the first stream", event(first, "open"));
    const second = open();
    const refused = await within("the end of the second one", event(second, "error"));
    assert.equal(refused.code, undefined, "an end, and no status");
    assert.equal(second.readyState, EventSource.CONNECTING, "it comes back");
    first.close();
    await within("the second stream, by itself", comesToStay(second));
    second.close();
    console.log("ok: a browser comes back by itself where there was no room");

    // Until the second one's permit is given back, it would be refused too.
    const wrong = open("?position=nowhere");
    await within("the end of the wrong one", closed(wrong));
    console.log("ok: a browser gives up what can never be");

    const said = await within("the documented listener", documented(origin, sources));
    assert.deepEqual(said.slice(0, 2), ["DATA_UPDATED", 2]);
    assert.equal(said[2].channelData.additionalAttributes[0].value, "sales");
    console.log("ok: what the document shows for browsers delivers a change");
  } finally {
    for (const source of sources) source.close();
    server.kill("SIGTERM");
    await once(server, "exit");
    rmSync(folder, { recursive: true });
  }
}

/** `fetch` as a page of another origin has it: with a preflight, and with an error for what it may not read. */
function foreign(page) {
  const mayRead = (answer) => answer.headers.get("Access-Control-Allow-Origin") === page;
  return async (url, init = {}) => {
    const names = [...new Headers(init.headers).keys()].filter((name) => name !== "accept");
    if (names.length > 0) {
      const method = init.method ?? "GET";
      const asked = { Origin: page, "Access-Control-Request-Method": method };
      const preflight = await fetch(url, { method: "OPTIONS", headers: asked });
      const allowed = (name) => (preflight.headers.get(`Access-Control-Allow-${name}`) ?? "").toLowerCase().split(/, ?/);
      const isAllowed = allowed("Methods").includes(method.toLowerCase()) && names.every((name) => allowed("Headers").includes(name));
      if (!preflight.ok || !mayRead(preflight) || !isAllowed) throw new TypeError("the preflight fails");
    }
    const answer = await fetch(url, { ...init, headers: { ...init.headers, Origin: page } });
    if (mayRead(answer)) return answer;
    await answer.body?.cancel();
    throw new TypeError("the page may not read the answer");
  };
}

/** What the document's listener logs when its session is updated. */
async function documented(origin, sources) {
  const document = readFileSync(join(__dirname, "../../../proto/README.md"), "utf8");
  const code = document.match(/```js\n([\s\S]*?)```/)[1];
  class OnPage extends EventSource {
    constructor(path) {
      super(origin + path);
      sources.push(this);
    }
  }
  await send("POST", `${origin}/channel-sessions`, { id: "my-session" });
  const logged = new Promise((resolve) => {
    new Function("EventSource", "console", code)(OnPage, { log: (...said) => resolve(said) });
  });
  await event(sources.at(-1), "open");
  await send("PUT", `${origin}/forms/my-session`, [{ key: "queue", type: "String50", value: "sales" }]);
  return logged;
}

async function send(method, url, body) {
  const answer = await fetch(url, {
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.ok(answer.ok, `${method} ${url}: ${answer.status}`);
}

/** The address of the server's REST port, from its log. */
async function listening(server) {
  for await (const line of createInterface({ input: server.stderr })) {
    const { message, http } = JSON.parse(line);
    if (message === "listening") {
      server.stderr.resume();
      return http;
    }
  }
  throw new Error("the server ended");
}

async function ready(origin) {
  while (!(await fetch(`${origin}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 50));
}

const event = (source, name) =>
  new Promise((resolve) => source.addEventListener(name, resolve, { once: true }));

/** Waits until a stream has stayed open for longer than one that is refused does. */
async function comesToStay(source) {
  for (;;) {
    await event(source, "open");
    const pause = new Promise((resolve) => setTimeout(resolve, 500, "stays"));
    if ((await Promise.race([event(source, "error"), pause])) === "stays") return;
  }
}

async function closed(source) {
  while (source.readyState !== EventSource.CLOSED) await event(source, "error");
}

async function within(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${TIMEOUT} ms`)), TIMEOUT);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

main(...process.argv.slice(2)).then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
