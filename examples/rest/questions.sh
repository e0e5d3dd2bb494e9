#!/usr/bin/env bash
# Ask a running server over REST: questions.sh WORKSPACE [BASE_ADDRESS]
set -euo pipefail
workspace=$1
base=${2:-http://127.0.0.1:3070}

post() { curl --silent --show-error --fail-with-body --json "$2" "$base$1"; }
get() { curl --silent --show-error --fail-with-body "$base$1"; }

post /api/repositories/discover "{\"workspace\": \"$workspace\", \"wait_seconds\": 50}" >/dev/null
post /api/dependencies/scan '{"wait_seconds": 50}' >/dev/null
echo "Who requires versions that exclude one another?"
get '/api/dependencies/conflicts?limit=5'
echo
echo "Who needs whom?"
get '/api/dependencies/export?format=mermaid'
echo
echo "What happened? (Two seconds of a stream that goes on.)"
curl --silent --max-time 2 "$base/api/events?after=0&channels=dependencies" || true
