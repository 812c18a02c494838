#!/usr/bin/env node
// A caller as a browser is one: EventSource, which comes back by itself only if it was answered with 200.
//
// Usage: browser.js PROGRAM
//
// It starts the program itself, with room for a single event stream, on a database in a folder that is removed.
"use strict";

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const { mkdtempSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { createInterface } = require("node:readline");
const { EventSource } = require("eventsource");

/** Longer than anything takes that is waited for, in milliseconds. */
const PATIENCE = 30_000;

async function main(program) {
  const folder = mkdtempSync(join(tmpdir(), "browser-"));
  const ports = ["--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0", "--lame-duck", "0s"];
  const flags = ["serve", "--log-format", "json", "--max-watches", "1", ...ports];
  const server = spawn(program, [...flags, "--database-url", `sqlite:${join(folder, "sessions.db")}`], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const sources = [];
  try {
    const url = `http://${await within("the start", listening(server))}/events`;
    const open = (query = "") => sources[sources.push(new EventSource(url + query)) - 1];

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

    // Until the second one's place is given back, it would be told to come back too.
    const wrong = open("?position=nowhere");
    await within("the end of the wrong one", closed(wrong));
    console.log("ok: a browser gives up what can never be");
  } finally {
    for (const source of sources) source.close();
    server.kill("SIGTERM");
    await once(server, "exit");
    rmSync(folder, { recursive: true });
  }
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
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${PATIENCE} ms`)), PATIENCE);
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
