/* tier_check MULTIPLIER [TIER...]: the kernels' checks in one process without a test framework, for
 * a processor that is emulated.  With TIERs only theirs, and it is a failure if the processor lacks
 * one.  Prints TAP. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/cpu.h"
#include "tests/checks.h"

typedef struct row {
    const char *name;
    sonic_primitive primitive;
    harness_check check;
} row;

#define ROW(PRIMITIVE, primitive, name) \
    {#primitive " " #name, SONIC_PRIMITIVE_##PRIMITIVE, check_##primitive##_##name},
static const row rows[] = {
    SONIC_AES_CHECKS(ROW)
    SONIC_GARBLE_CHECKS(ROW)
    SONIC_OT_CHECKS(ROW)
    SONIC_BITMAT_CHECKS(ROW)
    SONIC_BOOL_CHECKS(ROW)
    SONIC_VEC_CHECKS(ROW)
    SONIC_RING_CHECKS(ROW)
    SONIC_CONV_CHECKS(ROW)
    SONIC_VOLE_CHECKS(ROW)
    SONIC_DPF_CHECKS(ROW)
};

enum { ROWS = sizeof rows / sizeof *rows };

/* The mask of the tier of that name; 0 if the processor lacks it. */
static unsigned tier_mask(const char *name)
{
    for (unsigned t = 0; t < SONIC_TIERS; t++)
        if (strcmp(sonic_tier_name((sonic_tier)t), name) == 0)
            return sonic_cpu_tiers() & 1u << t;
    return 0;
}

int main(int argc, char **argv)
{
    char text[256];
    bool good = true;
    if (argc < 2) {
        fprintf(stderr, "usage: tier_check MULTIPLIER [TIER...]\n");
        return 2;
    }
    harness_set_multiplier(strtod(argv[1], NULL));
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..%d\n", ROWS + 1);
    sonic_cpu_name(text, sizeof text);
    printf("# %s\n", text);
    sonic_cpu_features(text, sizeof text);
    printf("# %s\n", text);
    unsigned tiers = argc < 3 ? sonic_cpu_tiers() : 0;
    bool present = true;
    for (int i = 2; i < argc; i++) {
        tiers |= tier_mask(argv[i]);
        present = present && tier_mask(argv[i]);
    }
    harness_set_tiers(tiers);
    printf("%s 1 - the processor has the tiers asked for\n", present ? "ok" : "not ok");
    for (int i = 0; i < ROWS; i++) {
        const bool passed = harness_each_tier(rows[i].primitive, rows[i].check);
        printf("%s %d - %s%s\n", passed ? "ok" : "not ok", i + 2, rows[i].name,
               harness_tiers_run() > 0 ? "" : " # SKIP the tier has no such kernels");
        if (!passed)
            printf("# %s\n", harness_message());
        good = good && passed;
    }
    return good && present ? 0 : 1;
}
