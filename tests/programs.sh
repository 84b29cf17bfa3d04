#!/bin/sh
# The programs as people use them: owner, dealer, two servers and users, on loopback.  Prints TAP.
# shellcheck source=tests/programs_lib.sh disable=SC2154
. "$top_srcdir/tests/programs_lib.sh"
echo "1..31"

shares_model() {
    "$sonicnn" share-model "$model" -o net >model.out && cat model.out && [ -s net.graph ] &&
        [ -s net.0 ] && [ -s net.1 ] && grep -q 'relu' model.out && grep -q 'conv' model.out
}
point "share-model writes a graph and two shares and prints the layers" shares_model

private() {
    [ "$(find net.0 net.1 in.0 in.1 pool.0 pool.1 -perm 600 | wc -l)" = 6 ]
}
point "share-input writes two shares" \
    "$sonicnn" share-input net.graph "$images" --first 2 --count 6 -o in
point "deal writes two pools" "$sonicnn" deal net.graph --count 7 -o pool
point "shares and pools are readable by their owner only" private

answers() {
    two_servers net pool --requests 1 || return 1
    infer in out && [ -s out.0 ] && [ -s out.1 ] && [ "$(code s0)" = 0 ] && [ "$(code s1)" = 0 ]
}
point "two servers answer a user and end" answers
point "the pool counts six inferences" test "$(used pool.0) $(used pool.1)" = "6 6"

# same_results A B: the classes of two tables are equal, the scores within 0.02.
same_results() {
    paste "$1" "$2" | awk '/^ *[0-9]/ { rows++; d = $3 - $(NF / 2 + 3); if (d < 0) d = -d;
        if ($2 != $(NF / 2 + 2) || d > 0.02) { print "differ:", $0; bad = 1 } }
        END { exit bad || rows == 0 }'
}
as_plain() {
    "$sonicnn" reveal out >secure.txt && "$sonicnn" plain "$model" "$images" --first 2 --count 6 >plain.txt &&
        cat secure.txt plain.txt && same_results secure.txt plain.txt && cp plain.txt as_plain.txt
}
point "reveal prints what plain prints" as_plain
as_real() {
    "$sonicnn" plain "$model" "$images" --first 2 --count 6 --real >real.txt && cat real.txt &&
        same_results secure.txt real.txt
}
point "and what the network computes in double precision" as_real
accuracy() {
    "$sonicnn" reveal out --labels "$labels" --first 2 --graph net.graph --npy out.npy >labels.txt &&
        cat labels.txt && grep -Eq '^accuracy [0-9.]+% \([56] of 6\)$' labels.txt &&
        [ "$(head -c 6 out.npy | tail -c 5)" = NUMPY ] && [ "$(wc -c <out.npy)" = $((128 + 6 * 10 * 8)) ]
}
point "reveal prints the accuracy and writes the output" accuracy
report() {
    cat s0.out && grep -q '^server 0 answered 1 request: 6 images in 6 inferences' s0.out &&
        grep -q '^online ' s0.out && grep -q ' conv  *[0-9]' s0.out
}
point "a server reports its phases and layers" report

# value FILE KEY: the numbers of a key in a JSON file, one a line.
value() { sed -n "s/^ *\"$2\": \([0-9.e+-]*\),*\$/\1/p" "$1"; }
if "$sonicnn" info --json >info.json 2>/dev/null; then
    costs() {
        "$sonicnn" share-model "$model" -o net32 --ring 32 --json >plan.json || return 1
        "$sonicnn" share-input net32.graph "$images" --count 3 -o in32 &&
            "$sonicnn" deal net32.graph --count 3 -o pool32 || return 1
        two_servers net32 pool32 --requests 1 --json || return 1
        infer in32 out32 && [ "$(code s0)" = 0 ] && [ "$(code s1)" = 0 ] || return 1
        planned=$(value plan.json online_bytes | head -n 1) rounds=$(value plan.json online_rounds | head -n 1)
        online=$(sed -n '/"phases"/,/"layers"/p' s0.out | sed -n '/"online"/,/}/p')
        sent=$(echo "$online" | sed -n 's/^ *"sent": \([0-9]*\),*$/\1/p')
        received=$(echo "$online" | sed -n 's/^ *"received": \([0-9]*\),*$/\1/p')
        took=$(echo "$online" | sed -n 's/^ *"rounds": \([0-9]*\),*$/\1/p')
        echo "planned $planned bytes $rounds rounds; sent $sent received $received rounds $took"
        [ $((sent + received)) = $((3 * planned)) ] && [ "$took" = $((3 * rounds)) ]
    }
    point "ring 32: three inferences cost what share-model announced, to the byte" costs
    results() {
        "$sonicnn" reveal out32 --labels "$labels" --json >reveal.json && cat reveal.json &&
            [ "$(value reveal.json images)" = 3 ] && [ "$(value reveal.json class | wc -l)" = 3 ]
    }
    point "reveal prints JSON" results
else
    skip "ring 32: three inferences cost what share-model announced, to the byte" "built without jansson"
    skip "reveal prints JSON" "built without jansson"
fi

with_dealer() {
    start d deal net.graph --count 3 --batch 4 --listen 127.0.0.1:0
    dealer=127.0.0.1:$(port d 'the servers') || return 1
    two_servers net fetched --dealer "$dealer" --requests 2 || return 1
    [ "$(code d)" = 0 ] && [ -z "$(ls "$TMPDIR")" ] || return 1
    "$sonicnn" share-input net.graph "$images" --batch 4 --count 6 -o in4 && infer in4 out4 &&
        "$sonicnn" share-input net.graph "$images" --batch 4 --first 16 -o last4 && infer last4 outl4 &&
        [ "$(code s0)" = 0 ] && [ "$(code s1)" = 0 ] && [ "$(used fetched.1)" = 3 ]
}
point "servers fetch their pools from the dealer, who leaves nothing behind" with_dealer
padded() {
    "$sonicnn" reveal out4 >secure.txt && "$sonicnn" plain "$model" "$images" --count 6 >plain.txt &&
        cat secure.txt plain.txt && same_results secure.txt plain.txt &&
        "$sonicnn" reveal outl4 >secure.txt &&
        "$sonicnn" plain "$model" "$images" --first 16 >plain.txt && same_results secure.txt plain.txt
}
point "a batch that is not full gives the same results" padded

other_tiers() {
    "$sonicnn" share-model "$model" -o local --truncation local &&
        "$sonicnn" deal local.graph --count 20 -o lpool && "$sonicnn" share-input local.graph "$images" \
        --count 3 -o lin || return 1
    start s0 serve local.0 --pool lpool.0 --listen 127.0.0.1:0 --peer 127.0.0.1:0 --tier ref --threads 1
    p0=$(port s0 users) && peer=$(port s0 'server 1') || return 1
    start s1 serve local.1 --pool lpool.1 --listen 127.0.0.1:0 --peer "127.0.0.1:$peer" --threads 2
    p1=$(port s1 users) && ready s1 && ready s0 && infer lin lout && "$sonicnn" reveal lout >secure.txt &&
        "$sonicnn" plain "$model" "$images" --count 3 --truncation local >plain.txt &&
        cat secure.txt plain.txt && same_results secure.txt plain.txt
}
point "local truncation, and servers with different kernels and threads" other_tiers
several_users() {
    infer lin lout & a=$!
    infer lin lout2 & b=$!
    "$sonicnn" infer lin --server "127.0.0.1:$p1" --server "127.0.0.1:$p0" -o lout3 & c=$!
    wait $a && wait $b && wait $c && "$sonicnn" reveal lout3
}
point "several users at a time, and servers named in any order" several_users
good_order() {
    kill -TERM "$(cat s1.pid)" && [ "$(code s1)" = 0 ] && [ "$(code s0)" = 0 ] &&
        grep -q '^server 1 answered 4 requests: 12 images' s1.out &&
        grep -q '^server 0 answered 4 requests: 12 images' s0.out
}
point "SIGTERM at one server ends both in good order, with a report" good_order

garbled() {
    start d deal net.graph --relu gc --count 3 --batch 2 --listen 127.0.0.1:0
    dealer=127.0.0.1:$(port d 'the servers') || return 1
    two_servers net garbled --dealer "$dealer" --relu gc --requests 1 || return 1
    "$sonicnn" share-input net.graph "$images" --batch 2 --first 2 --count 6 -o gin && infer gin gout &&
        [ "$(code d)" = 0 ] && [ "$(code s0)" = 0 ] && [ "$(code s1)" = 0 ] || return 1
    # Material for three batches' linear layers is a fraction of what comparisons by ppa take.
    "$sonicnn" reveal gout >secure.txt && cat secure.txt as_plain.txt && same_results secure.txt as_plain.txt &&
        ls -l garbled.1 pool.1 && [ $(($(wc -c <garbled.1) * 3)) -lt "$(wc -c <pool.1)" ]
}
point "garbled circuits in place of dealt comparisons give the same results" garbled
# Exact, however the graph would truncate.
keyed() {
    "$sonicnn" share-model "$model" -o keyed "$@" || return 1
    start d deal keyed.graph --relu fss --count 2 --listen 127.0.0.1:0
    dealer=127.0.0.1:$(port d 'the servers') || return 1
    two_servers keyed keys --dealer "$dealer" --relu fss --requests 1 || return 1
    "$sonicnn" share-input keyed.graph "$images" --first 2 --count 2 -o kin && infer kin kout &&
        [ "$(code d)" = 0 ] && [ "$(code s0)" = 0 ] && [ "$(code s1)" = 0 ] || return 1
    "$sonicnn" reveal kout >secure.txt && "$sonicnn" plain "$model" "$images" --first 2 --count 2 "$@" >plain.txt &&
        cat secure.txt plain.txt && cmp secure.txt plain.txt && [ "$(used keys.0) $(used keys.1)" = "2 2" ] &&
        [ -z "$(ls "$TMPDIR")" ] && rm keys.0 keys.1
}
point "function secret sharing with a dealer gives what plain gives, to the digit" keyed --truncation local
point "also mod 2^32" keyed --ring 32
demonstrates() {
    for relu in gc fss; do
        "$sonicnn" demo "$model" "$images" --count 2 --relu $relu --ring 32 >demo.txt && cat demo.txt &&
            grep -q 'same class as the plain reference on 2 of 2 images' demo.txt && [ -z "$(ls "$TMPDIR")" ] || return 1
    done
}
point "demo plays all roles, also by garbled circuits and function secret sharing" demonstrates

# Without a dealer there is no pool; six images in three batches, of which the first is prepared when the user
# comes; and a second user, because material never ends.  Sanitizers take minutes for an image.
few=6 batch=2
[ -z "${SANITIZED-}" ] || few=1 batch=1
json=
[ ! -s info.json ] || json=--json # built with jansson
few_as_plain() { head -n $((few + $(grep -n '^ *[0-9]' as_plain.txt | sed -n '1s/:.*//p') - 1)) as_plain.txt >few.txt; }
made() {
    few_as_plain && two_servers net '' --offline ot --batch $batch --requests 2 $json && "$sonicnn" share-input net.graph "$images" \
        --batch $batch --first 2 --count $few -o min && infer min mout && infer min mout2 || return 1
    [ "$(code s0)" = 0 ] && [ "$(code s1)" = 0 ] && cat s0.out || return 1
    [ -z "$json" ] || grep -q '"offline": "ot4"' s0.out || return 1
    for out in mout mout2; do
        "$sonicnn" reveal $out >secure.txt && cat secure.txt few.txt && same_results secure.txt few.txt || return 1
    done
}
point "two servers make their material themselves and give the same results" made
made_garbled() {
    two_servers net '' --offline ot8 --relu gc --requests 1 && "$sonicnn" share-input net.graph "$images" \
        --first 2 --count $few -o mgin && infer mgin mgout && [ "$(code s0)" = 0 ] && [ "$(code s1)" = 0 ] &&
        "$sonicnn" reveal mgout >secure.txt && cat secure.txt && same_results secure.txt few.txt
}
if [ -n "${SANITIZED-}" ]; then skip "also with garbled circuits" "too slow with sanitizers"; else
    point "also with garbled circuits" made_garbled
fi
demonstrates_made() {
    "$sonicnn" demo "$model" "$images" --count 2 --offline ot --ring 32 >demo.txt && cat demo.txt &&
        grep -q 'same class as the plain reference on 2 of 2 images' demo.txt &&
        [ "$(grep -c '^no dealer: [12] at a time, the servers made their material themselves, in [0-9.]* MB ' demo.txt)" = 2 ] &&
        ! grep -q 'dealer,\|one dealer' demo.txt && [ -z "$(ls "$TMPDIR")" ]
}
point "demo without a dealer says what the servers made" demonstrates_made
# 200 images are ten gigabytes of products.
stops_making() {
    two_servers net '' --offline ot1 --batch 200 || return 1
    sleep 0.5
    kill -TERM "$(cat s0.pid)" && [ "$(code s0 20)" = 0 ] && ends s1 'server 0' 20 &&
        grep -q '^server 0 answered 0 requests' s0.out && [ -z "$(ls "$TMPDIR")" ]
}
point "SIGTERM ends a server that is making material" stops_making

# No file may have more than 5 MB: tables of one image have 17.
no_space() {
    (
        trap '' XFSZ
        ulimit -f 10000
        "$sonicnn" demo "$model" "$images" --count 1 --relu gc --ring 32 2>demo.err
    )
    rc=$?
    cat demo.err
    [ $rc = 1 ] && tail -n 1 demo.err |
        grep -q '^sonicnn: server [01]: layer .* cannot write the temporary file of prepared layers: '
}
point "demo names the cause when there is no space for tables" no_space

npy_input() {
    # The same pixels as an NPY array of bytes: a header of 128 bytes in place of IDX's 16.
    text="{'descr': '|u1', 'fortran_order': False, 'shape': (20, 1, 28, 28), }"
    { printf '\223NUMPY\001\000\166\000'; printf '%-117s\n' "$text"; gzip -dcf "$images" | tail -c +17; } >images.npy
    "$sonicnn" plain "$model" images.npy --count 4 >npy.txt &&
        "$sonicnn" plain "$model" "$images" --count 4 >idx.txt && cmp npy.txt idx.txt
}
point "NPY and IDX give the same results" npy_input

knows_files() {
    for f in net.graph:graph net.0:'model share' in.1:'input share' out.0:'result share' pool.1:pool; do
        "$sonicnn" info "${f%%:*}" | grep -q "^kind  *${f#*:}\$" || return 1
    done
    "$sonicnn" info pool.0 | grep -q '^count    7 inferences, 6 used$'
}
point "info says what a file is" knows_files
knows_machine() {
    "$sonicnn" info && for primitive in aes garble ot bitmat bool vec ring conv vole dpf; do
        "$sonicnn" info --tier ref | grep -Eq "^  $primitive +ref\$" || return 1
    done
}
point "info says which kernels are chosen, and --tier lowers them" knows_machine

teaches() {
    "$sonicnn" --help | grep -q share-model || return 1
    for command in share-model share-input deal serve infer reveal plain info demo plan perf compare circuit; do
        "$sonicnn" $command --help >help.txt && grep -q "^  sonicnn $command" help.txt &&
            grep -q 'Exit code:' help.txt || { echo "$command"; return 1; }
    done
}
point "every command's --help has an example and the exit codes" teaches
usage() {
    "$sonicnn" >/dev/null 2>&1
    [ $? = 2 ] || return 1
    for words in nonsense share-model 'deal net.graph -o x' 'serve net.0' 'infer in -o out --server a:1' \
        'reveal' 'share-model x -o y --ring 33' 'plain x y --input-range 1:0' 'info --threads 0' \
        'perf x --relu fsss' 'demo x y --relu=' 'deal net.graph --count 1 -o x --relu PPA' 'serve net.0 --relu gcc' \
        'serve net.0 --listen :0 --peer :0' 'serve net.0 --listen :0 --peer :0 --offline ot --pool pool.0' \
        'serve net.0 --listen :0 --peer :0 --offline ot --dealer :1' 'perf x --offline ot3' 'demo x y --offline=' \
        'serve net.0 --listen :0 --peer :0 --pool pool.0 --batch 2' 'deal net.graph --count 1 -o x --offline ot' \
        'serve net.0 --listen :0 --peer :0 --offline ot --batch 0'; do
        # shellcheck disable=SC2086
        "$sonicnn" $words >/dev/null 2>usage.err
        [ $? = 2 ] || { echo "$words"; cat usage.err; return 1; }
    done
    for words in 'serve net.0 --listen :0 --peer :0' 'demo x y' 'perf x'; do
        # shellcheck disable=SC2086
        "$sonicnn" $words --relu fss --offline ot >/dev/null 2>usage.err
        [ $? = 2 ] && [ "$(head -n 1 usage.err)" = "sonicnn ${words%% *}: --relu fss takes keys from a dealer: it does not \
go with --offline ot4" ] || { echo "$words"; cat usage.err; return 1; }
    done
}
point "wrong usage is exit code 2" usage
