#!/bin/sh
# What `sonicnn compare` prints: bytes and rounds of every way against the closed forms, ratios computed
# again from its own numbers.  Prints TAP.
# shellcheck source=tests/programs_lib.sh disable=SC2154
. "$top_srcdir/tests/programs_lib.sh"
echo "1..9"

# Two networks: a row a way, and one of ratios; a line of results and one of the paper's for each.
table() {
    cp "$model" again.onnx &&
        "$sonicnn" compare "$model" again.onnx --repeat 1 --threads 1 --batch 2 >table.txt && cat table.txt &&
        for network in f3 again; do
            [ "$(grep -Ec "^$network +(fss|gc|ppa|fss/ppa|gc/ppa) " table.txt)" = 5 ] || return 1
            grep -q "^$network: every way names the same class for [0-2] of 2 images" table.txt || return 1
            # By hand: 65 bits each way a value, to whole bytes a call; two rounds each of 7 calls.
            grep -q "^$network: 20680 values compared, 7 times in turn: 3.27 MB and 56 rounds; here by fss 336 kB and 14, by gc " \
                table.txt || return 1
        done && ! grep -qi 'nan\|inf$' table.txt
}
point "compare prints ways, ratios, results and the paper's formula" table
no_dealer() {
    "$sonicnn" compare "$model" --repeat 1 --offline ot --ring 32 >ot.txt && cat ot.txt &&
        [ "$(grep -Ec '^f3 +(gc|ppa|gc/ppa) ' ot.txt)" = 3 ] && ! grep -q '^f3 .*fss\|by fss' ot.txt
}
if [ -n "${SANITIZED-}" ]; then skip "no dealer" "too slow with sanitizers"; else
    point "without a dealer it leaves out what takes one" no_dealer
fi

# values FILE WHAT WAY KEY: of one of the objects in "relu" or "times_of_ppa": a number a phase.
values() {
    sed -n "/^      \"$2\"/,/^      }/p" "$1" | sed -n "/^        \"$3\"/,/^        }/p" |
        sed -n "s/^ *\"$4\": \([0-9.e+-]*\),*\$/\1/p"
}
# value FILE KEY
value() { sed -n "s/^ *\"$2\": \([0-9.e+-]*\),*\$/\1/p" "$1"; }

if "$sonicnn" info --json >info.json 2>/dev/null; then
    # The layers of the plan, with garbled comparisons in place of its own: f3 pools windows of 2 x 2.
    # Server 0 garbles one half, server 1 the other.
    forms='function call(n, shift) {
            compared += n
            if (fss) {
                online += 2 * (n * l / 8 + int((n + 7) / 8))
                rounds += 2
                return
            }
            half = int((n + 1) / 2)
            ands = 3 * (l - 1) - shift
            online += 2 * half * (l / 8 + 16 * l)
            rounds += 2
            prepared += 2 * half * (16 * l + 32 * ands + l / 8)
            prepares += 2 * int((half + 8191) / 8192)
        }
        { gsub(/[",:]/, "") }
        $1 == "ring" { l = $2 }
        $1 == "op" { op = $2 }
        $1 == "shape" { n = split($2, d, "x"); size = 1; for (i = 1; i <= n; i++) size *= d[i] }
        $1 == "shift" { shift = $2 }
        $1 == "online_bytes" && op { bytes = $2 }
        $1 == "online_rounds" && op {
            if (op == "relu") call(size, shift)
            else if (op == "max-pool") { call(2 * size, 0); call(size, 0) }
            else { online += bytes; rounds += $2 }
        }
        END { print prepared + 0, prepares + 0, online, rounds, compared }'
    closed_forms() {
        for ring in 32 64; do
            "$sonicnn" share-model "$model" -o net --ring $ring --json >plan.json &&
                "$sonicnn" compare "$model" --repeat 1 --ring $ring --json >c.json && cat c.json || return 1
            # setup, dealt, prepared, online, all
            values c.json relu gc bytes >bytes && values c.json relu gc rounds >rounds &&
                echo "$(sed -n 3p bytes) $(sed -n 3p rounds) $(sed -n 4p bytes) $(sed -n 4p rounds)" \
                    "$(value c.json values)" >said && awk "$forms" plan.json >formed && cat formed said &&
                cmp formed said || return 1
            # A hello of 32 bytes in a round; in three more, transfers in both directions, each with a hello
            # of 32 from either server, one point, and 128 pairs of them.
            # By fss nothing is prepared, and a session begins as with ppa.  All of it online is less than a
            # quarter of what the paper's ReLU alone would be.
            values c.json relu fss bytes >fss && values c.json relu fss rounds >fss.rounds && values c.json relu ppa bytes >ppa &&
                awk -v fss=1 "$forms" plan.json >formed &&
                echo "$(sed -n 3p fss) $(sed -n 3p fss.rounds) $(sed -n 4p fss) $(sed -n 4p fss.rounds)" \
                    "$(value c.json values)" >said && cat formed said && cmp formed said &&
                [ "$(sed -n 1p fss)" = "$(sed -n 1p ppa)" ] &&
                paper=$(sed -n '/"paper"/,/}/p' c.json | sed -n 's/.*"online_bytes": \([0-9]*\),/\1/p') &&
                [ $((4 * $(sed -n 4p fss))) -lt "$paper" ] || return 1
            values c.json relu ppa bytes >ppa && values c.json relu ppa rounds >ppa.rounds &&
                [ $(($(sed -n 1p bytes) - $(sed -n 1p ppa))) = $((2 * (32 + 2 * 32 + 32 + 64 * 128))) ] &&
                [ $(($(sed -n 1p rounds) - $(sed -n 1p ppa.rounds))) = 4 ] || return 1
            [ "$(sed -n 1p ppa)" = $(($(value plan.json setup_bytes) + 224)) ] &&
                [ "$(sed -n 2p ppa)" = "$(value plan.json offline_bytes)" ] && [ "$(sed -n 3p ppa)" = 0 ] &&
                [ "$(sed -n 4p ppa)" = "$(value plan.json online_bytes | head -n 1)" ] || return 1
        done
    }
    point "bytes and rounds are those of the closed forms" closed_forms
    ratios() {
        for key in bytes rounds seconds predicted_seconds; do
            for way in gc fss; do
                values c.json relu $way $key >way && values c.json relu ppa $key >ppa && [ "$(wc -l <way)" = 5 ] &&
                    values c.json times_of_ppa $way $key >quotients && paste way ppa |
                    awk '$2 > 0 { print $1 / $2 }' | paste - quotients |
                    awk '{ d = $1 - $2; if ((d < 0 ? -d : d) > 1e-5 * $1 || NF != 2) exit 1 } END { exit NR < 3 }' ||
                    return 1
            done
        done
    }
    point "ratios are of the numbers beside them" ratios
    adds_up() {
        for way in fss gc ppa; do
            for key in bytes rounds seconds predicted_seconds; do
                values c.json relu $way $key >numbers && awk '{ n[NR] = $1 }
                    END { d = n[2] + n[3] + n[4] - n[5]; exit !(NR == 5 && d * d <= 1e-12 * n[5] * n[5]) }' numbers ||
                    { echo $way $key; cat numbers; return 1; }
            done
        done
    }
    point "all phases but the setup add up" adds_up
else
    for name in "bytes and rounds" "ratios" "sums"; do skip "$name" "built without jansson"; done
fi

usage() {
    for words in '' '--relu gc x' 'x --rtt -1' 'x --mbps 0' 'x --batch 0' 'x --repeat 101' 'x --ring 16'; do
        # shellcheck disable=SC2086
        "$sonicnn" compare $words >usage.out 2>usage.err
        rc=$?
        [ $rc = 2 ] && [ ! -s usage.out ] || { echo "$words: $rc"; cat usage.err; return 1; }
    done
}
point "hostile flags are wrong usage" usage
refuses() {
    fails "nothing.onnx" "$sonicnn" compare "$model" nothing.onnx --repeat 100 --batch 100000 &&
        fails "" "$sonicnn" compare "$images" &&
        fails "bits" "$sonicnn" compare "$model" --ring 32 --input-range -1000000:1000000
}
point "a network that is not there, is none, or does not fit the ring is refused" refuses
stops() {
    start long compare "$model" --repeat 100 --batch 10
    sleep 1
    kill -TERM "$(cat long.pid)" && ends long 'told to stop'
}
point "SIGTERM ends a comparison with a sentence" stops
leaves_nothing() { ls -la "$TMPDIR" && [ -z "$(ls "$TMPDIR")" ]; }
point "and no files are left" leaves_nothing
