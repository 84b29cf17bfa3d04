/* The checks of kernels/aes on every tier of this processor. */
#include <criterion/criterion.h>

#include "tests/checks.h"

SONIC_AES_CHECKS(SONIC_KERNEL_TEST)
