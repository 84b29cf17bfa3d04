/* The checks of kernels/garble on every tier of this processor. */
#include <criterion/criterion.h>

#include "tests/checks.h"

SONIC_GARBLE_CHECKS(SONIC_KERNEL_TEST)
