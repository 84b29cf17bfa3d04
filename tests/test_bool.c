/* The checks of kernels/bool on every tier of this processor. */
#include <criterion/criterion.h>

#include "tests/checks.h"

SONIC_BOOL_CHECKS(SONIC_KERNEL_TEST)
