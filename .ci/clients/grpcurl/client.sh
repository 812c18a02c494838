#!/usr/bin/env bash
# What a person can do who has grpcurl and nothing else: the contract comes by reflection.
#
# Usage: client.sh HOST:PORT DOCUMENTED_SESSION.json DOCUMENTED_REQUEST.json
#
# The server has to hold the documented session as it is documented (`serve --sample`).
set -euo pipefail

address="$1" session="$2" attributes="$3"
service=channelsession.v1.ChannelSessionService

# call DATA METHOD: prints the reply, or the error's status, as JSON.
call() {
    grpcurl -plaintext -max-time 10 -format-error -d "$1" "$address" "$2" 2>&1 || true
}

# check NAME JSON FILTER: the filter has to be true of the JSON.
check() {
    if ! jq --exit-status --slurpfile session "$session" "$3" >/dev/null <<<"$2"; then
        printf 'FAILED: %s: not %s of:\n%s\n' "$1" "$3" "$2" >&2
        exit 1
    fi
    echo "ok: $1"
}

# text NAME TEXT PART: the text has to hold the part.
text() {
    if [[ "$2" != *"$3"* ]]; then
        printf 'FAILED: %s: no "%s" in:\n%s\n' "$1" "$3" "$2" >&2
        exit 1
    fi
    echo "ok: $1"
}

listed="$(grpcurl -plaintext "$address" list)"
text "the service is listed" "$listed" "$service"
text "its health is listed" "$listed" grpc.health.v1.Health
text "a method describes itself" "$(grpcurl -plaintext "$address" describe "$service.UpdateData")" "rpc UpdateData"
check "the service is healthy" "$(call "{\"service\": \"$service\"}" grpc.health.v1.Health/Check)" \
    '.status == "SERVING"'

id="$(jq --raw-output .id "$session")"
request="$(jq --compact-output --arg id "$id" '{channelSessionId: $id, attributes: .}' "$attributes")"
# shellcheck disable=SC2016 # $session is jq's
check "the documented request gives the documented session" "$(call "$request" "$service/UpdateData")" \
    '(.channelSession | del(.revision, .etag)) == $session[0]'

request="{\"channelSessionId\": \"$id\", \"attributes\": [{\"key\": \"age\", \"type\": \"Number\", \"value\": \"forty\"}]}"
error="$(call "$request" "$service/UpdateData")"
check "an error has its code" "$error" '.code == 3'
check "an error has its reason" "$error" \
    'any(.details[]; .reason == "INVALID_ATTRIBUTES" and .domain == "channelsession.v1")'
check "an error says what to fix" "$error" \
    'any(.details[]; .fieldViolations[0] | .field? == "attributes[0].value" and .reason? == "Number")'
check "an error names the attribute" "$error" 'any(.details[]; .metadata.attributes_0_key? == "age")'

# watch DATA: prints what a watch delivers until its deadline ends it, as a JSON list.
watch() {
    { grpcurl -plaintext -max-time 3 -d "$1" "$address" "$service/WatchChannelSessions" 2>/dev/null || true; } |
        jq --slurp .
}

# update MEMBERS: an update of a session of this script's own, as the request's further members have it.
update() {
    call "{\"channelSessionId\": \"$own\", \"view\": \"CHANNEL_SESSION_VIEW_BASIC\", $1}" "$service/UpdateData"
}

own="grpcurl-$(cat /proc/sys/kernel/random/uuid)"
sales='"attributes": [{"key": "queue", "type": "String50", "value": "sales"}]'
vip='"attributes": [{"key": "queue", "type": "String50", "value": "vip"}]'
request="{\"document\": {\"id\": \"$own\", \"conversationId\": \"$own\"}}"
check "a session is stored" "$(call "$request" "$service/CreateChannelSession")" \
    '.channelSession.revision == "1" and .changed'
check "it is found by its conversation" \
    "$(call "{\"conversationId\": \"$own\", \"active\": true}" "$service/ListChannelSessions")" \
    '[.channelSessions[].conversationId] == [.channelSessions[0].id]'

watched="$(watch "{\"channelSessionId\": \"$own\"}")"
check "a watch says where it begins" "$watched" 'length == 1 and (.[0].position | length > 0) and .[0].event == null'
position="$(jq --raw-output '.[0].position' <<<"$watched")"
first="$(update "$sales, \"requestId\": \"r-1\"")"
check "an update is made under a request id" "$first" '.channelSession.revision == "2" and .changed'
check "another one follows" "$(update "$vip")" '.channelSession.revision == "3"'
check "a retry answers as the first time" "$(update "$sales, \"requestId\": \"r-1\"")" ". == $first"
check "a watch goes on from its position" \
    "$(watch "{\"channelSessionId\": \"$own\", \"position\": \"$position\"}")" \
    '[.[].event | select(.) | .changes[0].after.value] == ["sales", "vip"]'
check "the history has the same, newest first" \
    "$(call "{\"channelSessionId\": \"$own\", \"key\": \"queue\"}" "$service/ListChannelSessionHistory")" \
    '[.events[] | {revision, requestId}] == [{revision: "3", requestId: null}, {revision: "2", requestId: "r-1"}]'

error="$(update "$sales, \"etag\": \"\\\"1\\\"\"")"
check "a conflict has its code" "$error" '.code == 10'
check "a conflict has its reason" "$error" 'any(.details[]; .reason == "REVISION_MISMATCH")'
check "a conflict says what the revision is" "$error" 'any(.details[]; .revision == "3" and .etag == "\"3\"")'
error="$(update "$sales, \"preconditions\": [{\"key\": \"queue\", \"value\": \"sales\"}]")"
check "a conflict says what the attribute is" "$error" \
    'any(.details[]; .key == "queue" and .present.value == "vip")'

check "the session ends" \
    "$(call "{\"channelSessionId\": \"$own\", \"reasonCode\": \"CUSTOMER\"}" "$service/EndChannelSession")" \
    '.channelSession | .state == {name: "ENDED", reasonCode: "CUSTOMER"} and .isActive == false'
check "the session is deleted" "$(call "{\"channelSessionId\": \"$own\"}" "$service/DeleteChannelSession")" \
    '. == {revision: "5", changed: true}'
