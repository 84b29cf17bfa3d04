/* constant_time PART: one part of the constant-time checks on every tier; run by constant_time.sh
 * under valgrind, whose exit status says whether a secret leaked. */
#include "tests/constant_time.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <valgrind/memcheck.h>

#include "dispatch/cpu.h"

void secret_hide(const void *data, size_t n)
{
    (void)VALGRIND_MAKE_MEM_UNDEFINED(data, n);
}

void secret_open(const void *data, size_t n)
{
    (void)VALGRIND_MAKE_MEM_DEFINED(data, n);
}

size_t secret_count(const void *data, size_t n)
{
    uint8_t *bits = malloc(n + 1);
    size_t count = 0;
    constant_time_require(bits != NULL, "out of memory");
    constant_time_require(n == 0 || VALGRIND_GET_VBITS(data, bits, n) == 1, "no such memory");
    for (size_t i = 0; i < n; i++)
        count += bits[i] != 0;
    free(bits);
    return count;
}

void constant_time_require(bool holds, const char *format, ...)
{
    va_list list;
    if (holds)
        return;
    va_start(list, format);
    (void)printf("# ");
    (void)vprintf(format, list);
    (void)printf("\n");
    va_end(list);
    exit(1);
}

static volatile unsigned sink;

static void branch_on(const uint8_t *bit)
{
    if (*bit & 1)
        sink = 1;
}

static void leak(const sonic_context *context)
{
    uint8_t bit = 1;
    (void)context;
    secret_hide(&bit, 1);
    branch_on(&bit);
}

static void leak_address(const sonic_context *context)
{
    static volatile uint8_t table[256];
    uint8_t byte = 200;
    (void)context;
    secret_hide(&byte, 1);
    sink = table[byte];
}

/* What leak() does, with a bit that has been opened. */
static void no_leak(const sonic_context *context)
{
    uint8_t bit = 1;
    (void)context;
    secret_hide(&bit, 1);
    constant_time_require(secret_count(&bit, 1) == 1, "a secret is not secret");
    secret_open(&bit, 1);
    branch_on(&bit);
}

static const struct {
    const char *name;
    constant_time_part run;
    bool once; /* with the highest tier only */
} parts[] = {
    {"aes", constant_time_aes, false},
    {"garble", constant_time_garble, false},
    {"ot-kernels", constant_time_ot_kernels, false},
    {"bitmat", constant_time_bitmat, false},
    {"bool", constant_time_bool, false},
    {"vec", constant_time_vec, false},
    {"ring", constant_time_ring, false},
    {"conv", constant_time_conv, false},
    {"vole", constant_time_vole, false},
    {"dpf", constant_time_dpf, false},
    {"ot", constant_time_ot, false},
    {"ot-api", constant_time_ot_api, false},
    {"dpf-api", constant_time_dpf_api, false},
    {"material", constant_time_material, false},
    {"linear", constant_time_linear, false},
    {"circuit", constant_time_circuit, false},
    {"relu", constant_time_relu, false},
    {"session", constant_time_session, false},
    {"no-leak", no_leak, true},
    {"leak", leak, true},
    {"leak-address", leak_address, true},
    {"leak-share", constant_time_leak_share, true},
};

static void run_on(const char *tier, constant_time_part run)
{
    const sonic_context_options options = {.tier = tier, .threads = 1};
    sonic_context *context;
    sonic_error error = {0};
    constant_time_require(!sonic_context_create(&context, &options, &error), "%s", error.text);
    unsigned long before = VALGRIND_COUNT_ERRORS;
    run(context);
    (void)printf("# %s: %lu reports\n", sonic_context_tier(context),
                 VALGRIND_COUNT_ERRORS - before);
    (void)fflush(stdout);
    sonic_context_free(context);
}

int main(int argc, char **argv)
{
    if (argc != 2 || !RUNNING_ON_VALGRIND) {
        (void)fprintf(stderr, "usage: valgrind --error-exitcode=99 %s PART\n", argv[0]);
        return 2;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(argv[1], parts[i].name) != 0)
            continue;
        if (parts[i].once)
            run_on(NULL, parts[i].run);
        for (unsigned t = 0; !parts[i].once && t < SONIC_TIERS; t++)
            if (sonic_cpu_tiers() >> t & 1)
                run_on(sonic_tier_name((sonic_tier)t), parts[i].run);
        return 0;
    }
    (void)fprintf(stderr, "there is no part '%s'\n", argv[1]);
    return 2;
}
