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
check "an error says what to mend" "$error" \
    'any(.details[]; .fieldViolations[0].field? == "attributes[0].value")'
