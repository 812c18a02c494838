"""A caller in Python: creates a session, watches it, updates it, and reads what is wrong with a bad update."""

import sys
import uuid
from pathlib import Path

import grpc
from channelsession.v1 import channel_session_service_pb2 as api
from channelsession.v1 import channel_session_service_pb2_grpc as stubs
from channelsession.v1 import event_pb2 as events
from google.rpc import error_details_pb2
from grpc_status import rpc_status


def main(address: str, service_config: str) -> None:
    options = [
        ("grpc.service_config", Path(service_config).read_text(encoding="utf-8")),
        # Finds a peer that is gone without a word, which a quiet watch would wait for.
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
    ]
    with grpc.insecure_channel(address, options) as channel:
        service = stubs.ChannelSessionServiceStub(channel)
        session_id = str(uuid.uuid4())
        service.CreateChannelSession(
            api.CreateChannelSessionRequest(
                channel_session_id=session_id, document_json='{"isActive": true}', request_id=str(uuid.uuid4())
            )
        )

        watch = service.WatchChannelSessions(events.WatchChannelSessionsRequest(channel_session_id=session_id))
        # The first message is a checkpoint: from here on, nothing is missed.
        next(watch)

        updated = service.UpdateData(update(session_id, "queue", "String50", "sales"))
        print(f"updated to revision {updated.channel_session.revision}")

        for message in watch:
            # Store message.position: it is where a later watch resumes.
            if message.HasField("event"):
                event = message.event
                print(f"{events.EventName.Name(event.name)}, revision {event.revision}: {event.changes[0].key}")
                break
        watch.cancel()

        try:
            service.UpdateData(update(session_id, "visits", "Number", "many"))
        except grpc.RpcError as error:
            for detail in rpc_status.from_call(error).details:
                info, bad_request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
                if detail.Unpack(info):
                    print(info.reason)
                elif detail.Unpack(bad_request):
                    for violation in bad_request.field_violations:
                        print(f"{violation.field} {violation.description} ({violation.reason})")


def update(session_id: str, key: str, value_type: str, value: str) -> api.UpdateDataRequest:
    """An update of one attribute, under a request id of its own: sent again as it is, it is made once."""
    request = api.UpdateDataRequest(channel_session_id=session_id, request_id=str(uuid.uuid4()))
    request.attributes.add(key=key, type=value_type).value.string_value = value
    return request


if __name__ == "__main__":
    main(*sys.argv[1:])
