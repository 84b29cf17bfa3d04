/* Comparisons that consume what the servers made by oblivious transfer and kept. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <unistd.h>

#include "proto/compare/ppa.h"
#include "proto/offline/ot_relu.h"
#include "proto/share/file.h"
#include "tests/random_test.h"
#include "tests/relu_run.h"

enum { AT = 11, SLOT = 2, NODE = 1, CALLS = 2 };

typedef struct comparison {
    test_relu relu; /* without pools */
    unsigned k;
    size_t n[CALLS];
    void *x[CALLS][2];
} comparison;

/* One node's calls, one after the other in one file: all are made, then all are run. */
static sonic_status run_calls(comparison *c, sonic_ot_pair *pair, sonic_material *material,
                              sonic_error *error)
{
    sonic_status status = SONIC_OK;
    uint64_t at = 0;
    sonic_relu_call call[CALLS];
    for (uint32_t i = 0; i < CALLS && !status; i++) {
        call[i] = c->relu.call;
        call[i].index = i;
        call[i].n = c->n[i];
        call[i].correction = at;
        status = sonic_ot_relu_make(pair, material, c->relu.ring, &call[i], material->file,
                                    material->offset + at, error);
        at += sonic_ot_relu_cost(c->k, c->relu.ring, call[i].n, call[i].shift, call[i].truncation)
                  .kept_bytes;
    }
    for (uint32_t i = 0; i < CALLS && !status; i++)
        status = sonic_ppa_relu(pair->context, pair->channel, material, c->relu.ring, &call[i],
                                c->x[i][pair->party], error);
    return status;
}

static sonic_status run_party(void *arg, unsigned party, sonic_channel *channel, sonic_error *error)
{
    comparison *c = arg;
    const uint8_t seed[SONIC_SEED_BYTES] = {(uint8_t)(party + 1)};
    sonic_ot_pair pair;
    sonic_material material;
    int file;
    sonic_test_seed(7 + party);
    cr_assert_eq(sonic_anonymous_file(&file, NULL, error), SONIC_OK, "%s", error->text);
    sonic_material_begin_made(&material, c->relu.context[party], party, seed, SLOT, NODE, file, AT);
    sonic_status status =
        sonic_ot_pair_create(&pair, c->relu.context[party], channel, party, c->k, NULL, error);
    if (!status)
        status = run_calls(c, &pair, &material, error);
    sonic_ot_pair_free(&pair);
    sonic_material_end(&material);
    close(file);
    return status;
}

static void check_comparison(sonic_ring ring, unsigned shift, sonic_truncation truncation)
{
    const unsigned bits = shift == 0                             ? (unsigned)ring
                          : truncation == SONIC_TRUNC_STOCHASTIC ? (unsigned)ring - 2
                                                                 : (unsigned)ring - 24;
    sonic_context *context;
    test_outcome outcome = {0};
    int64_t *secret[CALLS];
    uint64_t state = shift;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    comparison c = {.relu = {.context = {context, context},
                             .ring = ring,
                             .call = {.shift = shift, .truncation = truncation}},
                    .k = 4,
                    .n = {4096 + 77, 130}};
    for (size_t i = 0; i < CALLS; i++) {
        secret[i] = malloc(c.n[i] * sizeof *secret[i]);
        for (unsigned p = 0; p < 2; p++)
            c.x[i][p] = malloc(c.n[i] * (size_t)ring / 8);
        test_relu_inputs(ring, bits, secret[i], c.x[i], c.n[i], &state);
    }
    test_run(&outcome, run_party, &c);
    for (unsigned p = 0; p < 2; p++)
        cr_assert_eq(outcome.status[p], SONIC_OK, "%s", outcome.error[p].text);
    for (size_t i = 0; i < CALLS; i++) {
        c.relu.call.n = c.n[i];
        c.relu.x[0] = c.x[i][0];
        c.relu.x[1] = c.x[i][1];
        test_relu_check(&c.relu, secret[i], "with material by oblivious transfer");
        free(secret[i]);
        free(c.x[i][0]);
        free(c.x[i][1]);
    }
    sonic_context_free(context);
}

static void check_ring(sonic_ring ring)
{
    check_comparison(ring, 0, SONIC_TRUNC_STOCHASTIC);
    check_comparison(ring, 9, SONIC_TRUNC_LOCAL);
    check_comparison(ring, 13, SONIC_TRUNC_STOCHASTIC);
    check_comparison(ring, (unsigned)ring / 2, SONIC_TRUNC_STOCHASTIC);
}

Test(ot_compare, relu_in_32_bits)
{
    check_ring(SONIC_RING_32);
}

Test(ot_compare, relu_in_64_bits)
{
    check_ring(SONIC_RING_64);
}
