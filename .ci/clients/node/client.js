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

/** As a request has it: the value as a google.protobuf.Value. */
const sent = ({ key, type, value }) => ({ key, type, value: json.toValue(value) });

async function theDocumentedRequestGivesTheDocumentedSession(service, session, attributes) {
  const request = { channelSessionId: session.id, attributes: attributes.map(sent) };
  const reply = await service.call("updateData", request);
  assert.deepEqual(document(reply.channelSession), session);
  // `false` of a field without presence is not on the wire.
  assert.equal(reply.changed ?? false, false);
}

async function anUpdateThatChangesSomething(service, session) {
  const own = { ...session, id: `node-${randomUUID()}` };
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

async function exactNumbersTravelAsText(service) {
  const id = `node-${randomUUID()}`;
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
  const fields = badRequest.fieldViolations.map(({ field }) => field);
  assert.deepEqual(fields, ["attributes[1].value", "attributes[2].type"]);
}

async function aMissingSessionHasItsReason(service) {
  const channelSessionId = `node-missing-${randomUUID()}`;
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
