#!/bin/sh
# Breaks the policy package in small ways, one at a time, and counts how many of
# them its tests notice. See scripts/mutate for what it breaks, -h for the flags.
set -eu
cd "$(dirname "$0")/.."
exec go run ./scripts/mutate "$@"
