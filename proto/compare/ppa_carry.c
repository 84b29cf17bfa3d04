/* A level of the carry tree: pairs of blocks (G1, P1) over (G0, P0) become one, with P1, G0 and P0
 * opened under masks mu, nu and omega.  What a party can add of its own it adds when it opens, so
 * that nu and omega are expanded but once, straight into the message. */
#include "proto/compare/ppa_run.h"

/* Where the operands of pair i, counted from the top, are: positions of planes. */
typedef struct carry_pair {
    unsigned g1, p1, g0, p0; /* p1 and p0 in the state, or at level 0 among the own bits */
} carry_pair;

static carry_pair pair_at(sonic_ring ring, unsigned level, unsigned i)
{
    unsigned pairs = sonic_ppa_level_of(ring, level).pairs;
    if (level == 0) {
        unsigned high = (unsigned)ring - 2 - 2 * i;
        return (carry_pair){.g1 = high, .p1 = high, .g0 = high - 1, .p0 = high - 1};
    }
    unsigned span = 1u << level;        /* positions a block of this level advances by */
    unsigned low = 2 * (pairs - 1 - i); /* the lower block's number */
    unsigned g0 = (low + 1) * span - 2, g1 = g0 + span;
    return (carry_pair){.g1 = g1, .p1 = g1 - 1, .g0 = g0, .p0 = g0 - 1};
}

/* A level's message: planes of P1 ^ mu, of G0 ^ nu, and of P0 ^ omega of the pairs that make p. */
sonic_status sonic_ppa_carry_produce(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    const sonic_ppa_run *run = arg;
    unsigned level = run->round - 1;
    sonic_ppa_level shape = sonic_ppa_level_of(run->ring, level);
    size_t rows = sonic_ppa_rows(run, block), words = sonic_ppa_words(rows);
    size_t planes = 2 * shape.pairs + shape.full;
    const sonic_bool_kernels *boolean = &run->context->kernels.boolean;
    uint64_t *pi = sonic_ppa_outgoing(run, rows, out), *gamma = pi + shape.pairs * words;
    uint64_t *rho = gamma + shape.pairs * words;
    uint64_t *state = sonic_ppa_state(run, block);
    const uint64_t *p = state;
    (void)error;

    if (level == 0) {
        sonic_ppa_own_bits(run, block, run->bits);
        p = run->bits;
    }
    sonic_ppa_random_planes(run, SONIC_PPA_MU, shape.pairs, block, run->mask);
    sonic_ppa_random_planes(run, SONIC_PPA_NU, shape.pairs, block, gamma);
    sonic_ppa_random_planes(run, SONIC_PPA_OMEGA, shape.full, block, rho);
    for (unsigned i = 0; i < shape.pairs; i++) {
        carry_pair at = pair_at(run->ring, level, i);
        size_t here = i * words;
        uint64_t *g1 = state + at.g1 * words;
        sonic_and_operands operands = {state + at.g0 * words, pi + here, run->mask + here};
        boolean->bxor(pi + here, p + at.p1 * words, run->mask + here, words);
        boolean->and_open(g1, gamma + here, g1, &operands, words);
        operands.y = p + at.p0 * words;
        if (i < shape.full && level == 0) /* p has no place yet */
            boolean->bxor(rho + here, rho + here, operands.y, words);
        else if (i < shape.full)
            boolean->and_open(g1 - words, rho + here, NULL, &operands, words);
    }
    sonic_ppa_send(out, pi, planes, rows);
    return SONIC_OK;
}

/* Level 0's share of p1 p0, as far as it is known before the opening, takes the place of g0, which
 * is not used any more; omega is overwritten. */
static void first_p(const sonic_ppa_run *run, carry_pair at, const uint64_t *mu, uint64_t *omega,
                    uint64_t *p, size_t words)
{
    const sonic_bool_kernels *boolean = &run->context->kernels.boolean;
    uint64_t *pi = run->packed;
    sonic_and_operands operands = {run->bits + at.p0 * words, pi, mu};
    boolean->bxor(pi, run->bits + at.p1 * words, mu, words);
    boolean->and_open(p, omega, NULL, &operands, words);
}

sonic_status sonic_ppa_carry_consume(void *arg, size_t block, const uint8_t *in, sonic_error *error)
{
    const sonic_ppa_run *run = arg;
    unsigned level = run->round - 1;
    sonic_ppa_level shape = sonic_ppa_level_of(run->ring, level);
    size_t rows = sonic_ppa_rows(run, block), words = sonic_ppa_words(rows);
    const sonic_bool_kernels *boolean = &run->context->kernels.boolean;
    uint64_t *c = run->dealt, *d = c + shape.pairs * words;
    uint64_t *mu = run->mask, *omega = mu + shape.pairs * words;
    sonic_status status = sonic_ppa_dealt_planes(run, SONIC_PPA_C, shape.pairs, block, 0, c, error);
    if (status == SONIC_OK)
        status = sonic_ppa_dealt_planes(run, SONIC_PPA_D, shape.full, block,
                                        sonic_ppa_plane_bytes(shape.pairs, rows), d, error);
    if (status != SONIC_OK)
        return status;

    sonic_ppa_random_planes(run, SONIC_PPA_MU, shape.pairs, block, mu);
    uint64_t *state = sonic_ppa_state(run, block);
    const uint64_t *p = state;
    if (level == 0) {
        sonic_ppa_own_bits(run, block, run->bits);
        sonic_ppa_random_planes(run, SONIC_PPA_OMEGA, shape.full, block, omega);
        p = run->bits;
    }
    const uint64_t *pi = sonic_ppa_incoming(run, in, 2 * shape.pairs + shape.full, rows);
    const uint64_t *gamma = pi + shape.pairs * words, *rho = gamma + shape.pairs * words;
    for (unsigned i = 0; i < shape.pairs; i++) {
        carry_pair at = pair_at(run->ring, level, i);
        size_t here = i * words;
        uint64_t *g1 = state + at.g1 * words;
        sonic_and_operands operands = {state + at.g0 * words, pi + here, mu + here};
        boolean->and_close(g1, gamma + here, c + here, &operands, words);
        if (i >= shape.full)
            continue;
        if (level == 0)
            first_p(run, at, mu + here, omega + here, g1 - words, words);
        operands.y = p + at.p0 * words;
        boolean->and_close(g1 - words, rho + here, d + here, &operands, words);
    }
    return SONIC_OK;
}
