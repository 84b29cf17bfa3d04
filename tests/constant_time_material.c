/* Two servers that make material of comparisons by oblivious transfer, with secret streams, choices
 * and delta, over a memory channel. */
#include "tests/constant_time.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/offline/ot_relu.h"
#include "proto/share/file.h"
#include "proto/share/spill.h"

enum { N = 70, SHIFT = 16, K = 4, TIMEOUT_MS = 120000 };

/* What goes to files is counted on the way: the linker (--wrap) puts this between. */
static _Atomic size_t written, written_secret;

sonic_status __real_sonic_spill_write(int fd, uint64_t at, const void *data, size_t n,
                                      sonic_error *error);
sonic_status __wrap_sonic_spill_write(int fd, uint64_t at, const void *data, size_t n,
                                      sonic_error *error);

sonic_status __wrap_sonic_spill_write(int fd, uint64_t at, const void *data, size_t n,
                                      sonic_error *error)
{
    written += n;
    written_secret += secret_count(data, n);
    return __real_sonic_spill_write(fd, at, data, n, error);
}

typedef struct maker {
    const sonic_context *context;
    sonic_channel *channel;
    unsigned party;
    uint32_t high[N], u[N]; /* what it keeps of a truncation */
} maker;

static void require_ok(sonic_status status, const sonic_error *error)
{
    constant_time_require(status == SONIC_OK, "%s", error->text);
}

static void make_relus(sonic_ot_pair *pair, const sonic_material *streams, int file)
{
    static const sonic_truncation truncation[] = {SONIC_TRUNC_LOCAL, SONIC_TRUNC_STOCHASTIC};
    sonic_error error;
    for (uint32_t i = 0; i < 4; i++) {
        const sonic_relu_call call = {
            .n = N, .shift = SHIFT, .truncation = truncation[i % 2], .index = i};
        require_ok(sonic_ot_relu_make(pair, streams, i < 2 ? SONIC_RING_32 : SONIC_RING_64, &call,
                                      file, 0, &error),
                   &error);
    }
}

static void *make_all(void *arg)
{
    maker *m = arg;
    sonic_material streams = {.context = m->context, .party = m->party};
    uint8_t seed[SONIC_SEED_BYTES];
    sonic_ot_pair pair;
    sonic_error error;
    int file;
    memset(seed, 0x42 + (int)m->party, sizeof seed);
    secret_hide(seed, sizeof seed);
    sonic_material_key(m->context, &streams.key, seed, 1, 2);
    require_ok(sonic_anonymous_file(&file, NULL, &error), &error);
    require_ok(sonic_ot_pair_create(&pair, m->context, m->channel, m->party, K, NULL, &error),
               &error);
    make_relus(&pair, &streams, file);
    require_ok(sonic_ot_trunc_make(&pair, &streams, SONIC_RING_32, SHIFT, N, file, 0, &error),
               &error);
    require_ok(sonic_spill_read(file, 0, m->high, sizeof m->high, &error), &error);
    require_ok(sonic_spill_read(file, 2 * sizeof m->u, m->u, sizeof m->u, &error), &error);
    sonic_ot_pair_free(&pair);
    (void)close(file);
    return NULL;
}

void constant_time_material(const sonic_context *context)
{
    static maker both[2];
    pthread_t thread;
    sonic_error error;
    for (unsigned i = 0; i < 2; i++)
        both[i] = (maker){.context = context, .party = i};
    written = written_secret = 0;
    require_ok(
        sonic_channel_memory_pair(&both[0].channel, &both[1].channel, 1 << 16, TIMEOUT_MS, &error),
        &error);
    constant_time_require(!pthread_create(&thread, NULL, make_all, &both[1]), "no thread");
    (void)make_all(&both[0]);
    (void)pthread_join(thread, NULL);
    sonic_channel_free(both[0].channel);
    sonic_channel_free(both[1].channel);

    /* Of 64 bits of a wrap word 2 SHIFT are used. */
    constant_time_require(written > 0 && written_secret == written - 2 * N * (8 - 2 * SHIFT / 8),
                          "of %zu bytes that are kept, %zu are secret", (size_t)written,
                          (size_t)written_secret);
    secret_open(both, sizeof both);
    for (size_t i = 0; i < N; i++) {
        const uint32_t u = both[0].u[i] + both[1].u[i];
        constant_time_require(both[0].high[i] + both[1].high[i] + (u >> SHIFT) == 0,
                              "u >> %d of element %zu is wrong", SHIFT, i);
    }
}
