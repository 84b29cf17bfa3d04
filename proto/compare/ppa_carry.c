/* A level of the carry tree: pairs of blocks (G1, P1) over (G0, P0) become one, with P1, G0 and P0
 * opened under masks mu, nu and omega. */
#include "proto/compare/pack.h"
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

/* Own shares: run->mask = mu, nu, omega; run->opened = P1 ^ mu, G0 ^ nu, P0 ^ omega; pairs from the
 * top, those that make no p at the end.  At level 0 run->bits = own planes. */
static void mask_operands(const sonic_ppa_run *run, size_t block)
{
    unsigned level = run->round - 1;
    sonic_ppa_level shape = sonic_ppa_level_of(run->ring, level);
    size_t words = sonic_ppa_words(sonic_ppa_rows(run, block));
    const sonic_bool_kernels *boolean = &run->context->kernels.boolean;
    const uint64_t *g = sonic_ppa_state(run, block), *p = g;
    uint64_t *mu = run->mask, *nu = mu + shape.pairs * words, *omega = nu + shape.pairs * words;
    uint64_t *pi = run->opened, *gamma = pi + shape.pairs * words,
             *rho = gamma + shape.pairs * words;

    if (level == 0) {
        sonic_ppa_own_bits(run, block);
        p = run->bits;
    }
    sonic_ppa_random_planes(run, SONIC_PPA_MU, shape.pairs, block, mu);
    sonic_ppa_random_planes(run, SONIC_PPA_NU, shape.pairs, block, nu);
    sonic_ppa_random_planes(run, SONIC_PPA_OMEGA, shape.full, block, omega);
    for (unsigned i = 0; i < shape.pairs; i++) {
        carry_pair at = pair_at(run->ring, level, i);
        size_t here = i * words;
        boolean->bxor(pi + here, p + at.p1 * words, mu + here, words);
        boolean->bxor(gamma + here, g + at.g0 * words, nu + here, words);
        if (i < shape.full)
            boolean->bxor(rho + here, p + at.p0 * words, omega + here, words);
    }
}

sonic_status sonic_ppa_carry_produce(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    const sonic_ppa_run *run = arg;
    sonic_ppa_level shape = sonic_ppa_level_of(run->ring, run->round - 1);
    (void)error;
    mask_operands(run, block);
    sonic_pack_planes(out, run->opened, 2 * shape.pairs + shape.full, sonic_ppa_rows(run, block));
    return SONIC_OK;
}

sonic_status sonic_ppa_carry_consume(void *arg, size_t block, const uint8_t *in, sonic_error *error)
{
    const sonic_ppa_run *run = arg;
    unsigned level = run->round - 1;
    sonic_ppa_level shape = sonic_ppa_level_of(run->ring, level);
    size_t rows = sonic_ppa_rows(run, block), words = sonic_ppa_words(rows);
    size_t planes = 2 * shape.pairs + shape.full;
    const sonic_bool_kernels *boolean = &run->context->kernels.boolean;
    uint64_t *c = run->dealt, *d = c + shape.pairs * words;
    sonic_status status = sonic_ppa_dealt_planes(run, SONIC_PPA_C, shape.pairs, block, 0, c, error);
    if (status == SONIC_OK)
        status = sonic_ppa_dealt_planes(run, SONIC_PPA_D, shape.full, block,
                                        sonic_ppa_plane_bytes(shape.pairs, rows), d, error);
    if (status != SONIC_OK)
        return status;

    mask_operands(run, block);
    sonic_unpack_planes(run->peer, in, planes, rows);
    boolean->bxor(run->opened, run->opened, run->peer, planes * words);

    uint64_t *state = sonic_ppa_state(run, block);
    const uint64_t *p = level == 0 ? run->bits : state;
    for (unsigned i = 0; i < shape.pairs; i++) {
        carry_pair at = pair_at(run->ring, level, i);
        size_t here = i * words, there = shape.pairs * words + here;
        bool makes_p = i < shape.full;
        sonic_carry_operands operands = {
            .g1 = state + at.g1 * words,
            .g0 = state + at.g0 * words,
            .p0 = makes_p ? p + at.p0 * words : NULL,
            .pi = run->opened + here,
            .gamma = run->opened + there,
            .rho = makes_p ? run->opened + shape.pairs * words + there : NULL,
            .mu = run->mask + here,
            .c = c + here,
            .d = makes_p ? d + here : NULL,
        };
        boolean->carry(state + at.g1 * words, makes_p ? state + (at.g1 - 1) * words : NULL,
                       &operands, words);
    }
    return SONIC_OK;
}
