/* Making a context: which tiers, how many threads. */
#include "dispatch/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "dispatch/cpu.h"
#include "dispatch/error.h"

/* Also what a caller may ask for: more than any machine has, and no size overflows with it. */
enum { MAX_THREADS = 1024 };

/* "ref, aesni, avx2": the names of the tiers in the mask. */
static void list_tiers(char *text, size_t n, unsigned tiers)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned t = 0; t < SONIC_TIERS && used < n; t++)
        if (tiers >> t & 1)
            used += (size_t)snprintf(text + used, n - used, "%s%s", used > 0 ? ", " : "",
                                     sonic_tier_name((sonic_tier)t));
}

/* The mask of the tiers up to the one named; `origin` says who named it. */
static sonic_status tiers_up_to(unsigned *tiers, const char *name, const char *origin,
                                sonic_error *error)
{
    const unsigned present = sonic_cpu_tiers();
    char names[128];
    for (unsigned t = 0; t < SONIC_TIERS; t++) {
        if (strcmp(name, sonic_tier_name((sonic_tier)t)) != 0)
            continue;
        list_tiers(names, sizeof names, present);
        if (!(present >> t & 1))
            return sonic_fail(error, SONIC_E_ARGUMENT,
                              "%s asks for tier %s, which this processor or build lacks; it has %s",
                              origin, name, names);
        *tiers = present & ((2u << t) - 1);
        return SONIC_OK;
    }
    list_tiers(names, sizeof names, (1u << SONIC_TIERS) - 1);
    return sonic_fail(error, SONIC_E_ARGUMENT, "%s names no tier: '%.40s'; the tiers are %s",
                      origin, name, names);
}

sonic_status sonic_context_create(sonic_context **context, const sonic_context_options *options,
                                  sonic_error *error)
{
    unsigned tiers = sonic_cpu_preferred();
    const char *name = options ? options->tier : NULL, *origin = "the option tier";
    if (!context)
        return sonic_fail(error, SONIC_E_ARGUMENT, "no place for the context was given");
    *context = NULL;
    if (!name) {
        name = getenv("SONIC_TIER");
        origin = "SONIC_TIER";
        if (name && !*name)
            name = NULL;
    }
    if (name) {
        sonic_status status = tiers_up_to(&tiers, name, origin, error);
        if (status)
            return status;
    }
    int threads = options ? options->threads : 0;
    if (threads < 0 || threads > MAX_THREADS)
        return sonic_fail(error, SONIC_E_ARGUMENT, "%d threads are outside of 0 to %d", threads,
                          MAX_THREADS);
#ifdef _OPENMP
    if (threads == 0)
        threads = omp_get_max_threads();
#else
    threads = 1;
#endif
    if (threads < 1)
        threads = 1;
    if (threads > MAX_THREADS)
        threads = MAX_THREADS;

    sonic_context *made = calloc(1, sizeof *made);
    if (!made)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for a context");
    sonic_kernels_select(&made->kernels, tiers);
    made->threads = threads;
    *context = made;
    return SONIC_OK;
}

void sonic_context_free(sonic_context *context)
{
    free(context);
}

const char *sonic_context_tier(const sonic_context *context)
{
    return sonic_tier_name(context->kernels.tier);
}

const char *sonic_context_kernel(const sonic_context *context, const char *primitive)
{
    for (unsigned p = 0; p < SONIC_PRIMITIVES; p++)
        if (strcmp(primitive, sonic_primitive_name((sonic_primitive)p)) == 0)
            return sonic_tier_name(context->kernels.chosen[p]);
    return NULL;
}
