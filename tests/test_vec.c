/* The checks of kernels/vec on every tier of this processor. */
#include <criterion/criterion.h>

#include "tests/checks.h"

SONIC_VEC_CHECKS(SONIC_KERNEL_TEST)
