/* A ppa call: checks, workspace, and its log2 l + 2 rounds one after the other. */
#include "proto/compare/ppa.h"

#include <stdlib.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/compare/ppa_run.h"
#include "proto/share/secret.h"

/* Planes of the largest scratch: level 0 opens three planes for each of l/2 - 1 pairs. */
static size_t planes_max(sonic_ring ring)
{
    return 3 * ((size_t)ring / 2 - 1);
}

static size_t block_bytes(void *arg, size_t block)
{
    const sonic_ppa_run *run = arg;
    return sonic_ppa_wire_bytes(run->ring, run->round, sonic_ppa_rows(run, block));
}

uint64_t sonic_ppa_round_dealt_bytes(const sonic_ppa_run *run)
{
    return sonic_ppa_round_bytes(run->ring, run->round, run->call->n, run->call->shift,
                                 run->call->truncation);
}

static sonic_status run_rounds(sonic_ppa_run *run, sonic_channel *channel, sonic_error *error)
{
    unsigned last = sonic_ppa_levels(run->ring) + 1;
    sonic_round round = {
        .blocks = (run->call->n + SONIC_PPA_BLOCK - 1) / SONIC_PPA_BLOCK,
        .block_bytes = block_bytes,
        .arg = run,
    };
    for (run->round = 0; run->round <= last; run->round++) {
        round.produce = run->round == 0      ? sonic_ppa_and_produce
                        : run->round == last ? sonic_ppa_select_produce
                                             : sonic_ppa_carry_produce;
        round.consume = run->round == 0      ? sonic_ppa_and_consume
                        : run->round == last ? sonic_ppa_select_consume
                                             : sonic_ppa_carry_consume;
        sonic_status status = sonic_channel_round(channel, &round, error);
        if (status != SONIC_OK)
            return status;
        run->correction += sonic_ppa_round_dealt_bytes(run);
    }
    return SONIC_OK;
}

/* Words of each part of a call's memory. */
typedef struct layout {
    size_t state;  /* ring bits an element */
    size_t planes; /* a scratch buffer: the most planes a round opens, or an element each */
    size_t dealt;  /* the largest: up to four elements each */
    size_t bytes;  /* of all, a multiple of 64 */
} layout;

static bool lay_out(layout *l, sonic_ring ring, size_t n)
{
    size_t rows = n < SONIC_PPA_BLOCK ? n : SONIC_PPA_BLOCK;
    size_t element_words = (rows * sonic_ring_bytes(ring) + 7) / 8, words;
    l->planes = planes_max(ring) * sonic_ppa_words(rows);
    l->planes = (l->planes + 7) / 8 * 8; /* cache lines */
    l->dealt = l->planes > 4 * element_words ? l->planes : 4 * element_words;
    l->dealt = (l->dealt + 7) / 8 * 8;
    if (!sonic_size_mul(&l->state, n / 64 + (n % 64 != 0), (size_t)ring) ||
        !sonic_size_add(&words, l->state, 4 * l->planes + l->dealt))
        return false;
    return sonic_size_mul(&l->bytes, words, 8); /* every part is a multiple of 8 words */
}

sonic_status sonic_ppa_relu(const sonic_context *context, sonic_channel *channel,
                            const sonic_material *material, sonic_ring ring,
                            const sonic_relu_call *call, void *x, sonic_error *error)
{
    layout l;
    size_t data;
    if (ring != SONIC_RING_32 && ring != SONIC_RING_64)
        return sonic_fail(error, SONIC_E_ARGUMENT, "a ring has 32 or 64 bits, not %d", (int)ring);
    if (call->shift > (unsigned)ring / 2)
        return sonic_fail(error, SONIC_E_ARGUMENT, "a relu cannot drop %u of %d bits", call->shift,
                          (int)ring);
    if (call->n == 0)
        return SONIC_OK;
    if (!lay_out(&l, ring, call->n) || !sonic_size_mul(&data, call->n, sonic_ring_bytes(ring)))
        return sonic_fail(error, SONIC_E_SHAPE, "a relu of %zu elements is too large", call->n);

    uint64_t *memory = aligned_alloc(64, l.bytes);
    if (memory == NULL)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for a relu of %zu elements", call->n);
    sonic_ppa_run run = {
        .context = context,
        .material = material,
        .call = call,
        .ring = ring,
        .correction = call->correction,
        .x = x,
        .bits = memory,
        .mask = memory + l.planes,
        .planes = memory + 2 * l.planes,
        .packed = memory + 3 * l.planes,
        .dealt = memory + 4 * l.planes,
        .state = memory + 4 * l.planes + l.dealt,
    };
    sonic_status status = run_rounds(&run, channel, error);
    sonic_secret_free(memory, l.bytes);
    if (status != SONIC_OK)
        sodium_memzero(x, data);
    return status;
}
