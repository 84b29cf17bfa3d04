#!/bin/sh
# `sonicnn circuit`: a garbler and an evaluator as two processes on loopback, what they compute, send and
# need, and what happens when they do not agree or one of them is gone.  Prints TAP.
# shellcheck source=tests/programs_lib.sh disable=SC2154
. "$top_srcdir/tests/programs_lib.sh"
circuits=${SONIC_CIRCUITS:-$top_srcdir/../shared/circuits}
echo "1..14"

cat >half.txt <<'END'
2 4
2 1 1
1 2
2 1 0 1 2 XOR
2 1 0 1 3 AND
END
sed '5s/0 1 3/7 1 3/' half.txt >early.txt
printf '0 900\n1 900\n1 1\n' >narrow.txt

# both CIRCUIT GARBLER-OPTIONS EVALUATOR-OPTIONS: runs both sides; the garbler listens.
both() {
    # shellcheck disable=SC2086
    start g circuit "$1" --garble --listen 127.0.0.1:0 $2 && at=$(port g the) &&
        start e circuit "$1" --evaluate --connect "127.0.0.1:$at" $3
}

# succeed [SECONDS]: both sides end well.
succeed() {
    [ "$(code g "${1-120}")" = 0 ] && [ "$(code e "${1-120}")" = 0 ]
    rc=$?
    cat g.err e.err
    return $rc
}

# output NAME: the first output word that a side printed.
output() {
    sed -n 's/^output 0 = //p' "$1.out"
}

plain() {
    [ "$("$sonicnn" circuit relu64 --plain --input 0=fffffffffffffff0 --input 1=f --input 2=7)" = \
        "output 0 = 0000000000000007" ] &&
        [ "$("$sonicnn" circuit relu32 --plain --input 0=fffffff0 --input 1=30 --input 2=7)" = \
            "output 0 = 00000027" ]
}
point "a circuit in the clear" plain

half_adder() {
    both half.txt "--input 0=1" "--input 1=1" && succeed && [ "$(output g)$(output e)" = 22 ] &&
        both half.txt "--input 1=1 --input 0=0" "" && succeed && [ "$(output g)$(output e)" = 11 ]
}
point "both sides print the outputs, and either may own all inputs" half_adder

only_evaluator() {
    both half.txt "--input 0=1 --to-evaluator" "--input 1=1 --to-evaluator" && succeed &&
        [ "$(output g)" = "" ] && [ "$(output e)" = 2 ]
}
point "the garbler learns nothing where only the evaluator is to" only_evaluator

other_way_round() {
    start e circuit half.txt --evaluate --listen 127.0.0.1:0 --input 1=1 && at=$(port e the) &&
        start g circuit half.txt --garble --connect "127.0.0.1:$at" --input 0=0 && succeed &&
        [ "$(output g)" = 1 ]
}
point "the evaluator may be the one who listens" other_way_round

# 5000 instances of 189 AND gates of 32 bytes; outputs of 64 bits, in words of 64 instances.
instances() {
    both relu64 "--instances 5000 --input 0=random --input 2=random --check" \
        "--instances 5000 --input 1=random --check" && succeed || return 1
    cat g.out e.out
    grep -q '^all outputs are those of the circuit in the clear$' g.out &&
        grep -q '^all outputs are those of the circuit in the clear$' e.out &&
        grep -q '^tables .* 30.2 MB  *0 B$' g.out && grep -q '^tables .* 0 B  *30.2 MB$' e.out &&
        grep -q '^outputs .* 40.4 kB  *40.4 kB$' g.out
}
point "many instances are right, and take 32 bytes an AND gate" instances

json() {
    both relu32 "--instances 99 --input 0=random --input 2=random --check --json" \
        "--instances 99 --input 1=random --check --json" && succeed || return 1
    tr -d ' \n' <g.out >g.json
    cat g.json
    # Sent in this order: hello and base transfers, nothing, 93 gates, words of two times 32 outputs.
    grep -q '"ands":93,.*"instances":99,"repeat":1,"checked":true,' g.json &&
        grep -q '"setup":{[^}]*"sent":8344,"received":152}' g.json &&
        grep -q '"inputs":{[^}]*"sent":0,"received":50688}' g.json &&
        grep -q '"tables":{[^}]*"sent":294624,"received":0}' g.json &&
        grep -q '"outputs":{[^}]*"sent":512,"received":512}' g.json || return 1
    [ ! -c /dev/full ] || {
        "$sonicnn" circuit relu32 --plain --input 0=1 --input 1=1 --input 2=1 --json 2>full.err >/dev/full
        [ $? = 1 ] && ! grep -v '^sonicnn: cannot write the output$' full.err
    }
}
if "$sonicnn" info --json >/dev/null 2>&1; then point "as JSON, to the byte" json; else
    skip "as JSON, to the byte" "built without jansson"
fi

aes() {
    both "$circuits/aes_128.txt" "--input 0=000102030405060708090a0b0c0d0e0f" \
        "--input 1=00112233445566778899aabbccddeeff" && succeed &&
        [ "$(output g)" = 69c4e0d86a7b0430d8cdb78070b4c55a ] && [ "$(output e)" = "$(output g)" ]
}
if [ -s "$circuits/aes_128.txt" ]; then point "AES-128 is that of FIPS-197" aes; else
    skip "AES-128 is that of FIPS-197" "no public circuits (SONIC_CIRCUITS)"
fi

# small NAME: a side needed less than 64 MiB.
small() {
    sed -n 's/^at most \([0-9.]*\) MB of memory$/\1/p' "$1.out" | awk '{ n++; if ($1 < 67.1) ok++ } END { exit ok != 1 || n != 1 }'
}

# The state after 741 times the same block, 10^8 gates, then the block with the length: what sha256sum says of
# all those blocks.
sha_chain() {
    block=$(awk 'BEGIN { for (i = 0; i < 32; i++) printf "%02x%02x", 48 + i, 97 + i % 26 }')
    state=6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19
    both "$circuits/sha256.txt" "--repeat 741 --feedback 0=1 --input 0=$block" \
        "--repeat 741 --feedback 0=1 --input 1=$state" && succeed 200 || return 1
    cat g.out e.out
    [ -n "${SANITIZED-}" ] || { small g && small e; } || return 1
    last=$(printf '80%0108d%018x' 0 $((741 * 512)))
    both "$circuits/sha256.txt" "--input 0=$last" "--input 1=$(output e)" && succeed || return 1
    awk 'BEGIN { for (r = 0; r < 741; r++) for (i = 0; i < 32; i++) printf "%c%c", 48 + i, 97 + i % 26 }' |
        sha256sum | grep -q "^$(output g) "
}

# The same number of gates without the public circuits.
relu_chain() {
    both relu64 "--repeat 144718 --feedback 0=0 --input 0=123456789 --input 2=0" \
        "--repeat 144718 --feedback 0=0 --input 1=fffffffffffffffd" && succeed 200 || return 1
    cat g.out e.out
    [ -n "${SANITIZED-}" ] || { small g && small e; } || return 1
    [ "$(output g)" = "$(printf '%016x' $((0x123456789 - 3 * 144718)))" ]
}
if [ -s "$circuits/sha256.txt" ]; then
    point "10^8 gates of SHA-256 in a row, in less than 64 MiB" sha_chain
else
    point "10^8 gates of ReLU in a row, in less than 64 MiB" relu_chain
fi

# gone VICTIM SURVIVOR SENTENCE: one side is killed among the tables.
gone() {
    both relu64 "--repeat 100000000 --input 0=1 --input 2=1" "--repeat 100000000 --input 1=1" || return 1
    sleep 0.5
    end_job "$1"
    ends "$2" "$3"
}
point "an evaluator whose garbler is gone says so" gone g e 'tables: the garbler closed the connection'
point "a garbler whose evaluator is gone says so" gone e g 'tables: the evaluator closed the connection'

differ() {
    both half.txt "--input 0=1" "" && ends e 'another view of whose inputs' &&
        ends g 'another view of whose inputs' &&
        both half.txt "--input 0=1" "--input 1=1 --repeat 2" && ends e 'computes 1 repetitions' &&
        both half.txt "--input 0=1 --check" "--input 1=1" && ends e 'of showing the inputs' &&
        ends g 'of showing the inputs' &&
        start g circuit half.txt --garble --listen 127.0.0.1:0 && at=$(port g the) &&
        start e circuit relu32 --evaluate --connect "127.0.0.1:$at" && ends e 'another circuit' &&
        ends g 'another circuit'
}
point "sides that do not agree both say so" differ

refused() {
    fails 'early.txt, line 5: ' "$sonicnn" circuit early.txt --plain --input 0=0 --input 1=0 &&
        fails "cannot open 'none.txt'" "$sonicnn" circuit none.txt --plain &&
        fails 'has 1 bits, the number given for it has more' \
            "$sonicnn" circuit half.txt --plain --input 0=2 --input 1=0 &&
        fails 'not a hexadecimal number' "$sonicnn" circuit half.txt --plain --input 0=g --input 1=0 &&
        fails 'no input word 2, it has 2' "$sonicnn" circuit half.txt --plain --input 2=1 &&
        fails '2 input words, 1 are given' "$sonicnn" circuit half.txt --plain --input 0=1 &&
        fails 'input word 0 is given twice' "$sonicnn" circuit half.txt --plain --input 0=1 --input 0=0 &&
        fails 'output word 0 of 1 bits cannot become input word 0 of 900 bits' \
            "$sonicnn" circuit narrow.txt --plain --input 0=0 --feedback 0=0 --repeat 2 &&
        fails 'no output word 1 or no input word 0' \
            "$sonicnn" circuit half.txt --plain --input 0=1 --input 1=0 --feedback 1=0
}
point "what cannot be computed is refused in one sentence" refused

# usage ARGUMENT...: wrong usage.
usage() {
    "$sonicnn" circuit "$@" >usage.out 2>&1
    [ $? = 2 ]
}
usages() {
    usage && usage half.txt && usage half.txt --garble && usage half.txt --plain --garble &&
        usage half.txt --garble --listen :0 --connect :1 && usage half.txt --plain --input 0 &&
        usage half.txt --plain --feedback 0=x && usage half.txt half.txt --plain && usage half.txt --plain --repeat 0
}
point "wrong usage" usages

interrupted() {
    start g circuit half.txt --garble --listen 127.0.0.1:0 --input 0=1 && port g the && kill -TERM "$(cat g.pid)" &&
        ends g 'told to stop'
}
point "a side that waits can be stopped" interrupted
