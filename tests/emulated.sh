#!/bin/sh
# The kernels' checks on a processor that has AVX-512: this one if it has, in seconds, else an emulated one, in
# minutes.  SONIC_EMULATOR is the path of a program that runs another one on such a processor and returns its
# exit status (CI sets it).  Prints TAP.
tiers=${SONIC_EMULATED_TIERS-avx512 avx512ifma}
program=$top_builddir/tests/tier_check
[ -x "$top_builddir/tests/.libs/tier_check" ] && program=$top_builddir/tests/.libs/tier_check

# shellcheck disable=SC2086
own=$("$program" 0.1 $tiers)
status=$?
if printf '%s\n' "$own" | grep -q '^ok 1 '; then
    printf '%s\n' "$own"
    exit $status
fi
if [ -z "${SONIC_EMULATOR-}" ]; then
    echo '1..0 # SKIP this processor has no AVX-512, and SONIC_EMULATOR is not set'
    exit 0
fi
if [ ! -x "$SONIC_EMULATOR" ]; then
    echo "Bail out! SONIC_EMULATOR is '$SONIC_EMULATOR', which cannot be run"
    exit 1
fi
# A tenth of the repetitions: the emulator runs some tens of millions of instructions a second.
# shellcheck disable=SC2086
"$SONIC_EMULATOR" -t 600 "$program" 0.1 $tiers
status=$?
[ $status -eq 0 ] || echo "Bail out! the emulated run ended with status $status"
exit $status
