#!/bin/sh
# Runs every libFuzzer target for SONIC_FUZZ_SECONDS (3) from its own seeds, and keeps the input that breaks
# one as fuzz/crash-* in the build directory.
set -u
seconds=${SONIC_FUZZ_SECONDS:-3}
targets=${FUZZ_TARGETS:?run me through make check}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM

set -- $targets
echo "1..$#"
for target; do
    name=${target##*/}
    log=$work/$name.log
    SONIC_FUZZ_CORPUS=$work/$name
    export SONIC_FUZZ_CORPUS
    mkdir "$SONIC_FUZZ_CORPUS"
    (ulimit -c 0
     exec "$top_builddir/$target" -max_total_time="$seconds" -max_len=131072 -rss_limit_mb=2048 \
        -malloc_limit_mb=512 -timeout=20 -print_final_stats=1 \
        -artifact_prefix="$top_builddir/fuzz/" "$SONIC_FUZZ_CORPUS") >"$log" 2>&1
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ "$status" = 0 ] && [ "${runs:-0}" -ge 20 ]; then
        echo "ok - $name survives $runs inputs"
    else
        echo "not ok - $name (exit $status after ${runs:-no} inputs)"
        tail -n 60 "$log" | sed 's/^/# /'
    fi
done
