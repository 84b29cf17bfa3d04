#!/bin/sh
# The page that bench/report makes of a small JSON file, and what it does with damaged ones.
# Prints TAP.
# shellcheck disable=SC2154
set -u
program=$top_builddir/bench/report
sample=$top_srcdir/tests/data/bench.json
if ! grep -q '^#define HAVE_JANSSON 1' "$top_builddir/config.h"; then
    echo "1..0 # SKIP built without jansson"
    exit 0
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
cd "$tmp" || exit 1
n=0
echo "1..28"

# point NAME COMMAND...: one test; what the command prints is shown when it fails.
point() {
    n=$((n + 1))
    name=$1
    shift
    if "$@" >point.log 2>&1; then echo "ok $n - $name"; else
        echo "not ok $n - $name"
        tail -n 40 point.log | sed 's/^/# /'
    fi
}

# rows FILE: the table rows as plain text, one a line.
rows() {
    sed -n '/^<tr>/p' "$1" | sed 's/<[^>]*>/ /g; s/  */ /g; s/^ //; s/ $//'
}
# has TEXT...: the page has each, word for word.
has() {
    for text in "$@"; do grep -qF -- "$text" page.html || { echo "missing: $text"; return 1; }; done
}
# row LINE...: the page has such table rows.
row() {
    for line in "$@"; do rows page.html | grep -qxF -- "$line" || { echo "no row: $line"; rows page.html; return 1; }; done
}

# balanced FILE: every element is closed, in order, and no & or < means nothing.
balanced() {
    sed '1s/<!DOCTYPE html>//' "$1" | awk 'BEGIN { RS = "<" }
        NR == 1 { next }
        !/^\/?[a-z][a-z0-9]*([ \n][^<>]*)?>/ { print "not a tag: <" $0; exit bad = 1 }
        { rest = $0; sub(/^[^>]*>/, "", rest)
          if (rest ~ />/) { print "a bare >: " rest; exit bad = 1 }
          gsub(/&(amp|lt|gt|quot|#39);/, "", rest)
          if (rest ~ /&/) { print "a bare &: " rest; exit bad = 1 } }
        { name = $0; sub(/[ \n>].*/, "", name); tag = $0; sub(/>.*/, "", tag) }
        tag ~ /\/$/ && tag !~ /^\// { next }
        tag ~ /^\// { if (open[depth--] != substr(name, 2)) { print "closed early: " name; exit bad = 1 }; next }
        { open[++depth] = name }
        END { if (!bad && depth != 0) print "left open: " open[depth]; exit bad || depth != 0 }'
}
valid() {
    balanced "$1" || return 1
    ! command -v xmllint >/dev/null || xmllint --noout "$1"
}

point "a page is made" "$program" "$sample" page.html
point "it is well-formed" valid page.html
offline() {
    ! grep -nE 'https?:|//[a-z]|src=|@import|url\(|<(script|link|iframe|img|object)' page.html &&
        ! grep -oE 'href="[^"]*"' page.html | grep -v '^href="#[a-z]'
}
point "it needs no network" offline
anchors() {
    grep -oE 'href="#[^"]*"' page.html | cut -d'"' -f2 | cut -c2- | sort -u >links
    [ -s links ] && while read -r id; do grep -q "id=\"$id\"" page.html || { echo "no $id"; return 1; }; done <links
}
point "its contents lead somewhere" anchors
names() {
    has ring/matmul64/256x256x256/ref ring/matmul64/256x256x256/avx2 \
        competitor/eigen-gcc-native/matmul64/256x256x256 competitor/ikj-gcc-native/matmul64/256x256x256 \
        ring/matmul64/1x4096x1000/avx2 conv/conv64/64x56x56-64-3x3p1/avx2 \
        conv/conv64/64x56x56-depthwise-3x3p1/avx2 'conv/network64/net&lt;1&gt;-2t/avx2' aes/ctr/4096/vaes256 bool/carry/64/ref alone \
        layer/conv/1x28x28-16-5x5/64/memory layer/relu/2304/64/memory layer/relu/2304/64/tcp \
        layer/trunc/64/64/memory
}
point "every name is in it" names
medians() {
    row 'ref 3.00 G 10.0 G 30% – 4.00 ms 0.60×' 'avx2 9.00 G 10.0 G 90% 21% 1.90 ms 1.80×' \
        'eigen-gcc-native 5.00 G – – – 3.40 ms –' 'avx2 2.50 G 10.0 G 25% – 1.50 ms –' \
        'ring matmul64 2 25% to 90% 1.80×'
}
point "rates, shares, spread, times and competitors are right" medians
point "of runs without a median the middle one is shown" row 'vaes256 2.00 G 4.00 G 50% 50% 100 ns'
units() {
    row 'avx2 9.00 G 10.0 G 90% 1.00 ms 97% 3.00×' 'avx2 8.00 GB 16.0 GB 50% 1.00 ms' && has '<h3>conv64 (bytes)</h3>'
}
point "convolutions beside products, depthwise ones by bytes" units
layers() {
    row '1x28x28-16-5x5 2.00 ms 3.00 ms 12.5 kB 1 50.0 kB 80% 8.00 G madds/s' \
        '2304 6.00 ms 11.0 ms 987 kB 8 150 kB 4.50 M elements/s' \
        '2304 9.00 ms 12.0 ms 987 kB 8 150 kB 4.00 M elements/s' '64 5.00 µs 1.02 kB'
}
point "layers, one by one" layers
# Its own manner, not a shape; and its rate, as everyone's, that of elements.
garbled() {
    row '2304 8.00 ms 7.00 ms 2.38 MB 2 15.1 MB 350 k elements/s 20.0 M 13.0 ms' \
        'relu 2304 ×2 16.0 ms 14.0 ms 4.76 MB 4 30.3 MB 350 k elements/s 20.0 M 26.0 ms' && has 'gc · 64 · memory' '<th scope="col">AND gates/s'
}
point "layers by garbled circuits beside the others" garbled
networks() {
    row 'relu 2304 ×2 12.0 ms 22.0 ms 1.97 MB 16 300 kB – 4.50 M elements/s' \
        'relu 2304 ×2 18.0 ms 24.0 ms 1.97 MB 16 300 kB 4.00 M elements/s' \
        'sum 14.0 ms 25.0 ms 1.99 MB 17 350 kB' 'conv 1x28x28-16-5x5 ×3 6.00 ms 9.00 ms 37.6 kB 3 150 kB 80% 8.00 G madds/s' &&
        has '<h2>Network net&lt;1&gt;</h2>'
}
point "networks, with the sums of their layers" networks
# Competitors: the fastest is a point.  Depthwise: by multiply-adds, under its ring's roof.
roofs() {
    row 'ring/matmul64/256x256x256/avx2 10.7 9.00 G 90%' 'competitor/eigen-gcc-native/matmul64/256x256x256 10.7 5.00 G 50%' \
        'conv/conv64/64x56x56-depthwise-3x3p1/avx2 0.50 4.00 G 40%' && ! rows page.html | grep -E '^(conv/network|competitor/(ikj|[abc]/))'
}
point "the roofline's points, below the lower of two roofs" roofs
# The longest bar of 250 is the fastest run's 13 G: the median's, the ceiling's place.
drawn() { has 'width="173.1"' 'd="M372.3 '; }
point "bars are as long as their numbers" drawn
# The chart has no bar for the slowest of five.
fastest() {
    for rival in eigen-gcc-native ikj-gcc-native b c; do grep -q "y=\"[0-9]*\">$rival</text>" page.html || return 1; done
    ! grep -q 'y="[0-9]*">a</text>' page.html
}
point "of many competitors the fastest four are drawn" fastest
point "failures are told" has '<b>bool/carry/64/ref</b>: no &lt;memory&gt;'
facts() {
    has '<dd>node&lt;7&gt;&amp;&quot;co&quot;</dd>' '<dd>L1 data 32 KiB, L2 512 KiB</dd>' 'load 7.5 on 8 processors' \
        '<dt>ceiling ring64 avx2</dt><dd>10.5 G/s</dd>' '<dt>copying</dt><dd>15.0 GB/s</dd>' \
        '<dd>A 5-core of �nothing�</dd>'
}
point "facts about the machine, escaped" facts
escaped() { has 'vec/add32/&lt;b&gt;&amp;&quot;&#39;4096�/no tier' && ! grep -q '<b>&' page.html; }
point "names that look like HTML are text" escaped
finite() { ! sed 's/<[^>]*>/ /g' page.html | grep -nwiE '[-+]?(nan|inf|infinity)' && ! grep -nE '="[^"]*(nan|inf)[ "]' page.html; }
point "no number is NaN or infinite" finite
output() {
    "$program" "$sample" - >stdout.html && cmp page.html stdout.html && "$program" "$sample" /dev/null && [ -c /dev/null ] &&
        "$program" "$sample" "$sample" twice.html && row 'avx2 9.00 G 10.0 G 90% 21% 1.90 ms 1.80×'
}
point "standard output, devices, several files" output
usage() {
    "$program" --help | grep -q 'Usage: report .*IN.json... OUT.html' || return 1
    "$program" "$sample" 2>usage.err
    [ $? = 2 ] && grep -q 'HTML file' usage.err
}
point "help and wrong usage" usage

# refused SENTENCE IN [OUT]: the program, run by $with, must fail by itself with one line that matches, and leave the page as it was.
refused() {
    [ $# = 3 ] || cp page.html out.html
    ${with-} "$program" "$2" "${3-out.html}" >refused.out 2>refused.err
    rc=$?
    cat refused.err
    [ $rc = 1 ] || { echo "exit code $rc"; return 1; }
    [ "$(grep -c . refused.err)" = 1 ] || { echo "not one line"; return 1; }
    [ ! -s refused.out ] || { echo "output, too"; return 1; }
    grep -q "^report: .*$1" refused.err || { echo "expected: $1"; return 1; }
    [ $# = 3 ] || cmp page.html out.html || return 1
    for left in out.html.*; do [ ! -e "$left" ] || { echo "left $left"; return 1; }; done
}
# says SENTENCE JSON: the same for a file with that text.
says() {
    printf '%s' "$2" >bad.json && refused "bad.json.*$1" bad.json
}
cut_short() {
    bytes=$(wc -c <"$sample") at=0
    while [ $at -lt $((bytes - 4)) ]; do
        head -c $at "$sample" >bad.json
        refused 'bad.json is not JSON: line [0-9]' bad.json || { echo "cut to $at"; return 1; }
        at=$((at + 131))
    done
}
point "a file that is cut" cut_short
no_file() {
    mkdir folder
    refused 'none.json does not exist: .make bench BENCH_OUT=NAME. writes NAME' none.json &&
        refused 'cannot read folder' folder
}
point "no file, no regular file" no_file
not_benches() {
    says 'has no array' '[]' && says 'has no array' '{"benchmarks": {"name": "a"}}' && says 'is not JSON' '7' &&
        says 'has no benchmarks' '{"benchmarks": []}' && says 'benchmark 1 is not an object' '{"benchmarks": [3]}' &&
        says 'benchmark 1 has no name' '{"benchmarks": [{}]}' && says 'is not JSON' '{"benchmarks": [{"name": "a\u0000"}]}' &&
        printf '{"benchmarks": [{"name": "\377"}]}' >bad.json && refused 'bad.json is not JSON' bad.json &&
        printf '%0100000d' 0 | tr 0 '[' >bad.json && refused 'bad.json is not JSON' bad.json
}
point "what is not of Google Benchmark" not_benches
wrong_types() {
    says "benchmark 2 (x?y).* 'share' is not a number" '{"benchmarks": [{"name": "w"}, {"name": "x\u001by", "share": "1"}]}' &&
        says "'real_time' is negative" '{"benchmarks": [{"name": "w", "real_time": -1}]}' &&
        says "'madds/s' is negative" '{"benchmarks": [{"name": "w", "madds/s": -0.5}]}' &&
        says "'uses_net' is negative" '{"benchmarks": [{"name": "w", "uses_net": -1}]}' &&
        says "'time_unit' is none of" '{"benchmarks": [{"name": "w", "real_time": 1, "time_unit": "h"}]}' &&
        says "'name' is not a string" '{"benchmarks": [{"name": 3}]}' &&
        says "'run_name' is not a string" '{"benchmarks": [{"name": "w", "run_name": {}}]}' &&
        says 'is not JSON' '{"benchmarks": [{"name": "w", "real_time": 1e999}]}' &&
        says 'is not JSON' '{"benchmarks": [{"name": "NaN", "real_time": Nan}]}'
}
point "wrong types and impossible numbers" wrong_types
# benches N FORMAT: a file of so many benches, whose names are of that form.
benches() {
    awk -v n="$1" -v format="$2" 'BEGIN { printf "{\"benchmarks\": ["
        for (i = 0; i < n; i++) printf "%s{\"name\": \"" format "\"}", i ? "," : "", i
        print "]}" }'
}
huge() {
    dd if=/dev/zero bs=1048576 count=33 2>/dev/null | tr '\0' ' ' >bad.json && refused 'bad.json is larger than 32 MiB' bad.json &&
        benches 5001 a/b/%d/ref >bad.json && refused 'there are 5001 benchmarks' bad.json &&
        benches 200001 a >bad.json && refused 'bad.json has more than' bad.json
}
point "a file that is too large" huge
extremes() {
    printf '{"benchmarks": [{"name": "a/b64/c/ref", "x/s": 1e308, "ceiling": 1e308, "share": 1e308, "copy": 5e-324, "intensity": 1e308},
        {"name": "a/b64/c/avx2", "x/s": 5e-324, "real_time": 1e308, "ceiling": 5e-324, "copy": 1e308, "intensity": 5e-324},
        {"name": "competitor/a/b64/c", "x/s": 0}, {"name": "layer//", "online_bytes": 1e308}, {"name": "layer//", "real_time": 1e308},
        {"name": "layer/a", "online_bytes": 1e308, "uses_": 1e308, "uses_b": 0.1}, {"name": "//////"}, {"name": "layer"}, {"name": "competitor/"}]}' >odd.json &&
        "$program" odd.json page.html && valid page.html && finite
}
point "numbers at the ends of the range, names without parts" extremes
keyed() {
    printf '{"benchmarks": [{"name": "layer/relu/2304/fss/64/memory", "real_time": 2, "time_unit": "ms", "online_bytes": 37440}]}' >fss.json &&
        "$program" fss.json page.html && valid page.html && has 'fss · 64 · memory' && row '2304 2.00 ms 37.4 kB'
}
point "layers by function secret sharing are told apart" keyed
limited() { (trap '' XFSZ && ulimit -f 8 && exec "$@"); }
no_room() {
    cp "$sample" same.json
    refused 'cannot write none/out.html' "$sample" none/out.html && refused 'same.json is both read and written' same.json same.json &&
        cmp same.json "$sample" && { [ ! -c /dev/full ] || refused 'cannot write /dev/full' "$sample" /dev/full; } &&
        with=limited && refused 'cannot write out.html' "$sample"
    status=$?
    with=
    return $status
}
point "a page that cannot be written" no_room
