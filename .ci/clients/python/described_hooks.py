"""What Schemathesis has to know of requests that should be accepted, since no schema says it: which sessions there are,
that a token comes from an answer, that two members agree. Requests that should be refused are left as they are.
"""

import itertools
import os
import threading
import time

import requests
import schemathesis

# Values may be anything where the service is lenient; null fits every type.
IS_LENIENT = os.environ.get("VALUE_RULES") == "lenient"
POOL = 16
numbers = itertools.count()
local = threading.local()
watched = threading.Lock()


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    for name in ("pageToken", "position"):
        (case.query or {}).pop(name, None)
    for name in list(case.headers or {}):
        if name.lower() == "last-event-id":
            del case.headers[name]
    operation = case.operation.definition.raw["operationId"]
    if case.path_parameters and next(numbers) % 2:
        case.path_parameters["channelSessionId"] = existing(case.operation.base_url)
    if operation == "watchChannelSessions":
        watch(case)
    elif operation == "putChannelSession" and isinstance(case.body, dict):
        case.body.pop("id", None)
    elif operation == "updateForm" and isinstance(case.body, list):
        each_fits(case.body)
    elif operation in ("updateData", "endChannelSession") and isinstance(case.body, dict):
        for name in ("channelSessionId", "etag", "requestId"):
            case.body.pop(name, None)
        update_fits(case.body)
    elif operation == "batchUpdateData" and isinstance(case.body, dict):
        for update in case.body.get("requests") or []:
            if next(numbers) % 2:
                update["channelSessionId"] = existing(case.operation.base_url)
            update_fits(update)


def update_fits(update):
    """An update whose parts do not contradict each other."""
    if update.get("attributesJson") is not None:
        update["attributesJson"] = '[{"key": "k", "type": "Number", "value": 1}]'
    attributes = update.get("attributes") or []
    each_fits(attributes)
    for precondition in update.get("preconditions") or []:
        if "valueJson" in precondition and precondition["valueJson"] is not None:
            precondition["valueJson"] = "[1.50]"
    keys = {attribute["key"] for attribute in attributes} | {"k"}
    if update.get("removeKeys"):
        update["removeKeys"] = [key for key in update["removeKeys"] if key not in keys]


def each_fits(attributes):
    for attribute in attributes:
        if attribute.get("valueJson") is not None:
            attribute["valueJson"] = "null"
        elif not IS_LENIENT:
            attribute["value"] = None


def existing(base_url):
    """A session that is there, and active."""
    id = f"pool-{next(numbers) % POOL}"
    put(base_url, id, {"isActive": True})
    return id


def put(base_url, id, document):
    if not hasattr(local, "session"):
        local.session = requests.Session()
    for _ in range(10):
        answer = local.session.put(f"{base_url.rstrip('/')}/channel-sessions/{id}", json=document, timeout=30)
        if answer.status_code != 429:
            break
        time.sleep(int(answer.headers["Retry-After"]))
    assert answer.status_code in (200, 201), answer.text


def watch(case):
    """A stream on which there is something to deliver; every tenth waits in vain."""
    if watched.acquire(blocking=False):
        threading.Thread(target=change, args=(case.operation.base_url,), daemon=True).start()
    query = case.query or {}
    if "channelSessionId" in query:
        query.pop("conversationId", None)
    if next(numbers) % 10 == 0:
        return
    query.pop("key", None)
    for name in ("channelSessionId", "conversationId"):
        if name in query:
            query[name] = "watched"


def change(base_url):
    for number in itertools.count():
        try:
            put(base_url, "watched", {"isActive": True, "conversationId": "watched", "number": number})
        except requests.RequestException:
            return
        time.sleep(0.05)
