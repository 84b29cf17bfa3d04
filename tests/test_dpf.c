/* The checks of kernels/dpf on every tier of this processor. */
#include <criterion/criterion.h>

#include "tests/checks.h"

SONIC_DPF_CHECKS(SONIC_KERNEL_TEST)
