#!/bin/sh
# What `sonicnn perf` prints: sums, bytes, rounds and predictions computed again from its own numbers and
# from other commands'.  Prints TAP.
# shellcheck source=tests/programs_lib.sh disable=SC2154
. "$top_srcdir/tests/programs_lib.sh"
echo "1..12"

table() {
    "$sonicnn" perf "$model" --repeat 2 --threads 1 >perf.txt && cat perf.txt &&
        grep -Eq '^link +0.2 ms there and back, 10000 Mbit/s' perf.txt &&
        grep -Eq '^total .* 854 kB +60 .* 100.0%$' perf.txt && grep -Eq '^/1/Relu +relu +16x12x12 ' perf.txt &&
        [ "$(grep -Ec '^(conv|relu|max-pool|all) .*%$' perf.txt)" = 4 ] &&
        [ "$(grep -Ec '^(setup|deal|prepare|online) ' perf.txt)" = 5 ] && ! grep -qi nan perf.txt
}
point "perf prints layers, kinds, phases and rates" table

if "$sonicnn" info --json >info.json 2>/dev/null; then
    "$sonicnn" perf "$model" --repeat 3 --ring 32 --batch 3 --rtt 7.5 --mbps 40 --json >p3.json
    "$sonicnn" perf "$model" --repeat 1 --ring 32 --json >p1.json
    "$sonicnn" perf "$model" --repeat 1 --ring 32 --relu gc --rtt 3 --mbps 900 --json >gc.json
    "$sonicnn" perf "$model" --repeat 1 --relu fss --batch 2 --rtt 3 --mbps 900 --json >fss.json
    # Every layer's prediction follows from its computing, rounds and bytes; all sums are the layers'.
    formula='function near(a, b) { d = a - b; return (d < 0 ? -d : d) <= 1e-6 * (a + b) + 1e-12 }
        function bad(what) { print section, what, $0; failed = 1 }
        /^  "layers"/ { section = "layers" } /^  "ops"/ { section = "ops" } /^  "total"/ { section = "total" }
        /^  "setup"/ { section = "setup" }
        { gsub(/[",:]/, "") }
        $1 == "rtt_ms" || $1 == "mbps" { link[$1] = $2 }
        section && NF == 2 && $2 ~ /^[-0-9.e+]+$/ { v[$1] = $2 + 0; sum[section, $1] += $2 }
        $1 == "predicted_seconds" && (section == "layers") {
            rows++
            slower = v["online_seconds_0"] > v["online_seconds_1"] ? v["online_seconds_0"] : v["online_seconds_1"]
            if (!near(v["compute_seconds"], slower)) bad("compute")
            if (!near(v["latency_seconds"], v["online_rounds"] * link["rtt_ms"] / 2 / 1000)) bad("latency")
            if (!near(v["bandwidth_seconds"], v["online_bytes"] / 2 * 8 / link["mbps"] / 1e6)) bad("bandwidth")
            if (!near($2, slower + v["latency_seconds"] + v["bandwidth_seconds"])) bad("sum")
            if (!near(v["prepare_predicted_seconds"], v["prepare_seconds"] + \
                      v["prepare_rounds"] * link["rtt_ms"] / 2 / 1000 + \
                      v["prepare_bytes"] / 2 * 8 / link["mbps"] / 1e6)) bad("prepare")
        }
        END {
            split("offline_bytes prepare_bytes prepare_rounds prepare_seconds_0 prepare_seconds_1 " \
                  "prepare_seconds prepare_predicted_seconds online_bytes online_rounds " \
                  "online_seconds_0 online_seconds_1 compute_seconds latency_seconds bandwidth_seconds " \
                  "predicted_seconds", keys, " ")
            for (i in keys) {
                k = keys[i]
                if (!near(sum["layers", k], sum["total", k]) || !near(sum["ops", k], sum["total", k])) {
                    print k, sum["layers", k], sum["ops", k], sum["total", k]; failed = 1
                }
            }
            if (sum["total", "compute_seconds"] <= 0 || sum["total", "prepare_seconds"] <= 0) failed = 1
            exit failed || rows == 0
        }'
    predicts() {
        cat p3.json gc.json fss.json && for f in p3 gc fss; do awk "$formula" $f.json || return 1; done &&
            awk '$1 == "\"processor_share\":" { n++; good = $2 + 0 > 0 && $2 + 0 <= 1 }
                END { exit !(n == 1 && good) }' p3.json
    }
    point "predictions are the formula's, and rows add up to totals" predicts

    # value FILE KEY: the numbers of a key in a JSON file, one a line.
    value() { sed -n "s/^ *\"$2\": \([0-9.e+-]*\),*\$/\1/p" "$1"; }
    # section FILE FROM TO
    section() { sed -n "/^  \"$2\"/,/^  \"$3\"/p" "$1"; }
    "$sonicnn" share-model "$model" -o net --ring 32 --json >plan.json
    planned() {
        section plan.json layers end >plan.layers && section p1.json layers ops >p1.layers
        for key in online_bytes online_rounds; do
            value plan.layers $key >a && value p1.layers $key >b && [ "$(wc -l <a)" = 11 ] && diff a b || return 1
        done
        # Setup opens the weights after a handshake of 112 bytes from each server and a round.
        section p1.json setup deal >p1.setup && value plan.json setup_bytes && cat p1.setup &&
            [ "$(value p1.setup bytes)" = $(($(value plan.json setup_bytes) + 224)) ] &&
            [ "$(value p1.setup rounds)" = 2 ]
    }
    point "bytes and rounds are those that share-model announces" planned
    # By hand: f3 compares 16 x 12 x 12 windows of four, as many results, 16 x 4 x 4 of both, and 100
    # values.  Online each takes a label of 16 bytes a bit and a word, and before that as much again
    # and a table of 32 bytes for each of at most 93 AND gates.
    garbles() {
        section gc.json total setup >gc.total && cat gc.total &&
            [ "$(value gc.total prepare_rounds)" = 14 ] && [ "$(value p1.total prepare_rounds)" = 0 ] &&
            [ "$(value p1.total prepare_bytes)" = 0 ] &&
            linear=$(awk '/"name"/ { conv = 0 } /"op": "conv"/ { conv = 1 }
                conv && /online_bytes/ { gsub(/[^0-9]/, ""); sum += $0 } END { print sum }' p1.layers) &&
            values=$((4 * 16 * 12 * 12 + 4 * 16 * 4 * 4 + 100)) &&
            [ "$(value gc.total online_bytes)" = $((linear + values * (16 * 32 + 4))) ] &&
            [ "$(value gc.total prepare_bytes)" -gt $((values * 16 * 32 + values * 32 * 84)) ] &&
            [ "$(value gc.total prepare_bytes)" -le $((values * (16 * 32 + 32 * 93 + 4))) ]
    }
    section p1.json total setup >p1.total
    point "garbled circuits talk before the input comes, and a label a bit online" garbles
    # By hand, of two images mod 2^64: l + 1 bits each way a value, two rounds a call, nothing before; and
    # 57 blocks of a sign key to both servers, two elements to server 1, and for a ReLU that drops s bits a
    # block and a pair for each of s - 3 levels, eight pairs, and three elements more.
    "$sonicnn" share-model "$model" -o net64 --json >plan64.json
    keys() {
        section fss.json total setup >fss.total && cat fss.total && grep -q '"truncation": "exact"' fss.json &&
            [ "$(value fss.total prepare_rounds)" = 0 ] && [ "$(value fss.total prepare_bytes)" = 0 ] || return 1
        awk '/"name"/ { op = "" } /"op"/ { op = $2 } { gsub(/[",]/, "") }
            /"?shape/ { n = split($2, d, "x"); size = 2; for (i = 1; i <= n; i++) size *= d[i] }
            $1 == "shift:" { shift = $2 }
            $1 == "online_bytes:" && op ~ /conv/ { online += 2 * $2; rounds++; dealt += 8 * size }
            function call(n, s) {
                online += 2 * (8 * n + int((n + 7) / 8)); rounds += 2
                dealt += n * (2 * 16 * 57 + 8 * 2)
                if (s) dealt += n * (2 * ((s - 3) * 32 + 8 * 16) + 8 * 3)
            }
            $1 == "online_rounds:" && op ~ /relu/ { call(size, shift) }
            $1 == "online_rounds:" && op ~ /max-pool/ { call(2 * size, 0); call(size, 0) }
            END { print online, rounds, dealt }' plan64.json >formed &&
            echo "$(value fss.total online_bytes) $(value fss.total online_rounds) $(value fss.total offline_bytes)" \
                >said && cat formed said && cmp formed said
    }
    point "function secret sharing opens a value and a bit, and its keys are dealt" keys
    dealt() {
        "$sonicnn" deal net.graph --count 1 --batch 3 -o pool && "$sonicnn" info pool.1 --json >pool.json &&
            section p3.json deal images >p3.deal && section p3.json total setup >p3.total && cat p3.deal pool.json &&
            [ "$(value p3.deal bytes)" = "$(value pool.json data_bytes)" ] &&
            [ "$(value p3.total offline_bytes)" = "$(value pool.json data_bytes)" ]
    }
    point "the dealer's bytes are those of a pool of that batch" dealt
    rates() {
        section p3.json total setup >total && section p3.json deal images >deal &&
            tail -n 9 p3.json >images && cat images &&
            awk -v n=3 -v alone="$(value images one_after_the_other)" -v many="$(value images many_under_way)" \
                -v dealer="$(value images dealer)" -v online="$(value total predicted_seconds)" \
                -v link="$(value total bandwidth_seconds)" -v made="$(value deal compute_seconds)" \
                -v sent="$(value deal bandwidth_seconds)" \
                -v a="$(value total prepare_seconds_0)" -v b="$(value total prepare_seconds_1)" \
                -v c="$(value total online_seconds_0)" -v d="$(value total online_seconds_1)" '
                function max(x, y) { return x > y ? x : y }
                function near(x, y) { return x / y > 1 - 1e-6 && x / y < 1 + 1e-6 }
                BEGIN { exit !(near(alone, n / online) && near(many, n / max(link, max(a + c, b + d))) &&
                        near(dealer, n / max(made, sent))) }'
    }
    point "images a second follow from the totals" rates
else
    for name in "predictions" "bytes and rounds" "garbled circuits" "keys" "the dealer's bytes" "images a second"; do
        skip "$name" "built without jansson"
    done
fi

slow_link() {
    "$sonicnn" perf "$model" --repeat 1 --rtt 60000 --mbps .001 --truncation local >slow.txt && cat slow.txt &&
        grep -q '60000 ms there and back, 0.001 Mbit/s' slow.txt && grep -q "the link's bandwidth" slow.txt &&
        grep -q 'local truncation' slow.txt
}
point "a very slow link" slow_link
usage() {
    for words in '' 'a b' 'x --rtt -1' 'x --rtt nan' 'x --rtt inf' 'x --rtt 60001' 'x --rtt 1ms' 'x --rtt=' \
        'x --mbps 0' 'x --mbps -5' 'x --mbps nan' 'x --mbps 1e30' 'x --mbps 0x' 'x --mbps 0x10' 'x --batch 0' 'x --batch -1' \
        'x --batch 99999999999999999999' 'x --repeat 0' 'x --repeat 101' 'x --ring 16' 'x --truncation none'; do
        # shellcheck disable=SC2086
        "$sonicnn" perf $words >usage.out 2>usage.err
        rc=$?
        [ $rc = 2 ] && [ ! -s usage.out ] || { echo "$words: $rc"; cat usage.err; return 1; }
    done
}
point "hostile flags are wrong usage" usage
refuses() {
    fails "nothing.onnx" "$sonicnn" perf nothing.onnx && fails "" "$sonicnn" perf "$images" &&
        fails "bits" "$sonicnn" perf "$model" --ring 32 --input-range -1000000:1000000 &&
        TMPDIR=$tmp/nowhere fails "cannot make a directory in $tmp/nowhere" "$sonicnn" perf "$model"
}
point "a network that is not there, is none, or does not fit the ring is refused" refuses
stops() {
    start long perf "$model" --repeat 100 --batch 100
    sleep 1
    kill -TERM "$(cat long.pid)" && ends long 'told to stop'
}
point "SIGTERM ends a measurement with a sentence" stops
leaves_nothing() { ls -la "$TMPDIR" && [ -z "$(ls "$TMPDIR")" ]; }
point "and no files are left" leaves_nothing
