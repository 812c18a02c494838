// JSON to google.protobuf.Value, Struct and ListValue, and back.
"use strict";

function toValue(json) {
  if (json === null) return { nullValue: "NULL_VALUE" };
  if (Array.isArray(json)) return { listValue: { values: json.map(toValue) } };
  switch (typeof json) {
    case "boolean":
      return { boolValue: json };
    case "number":
      return { numberValue: json };
    case "string":
      return { stringValue: json };
    default:
      return { structValue: toStruct(json) };
  }
}

function toStruct(json) {
  const fields = Object.entries(json).map(([name, value]) => [name, toValue(value)]);
  return { fields: Object.fromEntries(fields) };
}

/** Decoded messages name the field that is set in `kind`. */
function fromValue(message) {
  switch (message.kind) {
    case "nullValue":
      return null;
    case "listValue":
      return fromList(message.listValue);
    case "structValue":
      return fromStruct(message.structValue);
    default:
      return message[message.kind];
  }
}

function fromStruct(message) {
  const members = Object.entries(message.fields).map(([name, value]) => [name, fromValue(value)]);
  return Object.fromEntries(members);
}

function fromList(message) {
  return message.values.map(fromValue);
}

module.exports = { toValue, toStruct, fromValue, fromStruct, fromList };
