#!/bin/sh
# Validates the golden cards of adapters/teams at Adaptive Cards 1.5, draws them as Teams would, in light and dark, for a phone and a
# desk, and sees that nothing in them is a link, or a picture but a chart of ours: scripts/teams-cards.sh OUT [BROKEN [NAME...]]. Every
# card of the folder BROKEN must be flagged; "-" is none. It needs node, npm and chromium; OUT is a folder of yours.
set -eu
out=${1:?scripts/teams-cards.sh OUT [BROKEN [NAME...]]}
shift
broken=${1:--}
[ $# -eq 0 ] || shift
[ "$broken" = - ] && broken= || broken=$(cd "$broken" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
golden=$here/../adapters/teams/testdata/cards
mkdir -p "$out"
out=$(cd "$out" && pwd)

cp "$here"/teamscards/* "$out"
cd "$out"
[ -d node_modules/adaptivecards ] && [ -d node_modules/markdown-it ] || npm install --ignore-scripts --no-audit --no-fund --no-package-lock --silent
rm -f -- *.html *.png
node check.mjs "$golden" ${broken:+"$broken"}
node pages.mjs "$golden" . "$@"

browse() {
  chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update \
    --disable-sync --hide-scrollbars --user-data-dir="$out/profile" --force-device-scale-factor=1 "$@" 2>/dev/null
}
for page in *.html; do
  browse --dump-dom "file://$out/$page" >dom
  grep -q ac-adaptiveCard dom || { echo "$page draws no card" >&2; exit 1; }
  if grep -o '<div class="name".*' dom | sed 's|<img [^>]*src="data:image/png;base64,[^>]*>||g' | grep -Eo '<(a|img|b|em|strong|code|script)[ >].*'; then
    echo "$page holds something that is not a card's own" >&2
    exit 1
  fi
  for width in 400 800; do
    browse --window-size="$width,2400" --screenshot="$out/${page%.html}-$width.png" "file://$out/$page" >/dev/null
  done
done
ls -- *.png
