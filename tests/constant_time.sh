#!/bin/sh
# Branches and addresses that depend on a secret, reported by valgrind: none in the kernels, in oblivious
# transfer, in point functions, in material, in a garbled circuit, in a ReLU and in a whole session on every tier
# that valgrind can run; and those in the programs that leak.  Prints TAP.
clean="aes garble ot-kernels bitmat bool vec ring conv vole dpf ot ot-api dpf-api material linear circuit relu session"
leaks="leak leak-address leak-share"

case $CONSTANT_TIME_REPORT in
yes) ;;
*) echo "1..0 # SKIP constant time: $CONSTANT_TIME_REPORT"; exit 0 ;;
esac
if [ ! -x "$VALGRIND" ]; then
    echo "1..0 # SKIP $VALGRIND is gone"
    exit 0
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export TMPDIR="$tmp" OMP_NUM_THREADS=1
program=$top_builddir/tests/constant_time
[ -x "$top_builddir/tests/.libs/constant_time" ] && program=$top_builddir/tests/.libs/constant_time

watch() { # watch [PART]: sets status
    "$VALGRIND" -q --error-exitcode=99 --track-origins=no --suppressions="$top_srcdir/tests/constant_time.supp" \
        "$program" "$@" >"$tmp/out" 2>"$tmp/err"
    status=$?
}
# Asked for no part, the program ends with status 2, but valgrind 3.19 gives up at clang's DWARF 5 before that.
watch
if [ $status != 2 ]; then
    "$STRIP" -g -o "$tmp/constant_time" "$program" && program=$tmp/constant_time
fi

n=0
check() { # check PART EXPECTED-STATUS WHAT
    watch "$1"
    n=$((n + 1))
    if [ $status = "$2" ]; then
        echo "ok $n - $1: $3"
    else
        echo "not ok $n - $1: $3"
        echo "# status $status, not $2"
        head -60 "$tmp/err" | sed 's/^/# /'
    fi
    cat "$tmp/out"
}
# shellcheck disable=SC2086
set -- $clean $leaks
echo "1..$(($# + 1))"
for part in $clean; do check "$part" 0 "no secret decides anything"; done
check no-leak 0 "what was opened may decide"
for part in $leaks; do check "$part" 99 "valgrind catches it"; done
