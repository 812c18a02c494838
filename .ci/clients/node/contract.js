// The contract as proto-loader reads it, with replies shaped as the JSON documents that they stand for.
"use strict";

const path = require("node:path");
const grpc = require("@grpc/grpc-js");
const protoLoader = require("@grpc/proto-loader");
const { wrappers } = require("protobufjs");
const json = require("./json");

const SERVICE_FILE = "channelsession/v1/channel_session_service.proto";

/** Loads the packages from the folder that holds the .proto files. */
function load(protoFolder) {
  const options = { includeDirs: [path.resolve(protoFolder)], longs: String, enums: String };
  return grpc.loadPackageDefinition(protoLoader.loadSync(SERVICE_FILE, options));
}

/** Registers how replies show a message. Requests stay as protobufjs takes them. */
function show(name, toObject) {
  const fromObject = function (object) {
    return this.fromObject(object);
  };
  wrappers[`.${name}`] = { fromObject, toObject };
}

show("google.protobuf.Value", json.fromValue);
show("google.protobuf.Struct", json.fromStruct);
show("google.protobuf.ListValue", json.fromList);

// proto-loader knows no `json_name`, and these two members are named by one.
show("channelsession.v1.Customer", function (message, options) {
  const { customerId, version, ...members } = this.toObject(message, options);
  return { _id: customerId, __v: version, ...members };
});

module.exports = { load };
