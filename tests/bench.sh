#!/bin/sh
# The microbenchmarks run, find their results right, and write what a report reads.  Nothing is timed
# here.  Prints TAP.
# shellcheck disable=SC2154
set -u
if [ ! -x "$top_builddir/bench/kernels" ]; then
    echo "1..0 # SKIP built without Google Benchmark"
    exit 0
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
TMPDIR=$tmp && export TMPDIR
n=0
echo "1..16"

# point NAME COMMAND...: one test; what the command prints is shown when it fails.
point() {
    n=$((n + 1))
    name=$1
    shift
    if "$@" >"$tmp/log" 2>&1; then echo "ok $n - $name"; else
        echo "not ok $n - $name"
        tail -n 40 "$tmp/log" | sed 's/^/# /'
    fi
}

# bench PROGRAM FILTER ARGUMENT...: its lines go to PROGRAM.json.
bench() {
    program=$1 filter=$2
    shift 2
    "$top_builddir/bench/$program" --benchmark_min_time=0.0001 --benchmark_out="$tmp/$program.json" \
        --benchmark_filter="$filter" "$@"
}

# holds PROGRAM WORD...: the file has a line that starts with each word.
holds() {
    file=$tmp/$1.json
    shift
    for word in "$@"; do
        grep -q "^ *\"$word\": " "$file" || { echo "no $word in $file" && return 1; }
    done
}

# refuses STATUS COMMAND...
refuses() {
    expected=$1
    shift
    "$@"
    [ $? = "$expected" ]
}

point "every kind of kernel, with a right result" bench kernels \
    '^(aes|garble|ot|bool|bitmat|vec|vole)/.*/(4096|8192)/|^vole/fold.*/16/|^dpf/.*/1024/|^ring/.*/1x4096x1000|100x1024x10|^conv/.*/(16x12x12|1024x7x7)'
point "rates, ceilings and what was measured where" holds kernels processor tiers compiler copy \
    'madds\/s' 'bytes\/s' 'blocks\/s' 'ands\/s' ceiling share intensity
point "a secure layer of each kind, with a right result and the plan's bytes" bench layers \
    '/(784-128|1x28x28-16-5x5|1024x7x7-.*|980|16x8x8-.*|64x8x8-8x8|16384)/'
point "what a layer costs by phase" holds layers cpu_seconds online_bytes online_rounds \
    offline_bytes setup_bytes uses_m3
garbled() {
    bench layers '/(980|16x8x8-2x2s2)/' --relu=gc --threads=2 && holds layers prepared_bytes 'ands\/s' 'elements\/s' &&
        [ "$(grep -c '"run_name": ".*/gc/' "$tmp/layers.json")" = 8 ] && ! bench layers '^layer/(conv|fc|trunc|add|avg_pool)/' --relu=gc
}
point "what compares, by garbled circuits, each run with what is prepared for it" garbled
keyed() {
    bench layers '^layer/(relu/980|max_pool/16x8x8-2x2s2|trunc/16384)/' --relu=fss --threads=2 && holds layers online_bytes offline_bytes 'elements\/s' &&
        [ "$(grep -c '"run_name": ".*/fss/' "$tmp/layers.json")" = 12 ] && ! bench layers '^layer/(conv|fc|add|avg_pool)/' --relu=fss
}
point "and by function secret sharing, truncations too" keyed
ways() { [ "$(bench layers . --relu=yao 2>&1)" = "$top_builddir/bench/layers: --relu takes 'ppa', 'gc' or 'fss', not 'yao'" ]; }
point "another way of comparing is refused" ways
point "batches and threads" bench layers '/(16x12x12-16-5x5|256|16x8x8-.*)/' --network=f3 --batch=3 --threads=2
point "an unknown network is refused" refuses 2 bench layers . --network=m9
names() { [ "$(bench layers . --batch=0 2>&1)" = "$top_builddir/bench/layers: --batch takes a number from 1 to 65536, not '0'" ]; }
point "a wrong number is named" names
helps() { "$top_builddir/bench/$1" --help | grep -q -- '--network=NAME' && "$top_builddir/bench/$1" --help | grep -q filter; }
point "help has the benches' own options, too" eval 'helps kernels && helps layers'
long() (
    TMPDIR=$tmp/a-name-that-is-longer-than-any-short-buffer-would-hold && mkdir "$TMPDIR" &&
        bench layers '/980/64/memory' && [ -z "$(ls "$TMPDIR")" ] && TMPDIR=$TMPDIR/none && ! bench layers '/980/64/memory'
)
point "a long TMPDIR is the one that is used" long
point "an unknown option is refused" refuses 2 bench kernels . --fast
point "a filter that nothing matches is a failure" refuses 1 bench kernels nothing
transfers() {
    "$top_builddir/bench/transfers" --transfers=9000 --runs=1 --cpus=-1,-1 >"$tmp/ot" 2>&1 && cat "$tmp/ot" &&
        [ "$(grep -cE '^(random|random, malicious|bit triples) +[1248] ' "$tmp/ot")" = 12 ]
}
point "oblivious transfers between two processes, with right keys and triples" transfers
# What is built for one processor must be out of everyone else's way: no code before main(), and no instance of a template
# that the linker might choose for others.
closed() {
    for object in "$top_builddir"/bench/competitors/eigen-*.o "$top_builddir"/bench/competitors/loops-*.o; do
        [ -e "$object" ] || continue
        if nm -g -P "$object" | grep -vE ' [Uw] |^(eigen|loops|plain|blocked)_(gcc|clang)_[a-z0-9]*_(32|64|needs) ' ||
            readelf -SW "$object" | grep -E ' (GROUP|INIT_ARRAY) |\.ctors'; then
            echo "in $object" && return 1
        fi
    done
}
if command -v nm >/dev/null && command -v readelf >/dev/null; then
    point "competitors have nothing but their functions and what these need" closed
else
    echo "ok 16 - competitors have nothing but their functions # SKIP no nm and readelf"
fi
