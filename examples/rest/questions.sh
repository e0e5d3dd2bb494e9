#!/usr/bin/env bash
# Ask a running server over REST: questions.sh WORKSPACE [BASE_ADDRESS]
set -euo pipefail
workspace=$1
base=${2:-http://127.0.0.1:3070}

post() { curl --silent --show-error --fail-with-body --json "$2" "$base$1"; }
get() { curl --silent --show-error --fail-with-body "$base$1"; }

post /api/repositories/discover "{\"workspace\": \"$workspace\", \"wait_seconds\": 50}" >/dev/null
post /api/dependencies/scan '{"wait_seconds": 50}' >/dev/null
echo "Conflicts:"
get '/api/dependencies/conflicts?limit=5'
echo
echo "Graph:"
get '/api/dependencies/export?format=mermaid'
echo
