#!/usr/bin/env python3
"""Draws messages from what the service's reflection says of them, sends them, and holds every answer to what is promised:
a code that callers know, ErrorInfo with a reason of the contract's, details that proxies let through, no defect; and a
connection that goes on.

Usage: fuzz.py HOST:PORT CASES SEED
"""

import itertools
import json
import sys

import grpc
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha import proto_reflection_descriptor_database as reflection
from grpc_status import rpc_status
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

SERVICE = "channelsession.v1.ChannelSessionService"
TIMEOUT_SECONDS = 30
# A stream that has no end of its own.
STREAM_SECONDS = 0.05
MAX_TRAILER_BYTES = 3 * 1024
# How many a stream of requests has at most.
MAX_MESSAGES = 5
# How deep messages are nested within each other.
MAX_DEPTH = 4
NEVER = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS}

ID = "fuzzed"
TYPES = ["Alphanum100", "String50", "Number", "Boolean", "Email", "URL", "StringList", "WebChannelData"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


# What a text is likely to be for, by its field's name: beside any text, which is refused early.
MEANT = {
    "channel_session_id": st.sampled_from([*[ID] * 6, "nobody", ".", ""]),
    "key": st.sampled_from(["k", "name", " "]),
    "keys": st.sampled_from(["k", "name", " "]),
    "remove_keys": st.sampled_from(["k", "name", " "]),
    "type": st.sampled_from(TYPES),
    "etag": st.sampled_from(["", '"1"', "*", 'W/"2"', "1"]),
    "request_id": st.sampled_from(["", "r-1", "r-2", "r 3"]),
    "value_json": JSON.map(json.dumps),
    "document_json": st.dictionaries(st.sampled_from(["id", "isActive", "channelData", "x"]), JSON).map(json.dumps),
    "attributes_json": st.lists(
        st.fixed_dictionaries({"key": st.sampled_from(["k", "name"]), "type": st.sampled_from(TYPES), "value": JSON}),
        max_size=4,
    ).map(json.dumps),
    "reason_code": st.sampled_from(["AGENT", "CUSTOMER", " "]),
    "state": st.sampled_from(["", "ENDED"]),
    "page_token": st.just(""),
    "position": st.just(""),
}


def message(descriptor: Descriptor, depth: int = 0) -> st.SearchStrategy:
    """Messages of a type, each with some of its fields."""
    made = message_factory.GetMessageClass(descriptor)
    fields = [field for field in descriptor.fields if depth < MAX_DEPTH or field.message_type is None]
    # Of a oneof, what is set last counts.
    drawn = {field.name: values(field, depth) for field in fields}
    # Without it, hardly any call would come any further.
    always = {name: drawn.pop(name) for name in ("channel_session_id",) if name in drawn}
    drawn = st.fixed_dictionaries(always, optional=drawn)
    return drawn.map(lambda members: fill(made(), members))


def fill(whole, members):
    for name, value in members.items():
        field = whole.DESCRIPTOR.fields_by_name[name]
        if is_map(field):
            entries = getattr(whole, name)
            for key, item in value:
                if field.message_type.fields_by_name["value"].message_type:
                    entries[key].CopyFrom(item)
                else:
                    entries[key] = item
        elif field.is_repeated:
            getattr(whole, name).extend(value)
        elif field.message_type:
            getattr(whole, name).CopyFrom(value)
        else:
            setattr(whole, name, value)
    return whole


def is_map(field: FieldDescriptor) -> bool:
    return bool(field.message_type and field.message_type.GetOptions().map_entry)


def values(field: FieldDescriptor, depth: int) -> st.SearchStrategy:
    if is_map(field):
        key, value = (field.message_type.fields_by_name[name] for name in ("key", "value"))
        return st.lists(st.tuples(value_of(key, depth), value_of(value, depth + 1)), max_size=3)
    one = value_of(field, depth)
    return st.lists(one, max_size=4) if field.is_repeated else one


def value_of(field: FieldDescriptor, depth: int) -> st.SearchStrategy:
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_MESSAGE:
        return message(field.message_type, depth + 1)
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        # Also one that there is not.
        return st.sampled_from([value.number for value in field.enum_type.values] + [99])
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return st.booleans()
    if kind == FieldDescriptor.CPPTYPE_INT32:
        return st.integers(-(2**31), 2**31 - 1) | st.integers(-1, 3)
    if kind in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        return st.floats()
    if kind == FieldDescriptor.CPPTYPE_STRING:
        text = st.text(max_size=300)
        meant = MEANT.get(field.name)
        if meant is None:
            return text
        return st.integers(0, 9).flatmap(lambda drawn: text if drawn == 9 else meant)
    raise NotImplementedError(f"{field.full_name}: a field of this type is new")


class Fuzzed:
    """The service, as its reflection describes it."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        pool = descriptor_pool.DescriptorPool(reflection.ProtoReflectionDescriptorDatabase(channel))
        self.methods = pool.FindServiceByName(SERVICE).methods
        reasons = pool.FindEnumTypeByName("channelsession.v1.Reason").values_by_name
        self._reasons = {name.removeprefix("REASON_") for name in reasons}

    def call(self, method, requests: list) -> str:
        """Makes a call, and returns its code or its reason."""
        name = f"/{SERVICE}/{method.name}"
        coding = (
            message_factory.GetMessageClass(method.input_type).SerializeToString,
            message_factory.GetMessageClass(method.output_type).FromString,
        )
        is_watch = method.server_streaming and not method.client_streaming
        timeout = STREAM_SECONDS if is_watch else TIMEOUT_SECONDS
        if method.client_streaming:
            call = self._channel.stream_stream(name, *coding)(iter(requests), timeout=timeout)
        elif method.server_streaming:
            call = self._channel.unary_stream(name, *coding)(requests[0], timeout=timeout)
        else:
            call = iter([self._channel.unary_unary(name, *coding).with_call])
            try:
                reply, _ = next(call)(requests[0], timeout=timeout)
                assert reply is not None
                return "OK"
            except grpc.RpcError as error:
                return self.refusal(error)
        try:
            # A first answer is enough of what has no end.
            answers = list(itertools.islice(call, 1)) if is_watch else list(call)
            assert is_watch or len(answers) == len(requests), (len(answers), len(requests))
            call.cancel()
            return "OK"
        except grpc.RpcError as error:
            if is_watch and error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
                return "OK"
            return self.refusal(error)

    def refusal(self, error: grpc.RpcError) -> str:
        code = error.code()
        assert code not in NEVER, f"a defect: {error}"
        size = sum(len(name) + len(value) + 32 for name, value in error.trailing_metadata() or ())
        assert size < MAX_TRAILER_BYTES, f"the trailers take {size} bytes: {error}"
        status = rpc_status.from_call(error)
        assert status is not None, f"there are no details: {error}"
        infos = [detail for detail in status.details if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR)]
        assert len(infos) == 1, f"there is no ErrorInfo: {error}"
        info = error_details_pb2.ErrorInfo.FromString(infos[0].value)
        assert info.domain == "channelsession.v1" and info.reason in self._reasons, info
        return info.reason


def main(address: str, cases: int, first: int) -> None:
    with grpc.insecure_channel(address) as channel:
        service = Fuzzed(channel)
        create = next(method for method in service.methods if method.name == "CreateChannelSession")
        request = message_factory.GetMessageClass(create.input_type)
        replace = request(channel_session_id=ID, document_json='{"isActive": true}', existing=3)
        for method in service.methods:
            outcomes: dict[str, int] = {}

            # Nothing is shrunk or remembered: what is found is printed as it was drawn, and comes again with the seed.
            @seed(first)
            @settings(
                max_examples=cases,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(st.lists(message(method.input_type), min_size=1, max_size=MAX_MESSAGES if method.client_streaming else 1))
            def fuzz(requests):
                outcome = service.call(method, requests)
                outcomes[outcome] = outcomes.get(outcome, 0) + 1
                # Some calls end or delete the session, which the others need; and the connection has to go on.
                if sum(outcomes.values()) % 10 == 0:
                    assert service.call(create, [replace]) == "OK"

            assert service.call(create, [replace]) == "OK"
            fuzz()
            made = sum(outcomes.values())
            assert made >= cases, f"{method.name}: {made} cases"
            counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
            print(f"ok: {method.name}: {counts}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
