#!/bin/sh
# Validates and tests every tentacle of this repository, and sees that its secrets are encrypted. TNTC names the program, where it is not on the PATH.
set -u
tntc="${TNTC:-tntc}"
cd "$(dirname "$0")" || exit 2
failed=0
for workflow in enclaves/*/*/workflow.yaml; do
    [ -e "$workflow" ] || continue
    tentacle="$(dirname "$workflow")"
    echo "== $tentacle"
    "$tntc" validate "$tentacle" || { failed=1; continue; }
    "$tntc" test "$tentacle" || failed=1
done
"$tntc" secrets check --allow-missing || failed=1
exit "$failed"
