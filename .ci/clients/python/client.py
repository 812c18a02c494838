#!/usr/bin/env python3
"""A caller that has no .proto file: it learns the contract from the server itself, by reflection.

Usage: client.py HOST:PORT DOCUMENTED_SESSION.json DOCUMENTED_REQUEST.json

The server has to hold the documented session as it is documented (`serve --sample`). The client leaves it so: what it
changes is a session of its own.
"""

import json
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha import proto_reflection_descriptor_database as reflection
from grpc_reflection.v1alpha import reflection_pb2
from grpc_status import rpc_status

SERVICE = "channelsession.v1.ChannelSessionService"
TIMEOUT_SECONDS = 10


def main(address: str, documented_session: str, documented_request: str) -> None:
    session = json.loads(Path(documented_session).read_text(encoding="utf-8"))
    attributes = json.loads(Path(documented_request).read_text(encoding="utf-8"))
    with grpc.insecure_channel(address) as channel:
        service = Service(channel)
        for check, *arguments in (
            (both_versions_of_reflection_serve_the_contract, channel),
            (the_documented_request_gives_the_documented_session, service, session, attributes),
            (an_update_that_changes_something, service, session),
            (a_sessions_life, service, session),
            (a_retry_is_made_once, service),
            (a_conflict_says_what_there_is, service),
            (a_watch_tells_of_a_change_and_so_does_the_history, service),
            (an_error_says_what_to_fix, service, session),
            (a_missing_session_has_its_reason, service),
        ):
            check(*arguments)
            print(f"ok: {check.__name__.replace('_', ' ')}")


class Service:
    """The service's methods, by the descriptors that its reflection serves."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        self._pool = descriptor_pool.DescriptorPool(reflection.ProtoReflectionDescriptorDatabase(channel))
        self._methods = self._pool.FindServiceByName(SERVICE).methods_by_name

    def call(self, name: str, request: dict) -> dict:
        """Makes a call. Both messages are as protobuf's JSON mapping has them."""
        reply = self._start(self._channel.unary_unary, name, request)
        return json_format.MessageToDict(reply)

    def stream(self, name: str, request: dict) -> Iterator[dict]:
        """Makes a call whose replies are a stream. It ends with the generator."""
        replies = self._start(self._channel.unary_stream, name, request)
        try:
            yield from map(json_format.MessageToDict, replies)
        finally:
            replies.cancel()

    def _start(self, kind: Callable, name: str, request: dict):
        method = self._methods[name]
        request_class = message_factory.GetMessageClass(method.input_type)
        call = kind(
            f"/{SERVICE}/{name}",
            request_serializer=request_class.SerializeToString,
            response_deserializer=message_factory.GetMessageClass(method.output_type).FromString,
        )
        return call(json_format.ParseDict(request, request_class()), timeout=TIMEOUT_SECONDS)

    def message(self, name: str, encoded: bytes) -> dict:
        """Decodes a message of the contract by its full name."""
        message_class = message_factory.GetMessageClass(self._pool.FindMessageTypeByName(name))
        return json_format.MessageToDict(message_class.FromString(encoded))


def document(reply: dict) -> dict:
    """The document's part of a session: all but the members that the service sets itself."""
    own = ("revision", "etag")
    session = reply["channelSession"]
    assert all(name in session for name in own), f"{own} are missing in {sorted(session)}"
    return {name: value for name, value in session.items() if name not in own}


def the_documented_request_gives_the_documented_session(service: Service, session: dict, attributes: list) -> None:
    reply = service.call("UpdateData", {"channelSessionId": session["id"], "attributes": attributes})
    equal(document(reply), session)
    equal(reply.get("changed", False), False)


def an_update_that_changes_something(service: Service, session: dict) -> None:
    own = session | {"id": new_id()}
    created = service.call("CreateChannelSession", {"document": own})
    # protobuf's JSON mapping writes 64-bit integers as strings.
    equal((created["channelSession"]["revision"], created["channelSession"]["etag"]), ("1", '"1"'))
    equal(document(created), own)

    name = {"key": "name", "type": "String50", "value": "Jane Doe"}
    queue = {"key": "queue", "type": "StringList", "value": ["sales", "vip"]}
    updated = service.call("UpdateData", {"channelSessionId": own["id"], "attributes": [name, queue]})
    equal((updated["changed"], updated["channelSession"]["revision"]), (True, "2"))
    # The documented session holds `name` twice, around `info`: both are replaced where they stand.
    info = session["channelData"]["additionalAttributes"][1]
    expected = own | {"channelData": session["channelData"] | {"additionalAttributes": [name, info, name, queue]}}
    equal(document(updated), expected)

    read = service.call("GetChannelSession", {"channelSessionId": own["id"]})
    equal(read["channelSession"], updated["channelSession"])


def a_sessions_life(service: Service, session: dict) -> None:
    id = new_id()
    own = session | {"id": id, "conversationId": f"conversation-of-{id}"}
    service.call("CreateChannelSession", {"document": own})
    code, details = refused(service, "CreateChannelSession", {"document": own})
    equal((code, reason(details)), (grpc.StatusCode.ALREADY_EXISTS, "CHANNEL_SESSION_EXISTS"))
    kept = service.call("CreateChannelSession", {"document": {"id": id}, "existing": "EXISTING_CHANNEL_SESSION_KEEP"})
    equal((kept.get("changed", False), document(kept)), (False, own))

    page = {"conversationId": own["conversationId"], "active": True, "pageSize": 10}
    equal([found["id"] for found in service.call("ListChannelSessions", page)["channelSessions"]], [id])
    ended = service.call("EndChannelSession", {"channelSessionId": id, "reasonCode": "AGENT"})
    # Whatever says that it is active says so no more; the rest is as it was.
    state = {"name": "ENDED", "reasonCode": "AGENT"}
    equal(document(ended), own | {"state": state, "isActive": False, "active": False})
    equal(service.call("ListChannelSessions", page), {})

    deleted = service.call("DeleteChannelSession", {"channelSessionId": id, "etag": '"2"'})
    equal(deleted, {"revision": "3", "changed": True})
    code, details = refused(service, "GetChannelSession", {"channelSessionId": id})
    equal((code, reason(details)), (grpc.StatusCode.NOT_FOUND, "CHANNEL_SESSION_NOT_FOUND"))


def a_retry_is_made_once(service: Service) -> None:
    id = new_session(service)
    request = {"channelSessionId": id, "requestId": str(uuid.uuid4()), "attributes": [queue_of("sales")]}
    first = service.call("UpdateData", request)
    equal((first["changed"], first["channelSession"]["revision"]), (True, "2"))
    service.call("UpdateData", {"channelSessionId": id, "attributes": [queue_of("vip")]})
    equal(service.call("UpdateData", request), first)
    stored = service.call("GetChannelSession", {"channelSessionId": id})["channelSession"]
    equal(stored["channelData"]["additionalAttributes"], [queue_of("vip")])

    code, details = refused(service, "UpdateData", request | {"attributes": [queue_of("billing")]})
    equal((code, reason(details)), (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED"))


def a_conflict_says_what_there_is(service: Service) -> None:
    id = new_session(service)
    update = {"channelSessionId": id, "attributes": [queue_of("sales")]}
    service.call("UpdateData", update | {"etag": '"1"'})
    for precondition, why, expected in (
        ({"etag": '"1"'}, "REVISION_MISMATCH", {"revision": "2", "etag": '"2"'}),
        (
            {"preconditions": [{"key": "queue", "absent": True}]},
            "ATTRIBUTE_MISMATCH",
            {"revision": "2", "etag": '"2"', "key": "queue", "present": queue_of("sales")},
        ),
    ):
        code, details = refused(service, "UpdateData", update | precondition)
        equal((code, reason(details)), (grpc.StatusCode.ABORTED, why))
        mismatch = "channelsession.v1.MismatchDetails"
        equal(service.message(mismatch, details[mismatch]), expected)


def a_watch_tells_of_a_change_and_so_does_the_history(service: Service) -> None:
    id = new_session(service)
    watch = service.stream("WatchChannelSessions", {"channelSessionId": id})
    # It says at once from where on it delivers.
    equal(sorted(next(watch)), ["position"])
    service.call("UpdateData", {"channelSessionId": id, "attributes": [queue_of("sales")]})
    delivered = next(watch)
    watch.close()
    event = delivered["event"]
    equal((event["revision"], event["changes"]), ("2", [{"key": "queue", "after": queue_of("sales")}]))
    sent = json.loads(event["json"])
    equal((sent["name"], sent["id"]), ("CHANNEL_SESSION_DATA_UPDATED", event["id"]))
    equal(sent["channelSession"]["channelData"]["additionalAttributes"], [queue_of("sales")])
    equal(sent["data"], sent["channelSession"])
    equal(sent["change"]["revision"], 2)

    service.call("UpdateData", {"channelSessionId": id, "removeKeys": ["queue"]})
    # Behind the position, the watch goes on; a heartbeat may come first.
    later = service.stream("WatchChannelSessions", {"channelSessionId": id, "position": delivered["position"]})
    gone = next(message["event"] for message in later if "event" in message)
    later.close()
    equal((gone["revision"], gone["changes"]), ("3", [{"key": "queue", "before": queue_of("sales")}]))

    history = service.call("ListChannelSessionHistory", {"channelSessionId": id, "key": "queue"})["events"]
    equal([past["id"] for past in history], [gone["id"], event["id"]])


def an_error_says_what_to_fix(service: Service, session: dict) -> None:
    attributes = [
        {"key": "name", "type": "String50", "value": "Jane"},
        {"key": "age", "type": "Number", "value": "forty"},
        {"key": "nick", "type": "Text", "value": "Jay"},
    ]
    code, details = refused(service, "UpdateData", {"channelSessionId": session["id"], "attributes": attributes})
    equal(code, grpc.StatusCode.INVALID_ARGUMENT)
    info = unpacked(details, error_details_pb2.ErrorInfo)
    equal((info.reason, info.domain), ("INVALID_ATTRIBUTES", "channelsession.v1"))
    equal(dict(info.metadata), {"violations_total": "2", "attributes_1_key": "age", "attributes_2_key": "nick"})
    bad_request = unpacked(details, error_details_pb2.BadRequest)
    violations = [(v.field, v.reason) for v in bad_request.field_violations]
    equal(violations, [("attributes[1].value", "Number"), ("attributes[2].type", "value_type")])
    assert all(v.description for v in bad_request.field_violations), bad_request


def a_missing_session_has_its_reason(service: Service) -> None:
    code, details = refused(service, "GetChannelSession", {"channelSessionId": new_id()})
    equal(code, grpc.StatusCode.NOT_FOUND)
    equal(reason(details), "CHANNEL_SESSION_NOT_FOUND")


def both_versions_of_reflection_serve_the_contract(channel: grpc.Channel) -> None:
    """The service above was found by v1alpha, which is what the package speaks; v1 has the same messages."""
    for version in ("v1", "v1alpha"):
        services, files = reflected(channel, version)
        for service in (SERVICE, "grpc.health.v1.Health", f"grpc.reflection.{version}.ServerReflection"):
            assert service in services, f"{version} does not list {service}: {services}"
        equal(files, ["channelsession/v1/channel_session_service.proto"])


def reflected(channel: grpc.Channel, version: str) -> tuple[list[str], list[str]]:
    """The services that are listed, and the names of the files that are served for ours."""
    call = channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    requests = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE),
    ]
    listed, described = call(iter(requests), timeout=TIMEOUT_SECONDS)
    services = [service.name for service in listed.list_services_response.service]
    files = map(descriptor_pb2.FileDescriptorProto.FromString, described.file_descriptor_response.file_descriptor_proto)
    return services, [file.name for file in files]


def refused(service: Service, name: str, request: dict) -> tuple[grpc.StatusCode, dict[str, bytes]]:
    """Makes a call that has to fail. Returns its code, and its details by the full names of their messages."""
    try:
        reply = service.call(name, request)
    except grpc.RpcError as error:
        status = rpc_status.from_call(error)
        assert status is not None, f"{name} failed without details: {error}"
        return error.code(), {detail.TypeName(): detail.value for detail in status.details}
    raise AssertionError(f"{name} was not refused: {reply}")


def reason(details: dict[str, bytes]) -> str:
    return unpacked(details, error_details_pb2.ErrorInfo).reason


def new_id() -> str:
    return f"python-{uuid.uuid4()}"


def new_session(service: Service) -> str:
    id = new_id()
    service.call("CreateChannelSession", {"document": {"id": id}})
    return id


def queue_of(name: str) -> dict:
    return {"key": "queue", "type": "String50", "value": name}


def unpacked(details: dict[str, bytes], message_class):
    return message_class.FromString(details[message_class.DESCRIPTOR.full_name])


def equal(found, expected) -> None:
    assert found == expected, f"\nfound:    {json.dumps(found, default=str)}\nexpected: {json.dumps(expected, default=str)}"


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
