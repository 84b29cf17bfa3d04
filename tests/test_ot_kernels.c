/* The checks of kernels/ot on every tier of this processor. */
#include <criterion/criterion.h>

#include "tests/checks.h"

SONIC_OT_CHECKS(SONIC_KERNEL_TEST)
