#!/bin/sh
# All inputs of the trained networks between two server processes: within the proven error of the plain
# reference, and the float network's class on 99.5% of all inputs.  f3 on 1,000 images of Fashion-MNIST:
# within half a point of the float network's accuracy.  Prints TAP.
# shellcheck source=tests/programs_lib.sh disable=SC2154
. "$top_srcdir/tests/programs_lib.sh"
agree=$top_builddir/tests/agree
data=/usr/share/datasets/fashion-mnist
echo "1..9"

# Where a network and its inputs are, or nothing.
find_model() {
    for dir in "${SONIC_MODELS:-/nonexistent}" "$top_srcdir/../shared/models"; do
        [ ! -f "$dir/$1.input.npy" ] || { echo "$dir/$1"; return; }
    done
}

# secure NAME MODEL DATA COUNT BATCH RING: NAME.npy, computed by two servers.
secure() {
    "$sonicnn" share-model "$2" -o "$1" --ring "$6" >"$1.layers" &&
        "$sonicnn" share-input "$1.graph" "$3" --count "$4" --batch "$5" -o "$1.in" &&
        "$sonicnn" deal "$1.graph" --count $((($4 + $5 - 1) / $5)) --batch "$5" -o "$1.pool" || return 1
    two_servers "$1" "$1.pool" --requests 1 && infer "$1.in" "$1.out" || { cat s0.err s1.err; return 1; }
    [ "$(code s0)" = 0 ] && [ "$(code s1)" = 0 ] && "$sonicnn" reveal "$1.out" --npy "$1.npy" >/dev/null
}

all=0 same=0
network() {
    from=$(find_model "$1")
    secure "$1" "$from.onnx" "$from.input.npy" 200 "$2" 64 &&
        "$sonicnn" plain "$from.onnx" "$from.input.npy" --count 200 --npy "$1.plain.npy" >/dev/null &&
        "$agree" "$1.graph" "$1.npy" "$1.plain.npy" "$from.logits.npy" >agree.out || return 1
    read -r images agreeing <agree.out
    echo "$agreeing of $images" && all=$((all + images)) same=$((same + agreeing)) && rm -f "$1".*
}
for name in m1 m2 m3 f3 c1 r20; do
    what="$name: 200 inputs on two servers, within the proven error of the plain reference"
    batch=100
    case $name in c1 | r20) batch=25 ;; esac
    if [ -z "$(find_model $name)" ]; then skip "$what" "no $name.input.npy (SONIC_MODELS)"
    elif [ -n "${SANITIZED-}" ] && [ $name != m2 ]; then skip "$what" "too slow with sanitizers"
    else point "$what" network $name $batch; fi
done
if [ $all = 0 ]; then skip "the float network's class on 99.5% of all inputs" "no inputs"
else point "the float network's class on 99.5% of all inputs: $same of $all" [ $((same * 1000)) -ge $((all * 995)) ]; fi

# right FILE: how many are right in a table with labels.
right() { sed -n 's/^accuracy .*(\([0-9]*\) of 1000)$/\1/p' "$1"; }
fashion() {
    images=$(unpacked $data/t10k-images-idx3-ubyte.gz) labels=$(unpacked $data/t10k-labels-idx1-ubyte.gz)
    secure "f3r$1" "$model" "$images" 1000 250 "$1" &&
        "$sonicnn" reveal "f3r$1.out" --labels "$labels" >secure.txt &&
        "$sonicnn" plain "$model" "$images" --count 1000 --labels "$labels" --real >real.txt || return 1
    echo "secure $(right secure.txt), real $(right real.txt)"
    difference=$(($(right secure.txt) - $(right real.txt)))
    [ $difference -le 5 ] && [ $difference -ge -5 ]
}
for ring in 32 64; do
    what="f3, ring $ring: accuracy on 1,000 test images within 0.5 points of the float network's"
    if [ ! -f $data/t10k-images-idx3-ubyte.gz ]; then skip "$what" "no dataset-fashion-mnist"
    elif [ -n "${SANITIZED-}" ]; then skip "$what" "too slow with sanitizers"
    else point "$what" fashion $ring; fi
done
