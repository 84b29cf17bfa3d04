/* The kernel tests' harness: tiers, guard pages, reproducible data. */
#include "tests/harness.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>
#include <unistd.h>

#include "dispatch/cpu.h"

enum { CANARY = 0xa5, SPARES = 64 };

static double chosen_multiplier = -1;
static unsigned chosen_tiers = ~0u;
static unsigned tiers_run;
static harness_buffer spares[SPARES]; /* freed maps: system calls are most of a small check */
static char message[1024] = "no check failed";

static uint64_t seed(void)
{
    const char *text = getenv("SONIC_TEST_SEED");
    return text && *text ? strtoull(text, NULL, 0) : UINT64_C(20230117);
}

static double multiplier(void)
{
    if (chosen_multiplier < 0) {
        const char *text = getenv("SONIC_TEST_MULTIPLIER");
        const double value = text && *text ? strtod(text, NULL) : 1;
        chosen_multiplier = value > 0 ? value : 1;
    }
    return chosen_multiplier;
}

void harness_set_multiplier(double value)
{
    chosen_multiplier = value;
}

void harness_set_tiers(unsigned tiers)
{
    chosen_tiers = tiers;
}

unsigned harness_tiers_run(void)
{
    return tiers_run;
}

size_t harness_rounds(size_t n)
{
    const double scaled = (double)n * multiplier();
    return scaled < 1 ? 1 : (size_t)scaled;
}

bool harness_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return false;
}

const char *harness_message(void)
{
    return message;
}

bool harness_each_tier(sonic_primitive primitive, harness_check check)
{
    const unsigned present = sonic_cpu_tiers();
    sonic_kernels ref;
    sonic_kernels_select(&ref, 1u << SONIC_TIER_REF);
    tiers_run = 0;
    for (unsigned t = 0; t < SONIC_TIERS; t++) {
        sonic_kernels kernels;
        sonic_kernels_select(&kernels, present & ((2u << t) - 1));
        if (!(present & chosen_tiers & 1u << t) || kernels.chosen[primitive] != (sonic_tier)t)
            continue;
        tiers_run++;
        harness_tier tier = {&kernels, &ref, {seed()}};
        if (!check(&tier)) {
            char cause[sizeof message];
            memcpy(cause, message, sizeof cause);
            return harness_fail("%s, tier %s, SONIC_TEST_SEED=%llu: %.800s",
                                sonic_primitive_name(primitive), sonic_tier_name((sonic_tier)t),
                                (unsigned long long)seed(), cause);
        }
    }
    return true;
}

static bool is_prime(size_t n)
{
    for (size_t d = 2; d * d <= n; d++)
        if (n % d == 0)
            return false;
    return n > 1;
}

size_t harness_sizes(size_t *sizes, size_t max, size_t batch)
{
    const bool sample = multiplier() < 1;
    size_t count = 0;
    for (size_t n = 0; n <= 2 * batch + 3 && count < max; n++) {
        const bool near = n % batch <= 1 || n % batch == batch - 1;
        if (!sample || near || n % 13 == 5)
            sizes[count++] = n;
    }
    for (size_t n = 3 * batch; n <= 16 * batch && count < max; n += 1 + n / 3)
        for (size_t p = n;; p++)
            if (is_prime(p)) {
                sizes[count++] = p;
                break;
            }
    return count;
}

uint64_t harness_next(harness_random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

size_t harness_below(harness_random *random, size_t n)
{
    return (size_t)(harness_next(random) % n);
}

static uint32_t word(harness_random *random, harness_fill_kind kind)
{
    static const uint32_t corners[] = {0, 1, 0xffffffff, 0x7fffffff, 0x80000000};
    switch (kind) {
    case HARNESS_ZEROS: return 0;
    case HARNESS_ONES: return 0xffffffff;
    case HARNESS_TOP_BITS: return 0x80000000;
    case HARNESS_MIXED: return corners[harness_below(random, sizeof corners / sizeof *corners)];
    default: return (uint32_t)(harness_next(random) >> 32);
    }
}

void harness_fill(harness_random *random, void *out, size_t n, harness_fill_kind kind)
{
    uint8_t *bytes = out;
    for (size_t done = 0; done < n; done += 4) {
        const uint32_t w = word(random, kind);
        memcpy(bytes + done, &w, n - done < 4 ? n - done : 4);
    }
}

static uint8_t *map_guarded(size_t mapped, size_t page)
{
    for (unsigned i = 0; i < SPARES; i++)
        if (spares[i].mapped == mapped) {
            spares[i].mapped = 0;
            return spares[i].map;
        }
    uint8_t *map = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map, page, PROT_NONE) != 0 ||
        mprotect(map + mapped - page, page, PROT_NONE) != 0) {
        perror("harness: mapping a buffer");
        abort();
    }
    return map;
}

harness_buffer harness_buffer_make(size_t n, harness_place place, size_t gap)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t inner = (n + gap + page - 1) / page * page;
    harness_buffer buffer = {.n = n, .mapped = inner + 2 * page};
    buffer.map = map_guarded(buffer.mapped, page);
    buffer.data =
        place == HARNESS_AT_START ? buffer.map + page + gap : buffer.map + page + inner - n - gap;
    memset(buffer.map + page, CANARY, inner);
    return buffer;
}

static bool all_canaries(const uint8_t *p, size_t n)
{
    return n == 0 || (p[0] == CANARY && memcmp(p, p + 1, n - 1) == 0);
}

bool harness_buffer_intact(const harness_buffer *buffer)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const uint8_t *const start = buffer->map + page, *const end =
                                                         buffer->map + buffer->mapped - page;
    const uint8_t *const after = buffer->data + buffer->n;
    return all_canaries(start, (size_t)(buffer->data - start)) &&
           all_canaries(after, (size_t)(end - after));
}

void harness_buffer_free(harness_buffer *buffer)
{
    unsigned i = 0;
    while (i < SPARES && spares[i].mapped > 0)
        i++;
    if (i < SPARES)
        spares[i] = *buffer;
    else
        munmap(buffer->map, buffer->mapped);
    *buffer = (harness_buffer){0};
}
