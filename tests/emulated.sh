#!/bin/sh
# The kernels' checks on an emulated processor that has AVX-512: SONIC_EMULATOR is the path of a program that
# runs another one on such a processor and returns its exit status (CI sets it).  Prints TAP.
if [ -z "${SONIC_EMULATOR-}" ]; then
    echo '1..0 # SKIP SONIC_EMULATOR not set'
    exit 0
fi
if [ ! -x "$SONIC_EMULATOR" ]; then
    echo "Bail out! SONIC_EMULATOR is '$SONIC_EMULATOR', which cannot be run"
    exit 1
fi
program=$top_builddir/tests/tier_check
[ -x "$top_builddir/tests/.libs/tier_check" ] && program=$top_builddir/tests/.libs/tier_check
# A tenth of the repetitions: the emulator runs some tens of millions of instructions a second.
"$SONIC_EMULATOR" -t 600 "$program" 0.1 ${SONIC_EMULATED_TIERS-avx512 avx512ifma}
status=$?
[ $status -eq 0 ] || echo "Bail out! the emulated run ended with status $status"
exit $status
