/* The sessions of the constant-time tests without valgrind: two servers in two threads of one process,
 * on every tier.  A plain program, because Criterion does not run under the thread sanitizer.  Prints
 * TAP. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "dispatch/cpu.h"
#include "tests/constant_time.h"

/* Nothing watches here: what is hidden stays as it is, and counts as secret. */
void secret_hide(const void *data, size_t n)
{
    (void)data;
    (void)n;
}

void secret_open(const void *data, size_t n)
{
    secret_hide(data, n);
}

size_t secret_count(const void *data, size_t n)
{
    (void)data;
    return n;
}

void constant_time_require(bool holds, const char *format, ...)
{
    va_list list;
    if (holds)
        return;
    va_start(list, format);
    (void)printf("not ok - ");
    (void)vprintf(format, list);
    (void)printf("\n");
    va_end(list);
    exit(1);
}

int main(void)
{
    unsigned tiers = sonic_cpu_tiers(), n = 0;
    (void)printf("1..%d\n", 2 * __builtin_popcount(tiers));
    for (unsigned t = 0; t < SONIC_TIERS; t++) {
        if (!(tiers >> t & 1))
            continue;
        const char *name = sonic_tier_name((sonic_tier)t);
        const sonic_context_options options = {.tier = name, .threads = 1};
        sonic_context *context;
        sonic_error error = {0};
        constant_time_require(!sonic_context_create(&context, &options, &error), "%s", error.text);
        constant_time_relu(context);
        (void)printf("ok %u - relu between two threads, %s\n", ++n, name);
        constant_time_session(context);
        (void)printf("ok %u - a network of all layers between two threads, %s\n", ++n, name);
        sonic_context_free(context);
    }
    return 0;
}
