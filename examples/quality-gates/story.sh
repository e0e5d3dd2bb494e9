#!/usr/bin/env bash
# A repository that its gates stop, and the changes that let it go on: story.sh [FOLDER]
set -euo pipefail
story=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$(mktemp -d)}

tell() { printf '\n# %s\n' "$*"; }
as_author() { git -c user.name=Author -c user.email=author@shop.example "$@"; }

cp -R "$story/before/." "$folder"
cd "$folder"
git init --quiet --initial-branch=main
git add --all
as_author commit --quiet --message="Deploy the shop"

tell "May it be merged?"
gitops-auditor gates run --phase pre_merge || echo "exit status $?"

tell "From now on git asks before each commit."
gitops-auditor gates hook install
echo "# One more change." >>deploy/production.yaml
as_author commit --all --message="Change the deployment" || echo "exit status $?"

tell "Fixed: the key that stood twice, the tests that were missing, the words for a bad night."
cp -R "$story/after/." "$folder"
as_author commit --quiet --all --message="Deploy what is written"
gitops-auditor gates run --phase pre_merge
