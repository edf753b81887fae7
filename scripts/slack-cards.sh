#!/bin/sh
# Draws the golden cards of adapters/slack as Slack would, in light and dark, for a phone and a desk, and checks them against
# Slack's own types: scripts/slack-cards.sh OUT [NAME...]. It needs node, npm and chromium; OUT is a folder of yours.
set -eu
out=${1:?scripts/slack-cards.sh OUT [NAME...]}
shift
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)

cp "$here"/slackcards/* "$out"
cd "$out"
[ -d node_modules/slack-blocks-to-jsx ] || npm install --ignore-scripts --no-audit --no-fund --no-package-lock --silent
rm -f -- *.html *.png cards.ts
node cards.mjs "$here/../adapters/slack/testdata/cards" . "$@"
npx --no-install tsc --project .
echo "types hold"

for page in *.html; do
  for width in 400 800; do
    chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
      --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$out/profile" --force-device-scale-factor=1 \
      --window-size="$width,1900" --screenshot="$out/${page%.html}-$width.png" "file://$out/$page" >/dev/null 2>&1
  done
done
ls -- *.png
