/* How many people earn more than a sum, and how much on average, without their telling anyone what
 * they earn: each makes keys of a step at their income and sends one to either of two servers.  The
 * servers, which must not be in league, learn the two totals; here one process plays everybody.
 *
 *   cc dpf.c $(pkg-config --cflags --libs sonicnn) -o dpf && ./dpf 30000 21000 45000 90000 18000
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <sonicnn/dpf.h>

static const sonic_dpf_shape shape = {SONIC_DPF_STEP, SONIC_RING_64, 64, 1};

static void check(int failed, const char *why)
{
    if (failed && fprintf(stderr, "dpf: %s\n", why))
        exit(1);
}

/* A person: (1, income) to be counted for every x below the income. */
static void person(const sonic_context *context, uint8_t *key0, uint8_t *key1, uint64_t income)
{
    const uint64_t beta[2] = {1, income};
    sonic_error error;
    check(sonic_dpf_generate(context, &shape, key0, key1, &income, beta, &error), error.text);
}

/* A server, which gets a key of one more person. */
static void server(const sonic_context *context, uint64_t total[2], const uint8_t *key,
                   size_t bytes, uint64_t x)
{
    uint64_t share[2];
    sonic_error error;
    check(sonic_dpf_eval(context, &shape, share, key, bytes, &x, &error), error.text);
    for (int i = 0; i < 2; i++)
        total[i] += share[i];
}

int main(int argc, char **argv)
{
    uint64_t total[2][2] = {{0}};
    sonic_context *context;
    sonic_error error;
    size_t bytes;
    check(argc < 3, "what sum, and what has each?");
    check(sonic_context_create(&context, NULL, &error), error.text);
    check(sonic_dpf_bytes(&bytes, &shape, &error), error.text);
    uint8_t *keys = malloc(2 * bytes);
    check(!keys, "no memory");
    for (int i = 2; i < argc; i++) {
        person(context, keys, keys + bytes, strtoull(argv[i], NULL, 10));
        for (int s = 0; s < 2; s++)
            server(context, total[s], keys + (size_t)s * bytes, bytes, strtoull(argv[1], NULL, 10));
    }
    const uint64_t count = total[0][0] + total[1][0], sum = total[0][1] + total[1][1];
    printf("%" PRIu64 " of %d, %" PRIu64 " on average\n", count, argc - 2, count ? sum / count : 0);
    free(keys);
    sonic_context_free(context);
}
