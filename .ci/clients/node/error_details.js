// What a failed call carries beside its code and message, in the trailer `grpc-status-details-bin`.
"use strict";

const protobuf = require("protobufjs");

// The public messages of google.rpc, as far as they are read here.
const { root } = protobuf.parse(`
  syntax = "proto3";
  package google.rpc;
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
  message BadRequest {
    message FieldViolation { string field = 1; string description = 2; string reason = 3; }
    repeated FieldViolation field_violations = 1;
  }
`);

/** The details by the names of their messages: `errorInfo`, `badRequest`. */
function details(error) {
  const [encoded] = error.metadata.get("grpc-status-details-bin");
  if (!encoded) throw new Error(`the call failed without details: ${error.message}`);
  const found = {};
  for (const { typeUrl, value } of root.lookupType("google.rpc.Status").decode(encoded).details) {
    const name = typeUrl.split("/").pop();
    const type = name.startsWith("google.rpc.") ? root.lookup(name) : null;
    const short = name.split(".").pop();
    if (type) found[short[0].toLowerCase() + short.slice(1)] = type.decode(value);
  }
  return found;
}

module.exports = { details };
