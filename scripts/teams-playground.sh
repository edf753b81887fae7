#!/bin/sh
# Plays the demo's loop in Microsoft's 365 Agents Playground, a page that behaves as Teams does towards a bot: in its channel and in
# its personal chat, with a picture of each step: scripts/teams-playground.sh OUT. It needs Go, node, npm and chromium, and no network
# once the packages are there: all of it is on loopback, and the browser resolves no other name. OUT is a folder of yours.
set -eu
out=${1:?scripts/teams-playground.sh OUT}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)

packages=${INTERLOCK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/interlock}/playground
cli=$packages/node_modules/@microsoft/m365agentsplayground/cli.js
mkdir -p "$packages"
if ! cmp -s "$here/playground/package.json" "$packages/package.json" || [ ! -f "$cli" ]; then
  cp "$here/playground/package.json" "$packages"
  npm install --prefix "$packages" --ignore-scripts --no-audit --no-fund --no-package-lock --silent
fi
cp "$here"/playground/*.mjs "$here"/playground/*.cjs "$packages"
chromium=$("$here/setup.sh" chromium)

tmp=$(mktemp -d)
demo='' page=''
end() {
  for id in $page $demo; do
    kill "$id" 2>/dev/null && { wait "$id" || true; } 2>/dev/null
  done
  rm -rf "$tmp"
}
trap end EXIT
trap 'exit 1' INT TERM

# told FILE WORDS ID waits until a program of ours has said so.
told() {
  n=0
  until grep -q "$2" "$1" 2>/dev/null; do
    n=$((n + 1))
    if [ "$n" -gt 1200 ] || ! kill -0 "$3" 2>/dev/null; then
      cat "$1" >&2
      exit 1
    fi
    sleep 0.5
  done
}

rm -f -- "$out"/*.png "$out"/*.log
(cd "$here/.." && go build -o "$tmp/interlock" .)
"$tmp/interlock" demo --teams=playground --addr 127.0.0.1:0 --dir "$tmp/demo" --setup "$here/setup.sh" >"$out/demo.log" 2>&1 &
demo=$!
told "$out/demo.log" '^Ready:' "$demo"
relay=$(sed -n 's|.*relay for the Playground is at \(.*\)/ .*|\1|p' "$out/demo.log")

cd "$tmp/demo/playground"
node -r "$packages/loopback.cjs" "$cli" -c msteams --dt -e "$relay/api/messages" >"$out/playground.log" 2>&1 &
page=$!
told "$out/playground.log" '^Listening on' "$page"
port=$(sed -n 's/^Listening on //p' "$out/playground.log")

node "$packages/play.mjs" "$chromium" "http://localhost:$port" "$relay" "$out"
ls -- "$out"
