#!/bin/sh
# The deployment in the README, pasted into a shell with all hosts this one.  Prints TAP.
# shellcheck source=tests/programs_lib.sh disable=SC2154
. "$top_srcdir/tests/programs_lib.sh"
# Ten images without a dealer are a gigabyte of generator, which a sanitizer makes minutes of.
blocks='deploy without'
[ -z "${SANITIZED:-}" ] || blocks=deploy
echo "1..3"
mkdir models path && cp "$model" models/ && ln -s "$sonicnn" path/sonicnn || exit 1
# The README's ports may be in use here; from 32768 on the system itself gives ports to connections.
first=$((20000 + $$ % 3000 * 4))
{
    echo "PATH=$tmp/path:\$PATH S0=127.0.0.1 S1=127.0.0.1 D=127.0.0.1 IMAGES=$images LABELS=$labels"
    for block in $blocks; do
        sed -n "/^\`\`\`sh $block\$/,/^\`\`\`\$/p" "$top_srcdir/README.md" | sed '/^```/d' |
            sed "s/:7000/:$first/g; s/:7001/:$((first + 1))/g; s/:7010/:$((first + 2))/g; s/:7020/:$((first + 3))/g"
        echo wait
    done
} >pasted.sh
pasted() {
    timeout 100 sh -eu pasted.sh >pasted.out 2>&1
    rc=$?
    cat pasted.out
    return $rc
}
point "the README's deployment works as pasted" pasted
point "and classifies its images" grep -Eq '^accuracy [0-9.]+% \(1[5-9] of 20\)$|^accuracy 100' pasted.out
if [ "$blocks" = deploy ]; then
    echo "ok - in the same way without a dealer # SKIP under sanitizers"
else
    point "in the same way without a dealer" test "$(grep '^accuracy' pasted.out | sort -u | wc -l)" = 1 -a \
        "$(grep -c '^accuracy' pasted.out)" = 2
fi
