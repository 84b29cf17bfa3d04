/* Taking names apart: prim/op/shape/tier, competitor/who/op/shape,
 * layer/kind/shape/[gc/ or fss/]ring/channel.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "bench/report.h"
#include "dispatch/error.h"
#include "dispatch/kernels.h"

enum { PARTS_MAX = 16 };

static int tier_of(const char *text)
{
    for (unsigned t = 0; t < SONIC_TIERS; t++)
        if (strcmp(text, sonic_tier_name((sonic_tier)t)) == 0)
            return (int)t;
    return -1;
}

/* What Google Benchmark appends to names, of no interest to a reader. */
static bool modifier(const char *part)
{
    static const char *const known[] = {"min_time:",  "min_warmup_time:", "iterations:",
                                        "repeats:",   "process_time",     "real_time",
                                        "manual_time"};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (strncmp(part, known[k], strlen(known[k])) == 0)
            return true;
    return false;
}

/* Whether a part says how a layer was run, not which layer it is.  The one after the kind never
 * does: it may be 64, elements. */
static bool manner(const char *const *parts, size_t i)
{
    static const char *const known[] = {"memory", "tcp",    "loopback", "32",    "64",     "mod32",
                                        "mod64",  "ring32", "ring64",   "local", "sealed", "gc",
                                        "fss"};
    if (i <= 2)
        return false;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (strcmp(parts[i], known[k]) == 0)
            return true;
    return tier_of(parts[i]) >= 0 || strchr(parts[i], ':') != NULL;
}

/* Splits at slashes; what is beyond PARTS_MAX parts stays in the last one. */
static size_t split(char *text, const char *parts[PARTS_MAX])
{
    size_t n = 0;
    for (parts[n++] = text; n < PARTS_MAX && (text = strchr(text, '/')); n++) {
        *text++ = 0;
        parts[n] = text;
    }
    return n;
}

/* Appends parts from..to - 1, joined, for which `only(parts, i) == wanted`; the string made. */
static const char *join(char **room, const char *const *parts, size_t from, size_t to,
                        bool only(const char *const *parts, size_t i), bool wanted,
                        const char *between)
{
    char *start = *room, *at = start;
    *at = 0;
    for (size_t i = from; i < to; i++) {
        if (only && only(parts, i) != wanted)
            continue;
        const size_t n = strlen(parts[i]), gap = at > start ? strlen(between) : 0;
        memcpy(at, between, gap);
        memcpy(at + gap, parts[i], n + 1);
        at += gap + n;
    }
    *room = at + 1;
    return start;
}

static unsigned bits_of(const char *op)
{
    const size_t n = strlen(op);
    if (n < 2)
        return 0;
    return strcmp(op + n - 2, "64") == 0 ? 64 : strcmp(op + n - 2, "32") == 0 ? 32 : 0;
}

sonic_status report_name(report_bench *bench, sonic_error *error)
{
    const size_t bytes = strlen(bench->name) + 1;
    const char *parts[PARTS_MAX];
    /* The parts, and again as they are joined, with wider separators. */
    char *room = malloc(4 * bytes + 4 * PARTS_MAX);
    if (!room)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    bench->parts = room;
    memcpy(room, bench->name, bytes);
    size_t n = split(room, parts);
    room += bytes;
    while (n > 1 && modifier(parts[n - 1]))
        n--;
    bench->tier = -1;
    if (strcmp(parts[0], "competitor") == 0 && n > 1) {
        bench->kind = REPORT_COMPETITOR;
        bench->group = "";
        bench->variant = parts[1];
        bench->op = n > 2 ? parts[2] : parts[1];
        bench->shape = join(&room, parts, 3, n, NULL, true, "/");
    } else if (strcmp(parts[0], "layer") == 0 && n > 1) {
        bench->kind = REPORT_LAYER;
        bench->group = parts[1];
        bench->op = join(&room, parts, 2, n, manner, true, " · ");
        bench->shape = join(&room, parts, 2, n, manner, false, "/");
        bench->variant = "";
    } else {
        const bool tail = n > 2 && (tier_of(parts[n - 1]) >= 0 || n > 3);
        bench->kind = REPORT_KERNEL;
        bench->group = n > 1 ? parts[0] : "other";
        bench->op = n > 1 ? parts[1] : parts[0];
        bench->variant = tail ? parts[n - 1] : "";
        bench->shape = join(&room, parts, 2, tail ? n - 1 : n, NULL, true, "/");
        bench->tier = tier_of(bench->variant);
    }
    bench->bits = bits_of(bench->op);
    return SONIC_OK;
}
