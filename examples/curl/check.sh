#!/bin/sh
# Posts what Wexio would post, and what it would not, and looks at the answers:
#
#     ./check.sh URL SECRET
#
# A sandbox writes the requests: WEXIO_SANDBOX_URL (http://127.0.0.1:8420), with
# WEXIO_SANDBOX_TOKEN where it wants one.  It never calls back.
set -eu

url=$1
secret=$2
sandbox=${WEXIO_SANDBOX_URL:-http://127.0.0.1:8420}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

# render JSON: asks for a request, with these fields beside the event; it is in head and body then
render() {
    jq --null-input --arg secret "$secret" --argjson more "$1" \
        '{event: "chat.created", auth: {type: "HMAC", secret: $secret}} + $more' |
        curl --silent --show-error --fail-with-body --retry 20 --retry-connrefused --retry-delay 1 \
            --header 'Content-Type: application/json' \
            --header "Authorization: Bearer ${WEXIO_SANDBOX_TOKEN:-none}" \
            --data-binary @- "$sandbox/api/v1/render" >"$folder/rendered"
    jq --raw-output '.headers | to_entries[] | "\(.key): \(.value)"' "$folder/rendered" >"$folder/head"
    jq --raw-output .body_base64 "$folder/rendered" | base64 -d >"$folder/body"
}

# expect CLASS WORDS…: posts it; the status must be of this class
expect() {
    class=$1
    shift
    status=$(curl --silent --output /dev/null --write-out '%{http_code}' \
        --header "@$folder/head" --data-binary "@$folder/body" "$url") || status=none
    case $status in
    "$class"??) echo "ok: $* ($status)" ;;
    *)
        echo "FAILED: $* (answered $status, not ${class}xx)"
        failed=1
        ;;
    esac
}

for channel in WHATSAPP TELEGRAM VIBER INSTAGRAM; do
    render "{\"channel\": \"$channel\"}"
    expect 2 "a first contact on $channel is taken"
done

render "{\"attempt\": 2, \"id\": $(jq .id "$folder/body")}"
expect 2 "its second attempt is taken"

printf ' ' >>"$folder/body"
expect 4 "one space more is another body"

for fault in '{"do": "missing_signature"}' '{"do": "wrong_secret"}' '{"do": "tampered_body"}' '{"do": "stale", "by": "10m"}'; do
    render "{\"faults\": [$fault]}"
    expect 4 "refused: $fault"
done

exit $failed
