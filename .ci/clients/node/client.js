#!/usr/bin/env node
// A caller that has the .proto files: grpc-js, with what proto-loader reads from them.
//
// Usage: client.js HOST:PORT PROTO_FOLDER DOCUMENTED_SESSION.json DOCUMENTED_REQUEST.json
//
// The server has to hold the documented session as it is documented (`serve --sample`). The client leaves it so: what
// it changes is a session of its own.
"use strict";

const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { readFileSync } = require("node:fs");
const grpc = require("@grpc/grpc-js");
const json = require("./json");
const { load } = require("./contract");
const { details } = require("./error_details");

async function main(address, protoFolder, sessionFile, requestFile) {
  const session = JSON.parse(readFileSync(sessionFile, "utf8"));
  const attributes = JSON.parse(readFileSync(requestFile, "utf8"));
  const service = new Service(address, protoFolder);
  try {
    for (const check of [
      theDocumentedRequestGivesTheDocumentedSession,
      anUpdateThatChangesSomething,
      aSessionsLife,
      aRetryIsMadeOnce,
      aConflictSaysWhatThereIs,
      aStreamOfUpdates,
      aWatchTellsOfAChangeAndSoDoesTheHistory,
      exactNumbersTravelAsText,
      anErrorSaysWhatToMend,
      aMissingSessionHasItsReason,
    ]) {
      await check(service, session, attributes);
      console.log(`ok: ${check.name.replace(/[A-Z]/g, (letter) => " " + letter.toLowerCase())}`);
    }
  } finally {
    service.client.close();
  }
}

/** The service's methods as promises, with a deadline each. */
class Service {
  constructor(address, protoFolder) {
    const { ChannelSessionService } = load(protoFolder).channelsession.v1;
    this.client = new ChannelSessionService(address, grpc.credentials.createInsecure());
  }

  call(method, request) {
    const deadline = Date.now() + 10_000;
    return new Promise((resolve, reject) => {
      this.client[method](request, { deadline }, (error, reply) => (error ? reject(error) : resolve(reply)));
    });
  }

  /** Starts a call whose replies are a stream; `request` is left out where the requests are one too. */
  stream(method, request) {
    const deadline = Date.now() + 10_000;
    return request ? this.client[method](request, { deadline }) : this.client[method]({ deadline });
  }

  /** Makes a call that has to fail, and returns its error. */
  async refused(method, request) {
    const reply = await this.call(method, request).catch((error) => error);
    assert.ok(reply instanceof Error, `${method} was not refused: ${JSON.stringify(reply)}`);
    return reply;
  }
}

/** The document's part of a session: all but the members that the service sets itself. */
function document({ revision, etag, ...members }) {
  assert.equal(etag, `"${revision}"`);
  return members;
}

const attribute = (key, type, value) => ({ key, type, value });
const queue = (name) => attribute("queue", "String50", name);

/** As a request has it: the value as a google.protobuf.Value. */
const sent = ({ key, type, value }) => ({ key, type, value: json.toValue(value) });

const newId = () => `node-${randomUUID()}`;

async function newSession(service) {
  const id = newId();
  await service.call("createChannelSession", { document: json.toStruct({ id }) });
  return id;
}

async function theDocumentedRequestGivesTheDocumentedSession(service, session, attributes) {
  const request = { channelSessionId: session.id, attributes: attributes.map(sent) };
  const reply = await service.call("updateData", request);
  assert.deepEqual(document(reply.channelSession), session);
  // `false` of a field without presence is not on the wire.
  assert.equal(reply.changed ?? false, false);
}

async function anUpdateThatChangesSomething(service, session) {
  const own = { ...session, id: newId() };
  const created = await service.call("createChannelSession", { document: json.toStruct(own) });
  assert.equal(created.channelSession.revision, "1");
  assert.deepEqual(document(created.channelSession), own);

  const name = attribute("name", "String50", "Jane Doe");
  const queue = attribute("queue", "StringList", ["sales", "vip"]);
  const request = { channelSessionId: own.id, attributes: [name, queue].map(sent) };
  const updated = await service.call("updateData", request);
  assert.equal(updated.changed, true);
  assert.equal(updated.channelSession.revision, "2");
  // The documented session holds `name` twice, around `info`: both are replaced where they stand.
  const info = session.channelData.additionalAttributes[1];
  const channelData = { ...session.channelData, additionalAttributes: [name, info, name, queue] };
  assert.deepEqual(document(updated.channelSession), { ...own, channelData });

  const read = await service.call("getChannelSession", { channelSessionId: own.id });
  assert.deepEqual(read.channelSession, updated.channelSession);
}

async function aSessionsLife(service, session) {
  const id = newId();
  const own = { ...session, id, conversationId: `conversation-of-${id}` };
  const create = { document: json.toStruct(own) };
  await service.call("createChannelSession", create);
  const exists = await service.refused("createChannelSession", create);
  assert.equal(exists.code, grpc.status.ALREADY_EXISTS);
  const replace = { ...create, existing: "EXISTING_CHANNEL_SESSION_REPLACE" };
  const replaced = await service.call("createChannelSession", replace);
  // By the same document: nothing changes.
  assert.equal(replaced.channelSession.revision, "1");

  const conditions = { conversationId: own.conversationId, active: true };
  const page = await service.call("listChannelSessions", conditions);
  assert.deepEqual(page.channelSessions.map((found) => found.id), [id]);
  const ended = await service.call("endChannelSession", { channelSessionId: id, reasonCode: "AGENT" });
  const state = { name: "ENDED", reasonCode: "AGENT" };
  assert.deepEqual(document(ended.channelSession), { ...own, state, isActive: false, active: false });
  const rest = await service.call("listChannelSessions", conditions);
  assert.deepEqual(rest.channelSessions ?? [], []);

  const deleted = await service.call("deleteChannelSession", { channelSessionId: id, etag: '"2"' });
  assert.deepEqual({ ...deleted }, { revision: "3", changed: true });
  const gone = await service.refused("deleteChannelSession", { channelSessionId: id });
  assert.equal(details(gone).errorInfo.reason, "CHANNEL_SESSION_NOT_FOUND");
}

async function aRetryIsMadeOnce(service) {
  const id = await newSession(service);
  const request = { channelSessionId: id, requestId: randomUUID(), attributes: [sent(queue("sales"))] };
  const first = await service.call("updateData", request);
  assert.equal(first.channelSession.revision, "2");
  await service.call("updateData", { channelSessionId: id, attributes: [sent(queue("vip"))] });
  assert.deepEqual(await service.call("updateData", request), first);
  const stored = await service.call("getChannelSession", { channelSessionId: id });
  assert.deepEqual(stored.channelSession.channelData.additionalAttributes, [queue("vip")]);

  const error = await service.refused("updateData", { ...request, attributes: [sent(queue("billing"))] });
  assert.equal(details(error).errorInfo.reason, "REQUEST_ID_REUSED");
}

async function aConflictSaysWhatThereIs(service) {
  const id = await newSession(service);
  const update = { channelSessionId: id, attributes: [sent(queue("sales"))] };
  await service.call("updateData", { ...update, etag: '"1"' });
  const stale = await service.refused("updateData", { ...update, etag: '"1"' });
  assert.equal(stale.code, grpc.status.ABORTED);
  assert.equal(details(stale).errorInfo.reason, "REVISION_MISMATCH");

  // As one of many, it is a result.
  const preconditions = [{ key: "queue", absent: true }];
  const { results } = await service.call("batchUpdateData", { requests: [{ ...update, preconditions }] });
  const { reason, mismatch } = results[0].failure;
  assert.equal(reason, "REASON_ATTRIBUTE_MISMATCH");
  assert.deepEqual({ ...mismatch }, { revision: "2", etag: '"2"', key: "queue", present: queue("sales") });
}

async function aStreamOfUpdates(service) {
  const id = await newSession(service);
  const stream = service.stream("streamUpdateData");
  const view = "CHANNEL_SESSION_VIEW_BASIC";
  for (const channelSessionId of [id, newId()]) {
    stream.write({ request: { channelSessionId, view, attributes: [sent(queue("sales"))] } });
  }
  stream.end();
  const results = [];
  for await (const { result } of stream) results.push(result);
  assert.equal(results.length, 2);
  assert.equal(results[0].response.channelSession.revision, "2");
  assert.equal(results[1].failure.reason, "REASON_CHANNEL_SESSION_NOT_FOUND");
}

async function aWatchTellsOfAChangeAndSoDoesTheHistory(service) {
  const channelSessionId = await newSession(service);
  const watch = service.stream("watchChannelSessions", { channelSessionId });
  const responses = watch[Symbol.asyncIterator]();
  const next = async () => (await responses.next()).value;
  // It says at once from where on it delivers.
  assert.equal((await next()).event, undefined);
  await service.call("updateData", { channelSessionId, attributes: [sent(queue("sales"))] });
  const { event } = await next();
  // To end a watch is the caller's to do, and then an error of its own.
  watch.on("error", (error) => assert.equal(error.code, grpc.status.CANCELLED));
  watch.cancel();
  assert.equal(event.revision, "2");
  assert.deepEqual(event.changes.map((change) => change.after), [queue("sales")]);
  const { channelSession, data, change } = JSON.parse(event.json);
  assert.deepEqual(channelSession.channelData.additionalAttributes, [queue("sales")]);
  assert.deepEqual(data, channelSession);
  assert.equal(change.revision, 2);

  const history = await service.call("listChannelSessionHistory", { channelSessionId, key: "queue" });
  assert.deepEqual(history.events.map((past) => past.id), [event.id]);
}

async function exactNumbersTravelAsText(service) {
  const id = newId();
  const documentJson = `{"id":"${id}","ticket":12345678901234567890,"price":0.10}`;
  const view = "CHANNEL_SESSION_VIEW_JSON";
  const { channelSession } = await service.call("createChannelSession", { documentJson, view });
  // As text: JavaScript itself would round the first number and shorten the second.
  assert.match(channelSession.documentJson, /"ticket": ?12345678901234567890\b/);
  assert.match(channelSession.documentJson, /"price": ?0\.10\b/);
}

async function anErrorSaysWhatToMend(service, session) {
  const attributes = [
    attribute("name", "String50", "Jane"),
    attribute("age", "Number", "forty"),
    attribute("nick", "Text", "Jay"),
  ].map(sent);
  const error = await service.refused("updateData", { channelSessionId: session.id, attributes });
  assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
  const { errorInfo, badRequest } = details(error);
  assert.equal(errorInfo.reason, "INVALID_ATTRIBUTES");
  assert.equal(errorInfo.domain, "channelsession.v1");
  assert.equal(errorInfo.metadata.violations_total, "2");
  const violations = badRequest.fieldViolations.map(({ field, reason }) => [field, reason]);
  assert.deepEqual(violations, [
    ["attributes[1].value", "Number"],
    ["attributes[2].type", "value_type"],
  ]);
  assert.equal(errorInfo.metadata.attributes_1_key, "age");
  assert.equal(errorInfo.metadata.attributes_2_key, "nick");
}

async function aMissingSessionHasItsReason(service) {
  const channelSessionId = newId();
  const error = await service.refused("getChannelSession", { channelSessionId });
  assert.equal(error.code, grpc.status.NOT_FOUND);
  assert.equal(details(error).errorInfo.reason, "CHANNEL_SESSION_NOT_FOUND");
}

if (process.argv.length !== 6) {
  console.error("usage: client.js HOST:PORT PROTO_FOLDER DOCUMENTED_SESSION.json DOCUMENTED_REQUEST.json");
  process.exit(2);
}
main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
