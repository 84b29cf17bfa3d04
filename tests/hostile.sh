#!/bin/sh
# What the programs do with damaged files, wrong partners and processes that die: one sentence, a failure
# in time, no crash, and no material used twice.  Prints TAP.
# shellcheck source=tests/programs_lib.sh disable=SC2154
. "$top_srcdir/tests/programs_lib.sh"
echo "1..41"

# Two models (the second one mod 2^32), pools and inputs to mix up.
set_up() {
    "$sonicnn" share-model "$model" -o net && "$sonicnn" share-model "$model" -o other &&
        "$sonicnn" share-model "$model" -o net32 --ring 32 &&
        "$sonicnn" deal net.graph --count 4 -o pool && "$sonicnn" deal net.graph --count 4 -o second &&
        "$sonicnn" deal net.graph --count 2 --batch 2 -o pairs &&
        "$sonicnn" deal net.graph --relu gc --count 2 -o garbled &&
        "$sonicnn" deal net32.graph --relu fss --count 3 -o keys &&
        "$sonicnn" deal other.graph --count 4 -o opool && "$sonicnn" deal net32.graph --count 4 -o pool32 &&
        "$sonicnn" share-input net.graph "$images" --count 2 -o in &&
        "$sonicnn" share-input net.graph "$images" --count 2 -o in2 &&
        "$sonicnn" share-input other.graph "$images" --count 2 -o oin &&
        "$sonicnn" share-input net.graph "$images" -o many &&
        "$sonicnn" share-input net.graph "$images" --count 3 -o three &&
        "$sonicnn" share-input net32.graph "$images" --count 2 -o in32 &&
        "$sonicnn" share-input net32.graph "$images" "$images" "$images" "$images" "$images" "$images" \
            -o many32 &&
        two_servers net pool --requests 2 && infer in out && infer in2 out2 &&
        [ "$(code s0)" = 0 ] && [ "$(code s1)" = 0 ]
}
point "files to damage and mix up" set_up

size() { wc -c <"$1"; }
# flip FILE OFFSET TO: a copy with one bit changed.
flip() {
    cp "$1" "$3" && byte=$(od -An -tu1 -j "$2" -N 1 "$1") &&
        printf "\\$(printf %o $((byte ^ 4)))" | dd of="$3" bs=1 seek="$2" conv=notrunc 2>dd.err
}

# refuses FILE BAD COMMAND...: the command has to refuse every way in which BAD is a damaged FILE, and to
# name it.  $flips: where single bits are flipped.
refuses() {
    file=$1 bad=$2
    shift 2
    bytes=$(size "$file")
    for cut in 0 1 9 100 4095 $((bytes / 2)) $((bytes - 1)); do
        [ "$cut" -lt "$bytes" ] || continue
        head -c "$cut" "$file" >"$bad"
        echo "cut to $cut"
        fails "$bad" "$@" || return 1
    done
    for at in $flips $((bytes - 5)); do
        flip "$file" "$at" "$bad" || return 1
        echo "flipped at $at"
        fails "$bad" "$@" || return 1
    done
    echo "too long"
    { cat "$file" && printf x; } >"$bad" && fails "$bad" "$@" || return 1
    rm "$bad" && echo "missing" && fails "cannot open $bad" "$@" || return 1
    mkdir "$bad" && echo "a directory" && fails "$bad" "$@" || return 1
    rmdir "$bad"
}
flips='0 8 13 17 21 30 57 70 4090'
serve_alone() {
    share=$1 held=$2
    shift 2
    "$sonicnn" serve "$share" --pool "$held" --listen 127.0.0.1:0 --peer 127.0.0.1:1 --timeout 2 -q "$@"
}
point "deal refuses a damaged graph" refuses net.graph bad.graph "$sonicnn" deal bad.graph --count 1 -o x
point "share-input refuses a damaged graph" \
    refuses net.graph bad.graph "$sonicnn" share-input bad.graph "$images" -o x
point "serve refuses a damaged model share" refuses net.0 bad.0 serve_alone bad.0 pool.0
cp in.1 bad.1
point "infer refuses a damaged input share" refuses in.0 bad.0 \
    "$sonicnn" infer bad --server 127.0.0.1:1 --server 127.0.0.1:1 -o x --timeout 2
cp out.1 bad.1
point "reveal refuses a damaged result share" refuses out.0 bad.0 "$sonicnn" reveal bad
point "info refuses a damaged file" refuses out.0 bad.0 "$sonicnn" info --check bad.0
point "serve refuses a damaged pool" refuses second.0 bad.0 serve_alone net.0 bad.0
counters_damaged() {
    # One of the two copies of a counter may be damaged: the other one counts.
    flip second.0 4100 one.0 && flip one.0 8200 bad.0 && [ "$(used one.0)" = 0 ] &&
        fails 'bad.0 is damaged in its use counter' serve_alone net.0 bad.0
}
point "serve refuses a pool without a sound counter" counters_damaged
flips='0 1 2 300 4000 8000'
what="share-input refuses damaged images"
case $images in
*.gz) point "$what" refuses "$images" bad.gz "$sonicnn" share-input net.graph bad.gz --count 3 -o x ;;
*) skip "$what" "built without zlib: nothing but gzip's checksum tells damaged pixels" ;;
esac
nothing_left() { [ -z "$(ls x* 2>/dev/null)" ] && [ -z "$(ls "$TMPDIR")" ]; }
point "nothing is written by what fails" nothing_left

# A flipped bit in an ONNX file may be a weight that nobody can check; it must never be more than that.
bad_onnx() {
    bytes=$(size "$model")
    for cut in 0 1 50 $((bytes / 2)) $((bytes - 1)); do
        head -c $cut "$model" >bad.onnx
        echo "cut to $cut"
        fails 'bad.onnx' "$sonicnn" share-model bad.onnx -o x || return 1
    done
    at=0
    while [ $at -lt 600 ]; do
        flip "$model" $((bytes - 1 - at)) bad.onnx
        "$sonicnn" share-model bad.onnx -o flipped >/dev/null 2>fails.err
        rc=$?
        [ $rc = 0 ] || [ $rc = 1 ] && [ "$(grep -c . fails.err)" = $rc ] || { echo "$at: $rc"; cat fails.err; return 1; }
        at=$((at + 7))
    done
    fails 'not-there.onnx' "$sonicnn" share-model not-there.onnx -o x && nothing_left
}
point "share-model survives damaged models" bad_onnx

wrong_files() {
    fails 'pool.0 is a pool' serve_alone pool.0 pool.0 && fails 'net.0 is a model share' serve_alone net.0 net.0 &&
        fails "pool.1 is party 1's" serve_alone net.0 pool.1 &&
        fails 'another model' serve_alone net.0 opool.0 && fails 'has ring 32, the model 64' serve_alone net.0 pool32.0 &&
        fails 'in.0 is an input share' "$sonicnn" reveal in &&
        cp in.1 mixed.0 && cp in.0 mixed.1 && fails 'mixed.0 is the share of server 1' \
        "$sonicnn" infer mixed --server 127.0.0.1:1 --server 127.0.0.1:1 -o x &&
        cp in.0 mixed.0 && cp in2.1 mixed.1 && fails 'not shares of one input' \
        "$sonicnn" infer mixed --server 127.0.0.1:1 --server 127.0.0.1:1 -o x &&
        cp out.0 mixed.0 && cp out2.1 mixed.1 && fails 'not shares of one result' "$sonicnn" reveal mixed &&
        fails 'another model' "$sonicnn" reveal out --graph other.graph
}
point "files of the wrong kind, party, model or pair are refused" wrong_files
wrong_relu() {
    fails 'garbled.0 was dealt for --relu gc, this server runs --relu ppa' serve_alone net.0 garbled.0 &&
        fails 'pool.1 was dealt for --relu ppa, this server runs --relu gc' serve_alone net.1 pool.1 --relu gc &&
        fails 'keys.0 was dealt for --relu fss, this server runs --relu ppa' serve_alone net32.0 keys.0 &&
        fails 'pool32.1 was dealt for --relu ppa, this server runs --relu fss' serve_alone net32.1 pool32.1 --relu fss
}
point "a pool that was dealt for another relu is refused" wrong_relu

# mismatch SENTENCE MODEL0 POOL0 MODEL1 POOL1 [SENTENCE1 [RELU]]: two servers that do not fit.
mismatch() {
    start s0 serve "$2" --pool "$3" --listen 127.0.0.1:0 --peer 127.0.0.1:0 --timeout 2 --relu "${7-ppa}"
    peer=$(port s0 'server 1') || return 1
    start s1 serve "$4" --pool "$5" --listen 127.0.0.1:0 --peer "127.0.0.1:$peer" --timeout 2 --relu "${7-ppa}"
    ends s0 "$1" 20 && ends s1 "${6-server 0}" 20
}
point "servers with different models part" mismatch 'server 1.*model' net.0 second.0 other.1 opool.1
point "servers with different rings part" mismatch 'server 1' net.0 second.0 net32.1 pool32.1
point "servers with pools of different dealings part" mismatch 'pool' net.0 second.0 net.1 pool.1
point "servers with different batches part" mismatch 'server 1' net.0 second.0 net.1 pairs.1
other_relu() {
    start s0 serve net.0 --pool second.0 --listen 127.0.0.1:0 --peer 127.0.0.1:0 --timeout 2
    peer=$(port s0 'server 1') || return 1
    start s1 serve net.1 --pool garbled.1 --relu gc --listen 127.0.0.1:0 --peer "127.0.0.1:$peer" --timeout 2
    ends s0 'server 1 runs --relu gc, here ppa' 20 && ends s1 'server 0 runs --relu ppa, here gc' 20
}
point "servers that compare differently part" other_relu
other_source() {
    start s0 serve net.0 --offline ot --listen 127.0.0.1:0 --peer 127.0.0.1:0 --timeout 2
    peer=$(port s0 'server 1') || return 1
    start s1 serve net.1 --pool second.1 --listen 127.0.0.1:0 --peer "127.0.0.1:$peer" --timeout 2
    ends s0 'server 1 runs --offline dealer, here ot4' 20 && ends s1 'server 0 runs --offline ot4, here dealer' 20 &&
        [ "$(used second.1)" = 0 ] || return 1
    start s0 serve net.0 --offline ot2 --listen 127.0.0.1:0 --peer 127.0.0.1:0 --timeout 2
    peer=$(port s0 'server 1') || return 1
    start s1 serve net.1 --offline ot8 --listen 127.0.0.1:0 --peer "127.0.0.1:$peer" --timeout 2
    ends s0 'server 1 runs --offline ot8, here ot2' 20 && ends s1 'server 0 runs --offline ot2, here ot8' 20
}
point "servers with material of different sources part" other_source
other_batch() {
    start s0 serve net.0 --offline ot --batch 2 --listen 127.0.0.1:0 --peer 127.0.0.1:0 --timeout 2
    peer=$(port s0 'server 1') || return 1
    start s1 serve net.1 --offline ot --batch 3 --listen 127.0.0.1:0 --peer "127.0.0.1:$peer" --timeout 2
    ends s0 'server 1.*batch' 20 && ends s1 'server 0.*batch' 20
}
point "servers that make material for different batches part" other_batch
dies_making() {
    two_servers net '' --offline ot --batch 200 --timeout 2 || return 1
    sleep 0.5
    kill -KILL "$(cat s1.pid)" && ends s0 'server 1' 20 && two_servers net '' --offline ot --batch 200 --timeout 2 ||
        return 1
    sleep 0.5
    kill -STOP "$(cat s0.pid)"
    ends s1 'server 0' 20
    status=$?
    kill -KILL "$(cat s0.pid)" && code s0 && nothing_left && return $status
}
point "a server that dies or stalls while material is made ends the other one" dies_making
no_room() {
    # What is prepared by garbled circuits does not fit: here a file may have a megabyte.
    (
        trap '' XFSZ && ulimit -f 2048 &&
            start s0 serve net.0 --pool garbled.0 --relu gc --listen 127.0.0.1:0 --peer 127.0.0.1:0 --timeout 5
    )
    peer=$(port s0 'server 1') || return 1
    start s1 serve net.1 --pool garbled.1 --relu gc --listen 127.0.0.1:0 --peer "127.0.0.1:$peer" --timeout 5
    ends s0 "layer '/2/MaxPool' (node 2): cannot write .*too large" 20 &&
        ends s1 "layer '/2/MaxPool' (node 2): server 0" 20 && [ "$(used garbled.0) $(used garbled.1)" = "1 1" ] &&
        nothing_left &&
        (trap '' XFSZ && ulimit -f 2048 && fails 'cannot write .*too large' "$sonicnn" perf "$model" --relu gc -q) &&
        nothing_left
}
point "a disk too small for what is prepared ends both servers" no_room

no_peer() {
    fails 'server 1 did not connect' "$sonicnn" serve net.0 --pool second.0 --listen 127.0.0.1:0 \
        --peer 127.0.0.1:0 --timeout 2 -q && fails 'server 0' serve_alone net.1 second.1
}
point "a server whose peer does not come gives up" no_peer

ports_taken() {
    start d deal net.graph --count 1 --listen 127.0.0.1:0 --timeout 20
    taken=127.0.0.1:$(port d 'the servers') || return 1
    fails "cannot listen on $taken" "$sonicnn" serve net.0 --pool second.0 --listen "$taken" \
        --peer 127.0.0.1:0 --timeout 2 &&
        fails "cannot listen on $taken" "$sonicnn" serve net.0 --pool second.0 --listen 127.0.0.1:0 \
            --peer "$taken" --timeout 2 -q &&
        fails "cannot listen on $taken" "$sonicnn" deal net.graph --count 1 --listen "$taken" || return 1
    kill -TERM "$(cat d.pid)" && ends d 'stopped' 20 && nothing_left
}
point "a port that is taken" ports_taken

point "a pool that is used up ends both servers" mismatch 'used up' net.0 pool.0 net.1 pool.1 'used up'
pool_too_small() {
    two_servers net second --timeout 5 || return 1
    fails 'has a pool of 4 inferences, many.[01] needs 20' infer many x && infer in more &&
        fails 'refused: .*second.0 has 2 of 4 inferences left, the request needs 3' infer three x &&
        infer in2 more &&
        fails 'refused: .*second.0 is used up (4 of 4 inferences)' infer in x &&
        fails 'serves another model' infer oin x && nothing_left || return 1
    # One address twice, and a user port that is told the servers' handshake: neither stops a server.
    fails 'both server 0' "$sonicnn" infer in --server "127.0.0.1:$p0" --server "127.0.0.1:$p0" -o x &&
        fails 'server 0' "$sonicnn" serve net.1 --pool opool.1 --listen 127.0.0.1:0 --peer "127.0.0.1:$p0" \
            --timeout 2 -q
    "$sonicnn" deal net.graph --count 1 -o fresh
    fails 'server 0' "$sonicnn" serve net.1 --pool fresh.1 --listen 127.0.0.1:0 --peer "127.0.0.1:$p0" \
        --timeout 2 -q && [ ! -s s0.rc ] && [ ! -s s1.rc ] &&
        kill -TERM "$(cat s0.pid)" && [ "$(code s0)" = 0 ] && [ "$(code s1)" = 0 ]
}
point "requests beyond the pool, or for something else, are refused and the servers live on" pool_too_small

stranger_at_peer() {
    "$sonicnn" deal net.graph --count 1 -o fresh || return 1
    start s0 serve net.0 --pool fresh.0 --listen 127.0.0.1:0 --peer 127.0.0.1:0 --timeout 2
    peer=$(port s0 'server 1') || return 1
    fails 'does not speak' "$sonicnn" infer in --server "127.0.0.1:$peer" --server "127.0.0.1:$peer" -o x \
        --timeout 2 && ends s0 'server 1' 20
}
point "a user at the servers' port is not taken for a server" stranger_at_peer

"$sonicnn" deal net32.graph --count 240 -o big >/dev/null
# interrupt SIGNAL WHO: SIGNAL meets WHO (s0, s1 or user) in the middle of a request of 120 inferences.
interrupt() {
    before=$(used big.0)
    two_servers net32 big --timeout 2 || return 1
    start user infer many32 --server "127.0.0.1:$p0" --server "127.0.0.1:$p1" -o broken --timeout 2
    tries=500
    while [ "$(used big.0)" -lt $((before + 3)) ]; do
        [ $tries -gt 0 ] || return 1
        tries=$((tries - 1))
        sleep 0.02
    done
    kill "-$1" "$(cat "$2.pid")"
}
no_reuse() {
    # Both counters only ever grow, differ by what was claimed at one server alone, and serve again.
    a=$(used big.0) b=$(used big.1)
    echo "used $before before, then $a and $b"
    [ "$a" -ge $((before + 3)) ] && [ "$b" -ge $((before + 2)) ] && [ $((a - b)) -le 1 ] && [ $((b - a)) -le 1 ] &&
        [ ! -e broken.0 ] && [ ! -e broken.1 ]
}
kill_server0() {
    interrupt KILL s0 && ends s1 'server 0' 20 && ends user 'server [01]' 20 && no_reuse
}
point "server 0 dies in the middle" kill_server0
kill_server1() {
    interrupt KILL s1 && ends s0 'server 1' 20 && ends user 'server [01]' 20 && no_reuse
}
point "server 1 dies in the middle" kill_server1
stop_server1() {
    interrupt STOP s1 || return 1
    ends s0 'server 1' 20 && ends user 'server [01]' 20
    status=$?
    kill -KILL "$(cat s1.pid)" && code s1 && no_reuse && return $status
}
point "server 1 stalls in the middle" stop_server1
kill_user() {
    interrupt KILL user || return 1
    # The servers notice, and serve the next one.
    infer in32 after --timeout 10 && "$sonicnn" reveal after >secure.txt && [ ! -s s0.rc ] && [ ! -s s1.rc ] &&
        kill -TERM "$(cat s0.pid)" && [ "$(code s0)" = 0 ] && [ "$(code s1)" = 0 ] && no_reuse
}
point "a user dies in the middle, and the next one is served" kill_user
right_after_all() {
    "$sonicnn" plain "$model" "$images" --count 2 --ring 32 >plain.txt && cat secure.txt plain.txt &&
        [ "$(awk '{print $1, $2}' secure.txt)" = "$(awk '{print $1, $2}' plain.txt)" ]
}
point "and gets the right classes from what the pools have left" right_after_all

pool_in_use() {
    two_servers net32 big --timeout 5 || return 1
    fails 'big.0 is in use' serve_alone net32.0 big.0 && kill -TERM "$(cat s1.pid)" &&
        [ "$(code s0)" = 0 ] && [ "$(code s1)" = 0 ]
}
point "a pool serves one server at a time" pool_in_use
pool_damaged() {
    "$sonicnn" deal net.graph --count 3 -o torn && flip torn.1 $(($(size torn.1) / 2)) torn.x && mv torn.x torn.1 &&
        two_servers net torn --timeout 2 || return 1
    fails 'server [01]' infer three x --timeout 2 && ends s1 'torn.1 is damaged at byte' 20 && ends s0 'server 1' 20
}
point "material that is damaged on the disk ends the servers when it is needed" pool_damaged

# Keys of function secret sharing, which both parties have.
cut_keys() {
    for party in 0 1; do
        for cut in 0 100 4095 $(($(size keys.$party) / 2)) $(($(size keys.$party) - 1)); do
            head -c "$cut" keys.$party >bad.$party && echo "$party cut to $cut" &&
                fails "bad.$party" serve_alone net32.$party bad.$party --relu fss || return 1
        done
        for at in 0 8 13 17 21 30 57 70 4090; do
            flip keys.$party $at bad.$party && echo "$party flipped at $at" &&
                fails "bad.$party" serve_alone net32.$party bad.$party --relu fss || return 1
        done
        { cat keys.$party && printf x; } >bad.$party && fails "bad.$party" serve_alone net32.$party bad.$party --relu fss &&
            rm bad.$party && fails "cannot open bad.$party" serve_alone net32.$party bad.$party --relu fss || return 1
    done
}
point "serve refuses either party's keys that are cut or damaged" cut_keys
# right IN OUT: a user of two images gets what plain says of them.
right() {
    infer "$1" "$2" && "$sonicnn" reveal "$2" >secure.txt && "$sonicnn" plain "$model" "$images" --count 2 --ring 32 >plain.txt &&
        cat secure.txt plain.txt && cmp secure.txt plain.txt
}
altered_keys() {
    # In the first of three inferences; the others are as they were.
    for party in 0 1; do
        "$sonicnn" deal net32.graph --relu fss --count 3 -o torn && flip torn.$party $(($(size torn.$party) / 6)) torn.x &&
            mv torn.x torn.$party && two_servers net32 torn --relu fss --timeout 2 || return 1
        fails 'server [01]' infer in32 x --timeout 2 && ends s$party "torn.$party is damaged at byte" 20 &&
            ends s$((1 - party)) "server $party" 20 && [ "$(used torn.0) $(used torn.1)" = "1 1" ] && nothing_left || return 1
        two_servers net32 torn --relu fss --requests 1 && right in32 after && [ "$(code s0)" = 0 ] && [ "$(code s1)" = 0 ] &&
            [ "$(used torn.0) $(used torn.1)" = "3 3" ] || return 1
    done
}
point "keys that are altered on the disk end the servers when they are needed, and only then" altered_keys
used_keys() {
    # A copy of a pool from before is no older than what the other server counts.
    for party in 0 1; do
        "$sonicnn" deal net32.graph --relu fss --count 4 -o spent && cp spent.$party before.$party &&
            two_servers net32 spent --relu fss --requests 1 && right in32 after && [ "$(code s0)" = 0 ] && [ "$(code s1)" = 0 ] &&
            mv before.$party spent.$party && [ "$(used spent.$party)" = 0 ] &&
            two_servers net32 spent --relu fss --requests 1 && right in32 after && [ "$(code s0)" = 0 ] && [ "$(code s1)" = 0 ] &&
            [ "$(used spent.0) $(used spent.1)" = "4 4" ] &&
            mismatch 'spent.[01] is used up' net32.0 spent.0 net32.1 spent.1 'spent.[01] is used up' fss || return 1
    done
}
point "keys that were used before are not used again" used_keys

dealer_dies() {
    start d deal net.graph --count 5000 --listen 127.0.0.1:0 --timeout 2
    dealer=127.0.0.1:$(port d 'the servers') || return 1
    start s0 serve net.0 --pool f.0 --dealer "$dealer" --listen 127.0.0.1:0 --peer 127.0.0.1:0 --timeout 2
    port s0 users && sleep 0.5 && kill -KILL "$(cat d.pid)"
    ends s0 'the dealer' 20 && [ -z "$(ls f.* 2>/dev/null)" ] && nothing_left
}
point "the dealer dies before the pool is there, and leaves nothing of it" dealer_dies
no_server() {
    start d deal net.graph --count 2 --listen 127.0.0.1:0 --timeout 2
    dealer=127.0.0.1:$(port d 'the servers') || return 1
    start s1 serve net.1 --pool f.1 --dealer "$dealer" --listen 127.0.0.1:0 --peer 127.0.0.1:1 --timeout 2
    ends d 'server 0 did not ask for its pool' 20 && ends s1 'the dealer refused: server 0 did not ask' 20 && nothing_left &&
        start d deal other.graph --count 1 --listen 127.0.0.1:0 --timeout 2 || return 1
    dealer=127.0.0.1:$(port d 'the servers') || return 1
    fails 'the dealer deals for another model' "$sonicnn" serve net.1 --pool g.1 --dealer "$dealer" \
        --listen 127.0.0.1:0 --peer 127.0.0.1:1 --timeout 2 -q &&
        fails 'f.1 exists already' "$sonicnn" serve net.1 --pool f.1 --dealer "$dealer" \
            --listen 127.0.0.1:0 --peer 127.0.0.1:1 --timeout 2 -q && ends d 'server [01] did not ask' 20 &&
        start d deal net.graph --relu gc --count 1 --listen 127.0.0.1:0 --timeout 2 || return 1
    dealer=127.0.0.1:$(port d 'the servers') || return 1
    fails 'the dealer deals for --relu gc, this server runs --relu ppa' "$sonicnn" serve net.1 --pool g.1 \
        --dealer "$dealer" --listen 127.0.0.1:0 --peer 127.0.0.1:1 --timeout 2 -q &&
        ends d 'server [01] did not ask' 20 && grep -q '^sonicnn: the client at [^ ]* closed the connection$' d.err &&
        [ -z "$(ls g.* 2>/dev/null)" ] && nothing_left
}
point "a server that does not come to the dealer, or to the wrong one" no_server

all_ended() {
    for file in *.pid; do [ -s "${file%.pid}.rc" ] || { echo "$file"; return 1; }; done
}
point "every process has ended" all_ended
