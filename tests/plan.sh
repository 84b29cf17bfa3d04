#!/bin/sh
# What `sonicnn plan` prints before anything runs, against what other commands announce, deal and measure.
# Prints TAP.
# shellcheck source=tests/programs_lib.sh disable=SC2154
. "$top_srcdir/tests/programs_lib.sh"
echo "1..13"

# A row for every relu and every source that go together.
table() {
    "$sonicnn" plan "$model" --count 100 >plan.txt && cat plan.txt &&
        for relu in ppa gc; do
            [ "$(grep -Ec "^$relu  +(dealer|ot1|ot2|ot4|ot8) " plan.txt)" = 5 ] || return 1
        done && [ "$(grep -Ec '^fss  +' plan.txt)" = 1 ] && grep -q '^fss  *dealer ' plan.txt && ! grep -qi 'nan\|inf$' plan.txt && ! grep -q 'too large' plan.txt &&
        grep -q '^plan      100 inferences of 1 image ' plan.txt
}
point "plan prints each way of comparing with each source" table
layers() {
    "$sonicnn" plan "$model" --layers >layers.txt && cat layers.txt &&
        [ "$(grep -Ec '^/1/Relu +relu +16x12x12 ' layers.txt)" = 3 ] && [ "$(grep -c '^total ' layers.txt)" = 3 ] &&
        grep -Eq '^relu fss +op +output +dealer +memory +online +rounds$' layers.txt
}
point "and its layers" layers

# value FILE KEY: the numbers of a key in a JSON file, one a line.
value() { sed -n "s/^ *\"$2\": \([0-9.e+-]*\),*\$/\1/p" "$1"; }
# way FILE RELU SOURCE: the object of one way, its layers included.
way() {
    awk -v relu="\"$2\"," -v source="\"$3\"," '/^    {/ { on = 0 } $1 == "\"relu\":" { r = $2 }
        $1 == "\"offline\":" { on = r == relu && $2 == source } on' "$1"
}
# all FILE RELU SOURCE: the same without layers.
all() { way "$@" | sed '/"layers"/,$d'; }
# section FILE FROM TO: of what perf prints.
section() { sed -n "/^  \"$2\"/,/^  \"$3\"/p" "$1"; }

if "$sonicnn" info --json >info.json 2>/dev/null; then
    "$sonicnn" plan "$model" --ring 32 --batch 3 --count 7 --rtt 7.5 --mbps 40 --json >p7.json
    "$sonicnn" plan "$model" --ring 32 --json >p1.json
    "$sonicnn" share-model "$model" -o net --ring 32 --json >announced.json

    announced() {
        all p1.json ppa dealer >dealer && cat dealer && [ "$(value dealer dealt_bytes)" = "$(value announced.json offline_bytes)" ] &&
            [ "$(value dealer bytes)" = "$(value announced.json setup_bytes)
0
$(value announced.json online_bytes | head -n 1)" ] && [ "$(value dealer memory_bytes)" = 0 ]
    }
    point "with a dealer bytes are those that share-model announces" announced
    pools() {
        "$sonicnn" deal net.graph --count 7 --batch 3 -o pool && "$sonicnn" info pool.1 --json >pool.json &&
            all p7.json ppa dealer >dealer && all p7.json ppa ot4 >ot && cat dealer ot pool.json &&
            [ $((7 * $(value dealer dealt_bytes))) = "$(value pool.json data_bytes)" ] &&
            [ "$(value dealer disk_bytes)" -ge "$(value pool.json data_bytes)" ] && [ "$(value ot dealt_bytes)" = 0 ] &&
            [ "$(value ot disk_bytes)" -gt 0 ] && [ "$(value ot disk_bytes)" -lt "$(value dealer disk_bytes)" ]
    }
    point "and pools are as large as planned" pools
    key_pools() {
        "$sonicnn" deal net.graph --relu fss --count 7 --batch 3 -o keys && all p7.json fss dealer >fss && cat fss || return 1
        for party in 0 1; do
            "$sonicnn" info keys.$party --json >keys.json && value keys.json data_bytes
        done >sizes && cat sizes &&
            [ $((7 * $(value fss dealt_bytes))) = $(($(sed -n 1p sizes) + $(sed -n 2p sizes))) ] &&
            [ "$(sed -n 1p sizes)" -gt 1000000 ] && [ "$(sed -n 2p sizes)" -gt "$(sed -n 1p sizes)" ] &&
            [ "$(value fss disk_bytes)" -ge "$(sed -n 2p sizes)" ] &&
            [ $(($(value fss disk_bytes) * 2)) -lt $((7 * $(value fss dealt_bytes) * 11 / 10)) ]
    }
    point "with fss both pools together are" key_pools
    same() {
        "$sonicnn" plan net.graph --json >graph.json && for f in p1 graph; do
            sed '/"model"/d; /aes_per_second/d; /_seconds"/d' $f.json >$f.same
        done && diff p1.same graph.same
    }
    point "a graph and its network have the same plan" same

    # Seconds from the numbers beside them; layers add up to all.
    formula='function near(a, b) { d = a - b; return (d < 0 ? -d : d) <= 1e-6 * (a + b) + 1e-9 }
        function bad(what) { print relu, source, what, $0; failed = 1 }
        function seconds(p, n) {
            return n * (v[p, "aes"] / rate + v[p, "rounds"] * rtt / 2000 + v[p, "bytes"] * 4 / mbps / 1e6)
        }
        { gsub(/[",:]/, "") }
        $1 == "aes_per_second" { rate = $2 } $1 == "rtt_ms" { rtt = $2 } $1 == "mbps" { mbps = $2 }
        $1 == "count" { count = $2 }
        $1 == "relu" { relu = $2; split("", v); inside = 0 } $1 == "offline" { source = $2 }
        $1 == "layers" { inside = 1; split("", sum) }
        $2 == "{" { phase = $1 } /^ *}/ { phase = "" }
        NF == 2 && phase { if (inside) sum[phase, $1] += $2; else v[phase, $1] = $2 }
        $1 == "dealt_bytes" { if (inside) sum["dealt"] += $2; else dealt = $2 }
        $1 == "dealt_aes" { if (inside) sum["calls"] += $2; else calls = $2 }
        $1 == "memory_bytes" && relu { if (inside) sum["memory"] += $2; else memory = $2 }
        $1 == "setup_seconds" && !near($2, seconds("setup", 1)) { bad("setup") }
        $1 == "online_seconds" && !near($2, seconds("online", count)) { bad("online") }
        $1 == "material_seconds" &&
            !near($2, seconds("made", count) + count * (calls / rate + dealt * 8 / mbps / 1e6)) { bad("made") }
        /^    }/ && inside {
            ways++
            inside = 0
            for (p = 1; p <= split("setup made online", phases, " "); p++)
                for (k = 1; k <= split("bytes rounds aes", keys, " "); k++)
                    if (!near(sum[phases[p], keys[k]], v[phases[p], keys[k]])) bad(phases[p] " " keys[k])
            if (!near(sum["dealt"], dealt) || !near(sum["memory"], memory) || !near(sum["calls"], calls)) bad("sums")
            if (source ~ /ot/ && relu == "ppa" && !(v["made", "aes"] > 0 && v["setup", "aes"] > 0)) bad("no work")
        }
        END { exit failed || ways != 11 }'
    predicts() { awk "$formula" p7.json && awk "$formula" p1.json; }
    point "seconds are the formula's, and layers add up" predicts
    # By hand, with l = 32 and the 2304 values of a ReLU that drops bits: in each direction half of 31
    # transfers a value for the first AND; then 30 pairs; 1.5 for r and r u, and half of 32 for u: 63.  Each
    # costs 2^k / k streams as receiver, (2^k - 1) / k as sender and three hashes.
    work() {
        for k in 1 2 4 8; do
            way p1.json ppa ot$k | awk -v k=$k '/"name": "\/1\/Relu"/ { on = 1 } on && /"made"/ { made = 1 }
                on && made && /"aes"/ { gsub(/[^0-9.e+]/, "", $2); t = $2 / ((2 * 2 ^ k - 1) / k + 3) / 2304
                    print k, t; exit !(t > 63 * .97 && t < 63 * 1.03) }' || return 1
        done
    }
    point "transfers are as many as by hand" work
    # By hand, of the same values: 31 - 7 levels and a leaf for the sign, and two calls for each of the s - 3
    # levels of the dropped bits and one for their leaf; the dealer, for two servers, all eight places of it.
    keys() {
        shift=$(awk '/"name": "\/1\/Relu"/ { on = 1 } on && /"shift"/ { gsub(/[^0-9]/, ""); print; exit }' announced.json)
        way p1.json fss dealer | sed -n '/"name": "\/1\/Relu"/,/"memory_bytes"/p' >relu && cat relu && echo "shift $shift" &&
            [ "$(value relu dealt_aes)" = "$((2304 * 2 * (25 + 2 * (shift - 3) + 8))).0" ] &&
            [ "$(sed -n '/"online"/,$p' relu | sed -n 's/.*"aes": //p')" = "$((2304 * (25 + 2 * (shift - 3) + 1))).0" ]
    }
    point "keys take as many AES calls as by hand" keys

    # Bytes that two servers count are those that were planned, layer by layer.
    ways='ppa_ot1 ppa_ot2 ppa_ot4 ppa_ot8 gc_ot4'
    [ -z "${SANITIZED-}" ] || ways=ppa_ot4
    measured() {
        for way in $ways; do
            relu=${way%_*} source=${way#*_}
            "$sonicnn" perf "$model" --ring 32 --repeat 1 --quiet --relu $relu --offline $source --json >run.json || return 1
            grep -q "\"offline\": \"$source\"" run.json && ! grep -q '"deal' run.json || return 1
            way p1.json $relu $source | sed '1,/"layers"/d' >planned && section run.json layers ops >layers
            for key in made:prepare online:online; do
                sed -n "/\"${key%:*}\"/,/}/p" planned >phase
                for what in bytes rounds; do
                    value phase $what >a && value layers ${key#*:}_$what >b && [ "$(wc -l <a)" = 11 ] && diff a b || return 1
                done
            done
            # With a handshake of 112 bytes from each server and a round.
            all p1.json $relu $source >planned && sed -n '/"setup"/,/}/p' planned >phase &&
                section run.json setup images >setup && cat phase setup &&
                [ $(($(value phase bytes) + 224)) = "$(value setup bytes)" ] &&
                [ $(($(value phase rounds) + 1)) = "$(value setup rounds)" ] || return 1
        done
    }
    point "bytes and rounds without a dealer are those that servers count" measured
else
    for name in "announced bytes" "pools" "key pools" "graphs" "seconds" "transfers" "keys" "counted bytes"; do
        skip "$name" "built without jansson"
    done
fi

# f3's 33,416 weights of 16 digits need 96 bytes of seeds a digit: 51 MB, which a process of 40 MB cannot have.
# An image at a time its fully connected layers need none.
too_large() {
    large='f3.onnx is too large for --offline ot: its 33.4 k weights need'
    what="$large 51.[0-9] MB of seeds at each server and this machine has 41.0 MB"
    both="$large 103 MB of seeds at the two servers and this machine has 41.0 MB"
    "$sonicnn" share-model "$model" -o big && mv big.0 f3.onnx && cp "$model" m.f3.onnx && ln -s "$model" f3.onnx.onnx || return 1
    (
        ulimit -v 40000
        "$sonicnn" plan "$model" --threads 1 >small.txt && cat small.txt && ! grep -q 'too large' small.txt &&
            "$sonicnn" plan "$model" --batch 100 --threads 1 >large.txt && cat large.txt && grep -q "$what" large.txt &&
            fails "$what" "$sonicnn" serve f3.onnx --batch 100 --offline ot2 --listen 127.0.0.1:0 --peer 127.0.0.1:0 --threads 1 &&
            fails "$both" "$sonicnn" perf "$model" --batch 100 --offline ot8 --threads 1 --quiet &&
            fails "$both" "$sonicnn" demo "$model" "$images" --batch 100 --offline ot --threads 1
    )
}
if [ -n "${SANITIZED-}" ]; then skip "too large" "a sanitizer needs more memory than that"; else
    point "a network whose seeds do not fit is refused before anything runs" too_large
fi

usage() {
    for words in '' 'a b' 'x --count 0' 'x --batch 0' 'x --rtt -1' 'x --mbps 0' 'x --ring 16' 'x --relu gc' \
        'x --offline ot' 'x.graph --ring 32' 'x.graph --fraction 8' 'x.graph --input-range 0:9' \
        'x.graph --truncation local'; do
        # shellcheck disable=SC2086
        "$sonicnn" plan $words >usage.out 2>usage.err
        rc=$?
        [ $rc = 2 ] && [ ! -s usage.out ] || { echo "$words: $rc"; cat usage.err; return 1; }
    done
}
point "hostile flags are wrong usage" usage
refuses() {
    fails "nothing.onnx" "$sonicnn" plan nothing.onnx && fails "nothing.graph" "$sonicnn" plan nothing.graph &&
        fails "" "$sonicnn" plan "$images" && fails "bits" "$sonicnn" plan "$model" --ring 32 --input-range -1000000:1000000
}
point "a network that is not there, is none, or does not fit the ring is refused" refuses
