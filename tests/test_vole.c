/* The checks of kernels/vole on every tier of this processor. */
#include <criterion/criterion.h>

#include "tests/checks.h"

SONIC_VOLE_CHECKS(SONIC_KERNEL_TEST)
