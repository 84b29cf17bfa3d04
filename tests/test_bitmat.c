/* The checks of kernels/bitmat on every tier of this processor. */
#include <criterion/criterion.h>

#include "tests/checks.h"

SONIC_BITMAT_CHECKS(SONIC_KERNEL_TEST)
