// A caller in TypeScript: creates a session, watches it, updates it, and reads what is wrong with a bad update.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import * as protoLoader from "@grpc/proto-loader";
import { getProtoPath } from "google-proto-files";
import protobuf from "protobufjs";
import type { ProtoGrpcType } from "./gen/channel_session_service";
import type { UpdateDataRequest } from "./gen/channelsession/v1/UpdateDataRequest";
import type { UpdateDataResponse__Output } from "./gen/channelsession/v1/UpdateDataResponse";
import type { WatchChannelSessionsResponse__Output } from "./gen/channelsession/v1/WatchChannelSessionsResponse";

// The same options as in `npm run generate`, on which the types depend.
const definition = protoLoader.loadSync("channelsession/v1/channel_session_service.proto", {
  includeDirs: ["../.."],
  longs: String,
  enums: String,
  oneofs: true,
  defaults: true,
});
const api = (grpc.loadPackageDefinition(definition) as unknown as ProtoGrpcType).channelsession.v1;

async function main(address: string, serviceConfigFile: string): Promise<void> {
  const service = new api.ChannelSessionService(address, grpc.credentials.createInsecure(), {
    "grpc.service_config": readFileSync(serviceConfigFile, "utf8"),
    // Finds a peer that is gone without a word, which a quiet watch would wait for.
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
  });
  const create = promisify(service.createChannelSession.bind(service));
  const updateData = promisify<UpdateDataRequest, UpdateDataResponse__Output | undefined>(
    service.updateData.bind(service),
  );

  const id = randomUUID();
  await create({ channelSessionId: id, documentJson: '{"isActive": true}', requestId: randomUUID() });

  const watch = service.watchChannelSessions({ channelSessionId: id });
  // The first message is a checkpoint: from here on, nothing is missed.
  await once(watch, "data");

  const updated = await updateData(update(id, "queue", "String50", "sales"));
  console.log(`updated to revision ${updated?.channelSession?.revision}`);

  for await (const message of watch as AsyncIterable<WatchChannelSessionsResponse__Output>) {
    // Store message.position: it is where a later watch resumes.
    if (message.event) {
      const { name, revision, changes } = message.event;
      console.log(`${name}, revision ${revision}: ${changes[0].key}`);
      break;
    }
  }
  watch.on("error", () => {}).cancel();

  try {
    await updateData(update(id, "visits", "Number", "many"));
  } catch (error) {
    for (const detail of details(error as grpc.ServiceError)) {
      if (detail.reason) console.log(detail.reason);
      for (const { field, description, reason } of detail.fieldViolations ?? []) {
        console.log(`${field} ${description} (${reason})`);
      }
    }
  }
  service.close();
}

/** An update of one attribute, under a request id of its own: sent again as it is, it is made once. */
function update(id: string, key: string, type: string, value: string): UpdateDataRequest {
  return { channelSessionId: id, attributes: [{ key, type, value: { stringValue: value } }], requestId: randomUUID() };
}

/** What google.rpc.ErrorInfo and google.rpc.BadRequest have, as far as it is used here. */
type Detail = { reason?: string; fieldViolations?: { field: string; description: string; reason: string }[] };

/** The details of an error: gRPC for Node.js leaves them in the trailer, encoded. */
function details(error: grpc.ServiceError): Detail[] {
  const root = new protobuf.Root();
  root.resolvePath = (_, target) => (target.startsWith("/") ? target : getProtoPath("..", target));
  root.loadSync(["google/rpc/status.proto", "google/rpc/error_details.proto"]);
  const [encoded] = error.metadata.get("grpc-status-details-bin") as Buffer[];
  const status = root.lookupType("google.rpc.Status").decode(encoded) as unknown as {
    details: { type_url: string; value: Uint8Array }[];
  };
  return status.details.flatMap(({ type_url, value }) => {
    const type = type_url.split("/").pop() ?? "";
    return type.startsWith("google.rpc.") ? [root.lookupType(type).decode(value) as unknown as Detail] : [];
  });
}

main(process.argv[2], process.argv[3]).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
