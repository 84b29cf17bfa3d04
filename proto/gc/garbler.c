/* Garbler and evaluator: a walk over a circuit's gates, AND gates in batches under numbered keys. */
#include <sonicnn/garble.h>

#include <stdlib.h>
#include <string.h>

#include "dispatch/context.h"
#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "kernels/common/load.h"
#include "proto/gc/circuit.h"
#include "proto/share/random.h"
#include "proto/share/secret.h"

enum {
    /* AND gates, times instances, of one depth that are brought together for one call of a kernel:
     * some times what a kernel has in flight. */
    BATCH = 128,
    LABEL = SONIC_LABEL_BYTES
};

#define PERIOD_MAX ((uint64_t)1 << 32)

/* What garbler and evaluator have in common. */
typedef struct player {
    const sonic_context *context;
    bool garbles;
    uint8_t seed[SONIC_GARBLE_SEED_BYTES];
    uint8_t delta[LABEL]; /* the garbler's; secret */
    uint64_t period;
    uint64_t next; /* AND gate's number */
    uint64_t epoch;
    sonic_aes_key pi; /* of the epoch */
    uint8_t a[BATCH * LABEL], b[BATCH * LABEL]; /* labels brought together; secret */
} player;

struct sonic_garbler {
    player player;
};

struct sonic_evaluator {
    player player;
};

/* Tables on their way out of a garbler or into an evaluator. */
typedef struct tables {
    uint8_t *made;
    const uint8_t *given;
} tables;

static void set_epoch(player *p, uint64_t epoch)
{
    uint8_t key[SONIC_GARBLE_SEED_BYTES];
    memcpy(key, p->seed, sizeof key);
    sonic_store64(key, 0, sonic_load64(key, 0) ^ sonic_le64(epoch));
    p->context->kernels.aes.expand(&p->pi, key);
    p->epoch = epoch;
}

static sonic_status check_new(const sonic_context *context, uint64_t period, sonic_error *error)
{
    if (!context)
        return sonic_fail(error, SONIC_E_ARGUMENT, "the context for garbling is NULL");
    if (period > PERIOD_MAX)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "%llu gates under one garbling key, 2^32 are the most",
                          (unsigned long long)period);
    return SONIC_OK;
}

static void begin(player *p, const sonic_context *context, uint64_t period)
{
    p->context = context;
    p->period = period ? period : SONIC_GARBLE_PERIOD;
    p->next = 0;
    set_epoch(p, 0);
}

sonic_status sonic_garbler_create(sonic_garbler **garbler, const sonic_context *context,
                                  uint64_t period, sonic_error *error)
{
    sonic_status status = check_new(context, period, error);
    if (status)
        return status;
    sonic_garbler *made = aligned_alloc(_Alignof(sonic_garbler), sizeof *made);
    if (!made)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for a garbler");
    sonic_random_bytes(made->player.seed, sizeof made->player.seed);
    sonic_random_bytes(made->player.delta, sizeof made->player.delta);
    made->player.delta[0] |= 1;
    made->player.garbles = true;
    begin(&made->player, context, period);
    *garbler = made;
    return SONIC_OK;
}

sonic_status sonic_evaluator_create(sonic_evaluator **evaluator, const sonic_context *context,
                                    const uint8_t seed[SONIC_GARBLE_SEED_BYTES], uint64_t period,
                                    sonic_error *error)
{
    sonic_status status = check_new(context, period, error);
    if (status)
        return status;
    sonic_evaluator *made = aligned_alloc(_Alignof(sonic_evaluator), sizeof *made);
    if (!made)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for an evaluator");
    memcpy(made->player.seed, seed, sizeof made->player.seed);
    made->player.garbles = false;
    begin(&made->player, context, period);
    *evaluator = made;
    return SONIC_OK;
}

void sonic_garbler_free(sonic_garbler *garbler)
{
    sonic_secret_free(garbler, sizeof *garbler);
}

void sonic_evaluator_free(sonic_evaluator *evaluator)
{
    sonic_secret_free(evaluator, sizeof *evaluator);
}

const uint8_t *sonic_garbler_seed(const sonic_garbler *garbler)
{
    return garbler->player.seed;
}

const uint8_t *sonic_garbler_delta(const sonic_garbler *garbler)
{
    return garbler->player.delta;
}

/* The next n gates, their labels side by side: a call of the kernel for each key. */
static void and_gates(player *p, uint8_t *c, tables *at, const uint8_t *a, const uint8_t *b,
                      size_t n)
{
    const sonic_garble_kernels *kernels = &p->context->kernels.garble;
    while (n > 0) {
        const uint64_t gate = p->next % p->period;
        const size_t m = p->period - gate < n ? (size_t)(p->period - gate) : n;
        if (p->next / p->period != p->epoch)
            set_epoch(p, p->next / p->period);
        if (p->garbles) {
            kernels->garble(c, at->made, a, b, m, p->delta, &p->pi, gate);
            at->made += m * SONIC_TABLE_BYTES;
        } else {
            kernels->evaluate(c, at->given, a, b, m, &p->pi, gate);
            at->given += m * SONIC_TABLE_BYTES;
        }
        p->next += m;
        c += m * LABEL;
        a += m * LABEL;
        b += m * LABEL;
        n -= m;
    }
}

static void copy_labels(uint8_t *out, const uint8_t *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        memcpy(out + i * LABEL, in + i * LABEL, LABEL);
}

/* AND gates of one depth, few instances each: their labels are brought together. */
static void and_batch(player *p, tables *at, uint8_t *labels, const sonic_gate *gate, size_t gates,
                      size_t n)
{
    const size_t bytes = n * LABEL;
    for (size_t i = 0; i < gates; i++) {
        copy_labels(p->a + i * bytes, labels + gate[i].a * bytes, n);
        copy_labels(p->b + i * bytes, labels + gate[i].b * bytes, n);
    }
    and_gates(p, p->a, at, p->a, p->b, gates * n);
    for (size_t i = 0; i < gates; i++)
        copy_labels(labels + gate[i].out * bytes, p->a + i * bytes, n);
}

static void xor_gate(const player *p, uint8_t *out, const uint8_t *a, const uint8_t *b, size_t n)
{
    if (n == 1) { /* a call would take longer than the gate */
        sonic_store64(out, 0, sonic_load64(a, 0) ^ sonic_load64(b, 0));
        sonic_store64(out, 1, sonic_load64(a, 1) ^ sonic_load64(b, 1));
        return;
    }
    p->context->kernels.boolean.bxor((uint64_t *)(void *)out, (const uint64_t *)(const void *)a,
                                     (const uint64_t *)(const void *)b, n * (LABEL / 8));
}

/* The garbler's label of zero becomes that of one; the evaluator's active label stays. */
static void not_gate(const player *p, uint8_t *out, const uint8_t *a, size_t n)
{
    if (!p->garbles) {
        memmove(out, a, n * LABEL);
        return;
    }
    const uint64_t low = sonic_load64(p->delta, 0), high = sonic_load64(p->delta, 1);
    for (size_t i = 0; i < n; i++) {
        sonic_store64(out, 2 * i, sonic_load64(a, 2 * i) ^ low);
        sonic_store64(out, 2 * i + 1, sonic_load64(a, 2 * i + 1) ^ high);
    }
}

/* How many AND gates from gate `at` on can be computed in one call: they do not need each other. */
static size_t and_run(const sonic_circuit *circuit, uint64_t at, uint64_t end, size_t n)
{
    const uint64_t run = circuit->run_end[at] < end ? circuit->run_end[at] - at : end - at;
    return n > BATCH ? 1 : sonic_size_min((size_t)run, BATCH / n);
}

static void walk(player *p, tables *at, uint8_t *labels, size_t n, const sonic_circuit *circuit,
                 uint64_t first, uint64_t end)
{
    const size_t bytes = n * LABEL;
    for (uint64_t i = first; i < end;) {
        const sonic_gate *gate = &circuit->gate[i];
        uint8_t *out = labels + gate->out * bytes;
        const uint8_t *a = labels + gate->a * bytes, *b = labels + gate->b * bytes;
        size_t gates = 1;
        switch ((sonic_gate_op)gate->op) {
        case SONIC_GATE_AND:
            gates = and_run(circuit, i, end, n);
            if (gates == 1)
                and_gates(p, out, at, a, b, n);
            else
                and_batch(p, at, labels, gate, gates, n);
            break;
        case SONIC_GATE_XOR:
            xor_gate(p, out, a, b, n);
            break;
        case SONIC_GATE_NOT:
            not_gate(p, out, a, n);
            break;
        case SONIC_GATE_ZERO:
            memset(out, 0, bytes); /* the label of zero, and active */
            break;
        }
        i += gates;
    }
}

static sonic_status run(player *p, tables at, uint8_t *labels, size_t n,
                        const sonic_circuit *circuit, uint64_t first, uint64_t count,
                        sonic_error *error)
{
    size_t bytes;
    uint64_t last;
    const uint64_t gates = circuit->shape.gates;
    if (first > gates || count > gates - first)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "%llu gates from gate %llu on of a circuit of %llu gates",
                          (unsigned long long)count, (unsigned long long)first,
                          (unsigned long long)gates);
    if ((uintptr_t)labels % 8)
        return sonic_fail(error, SONIC_E_ARGUMENT, "labels are not at a multiple of 8 bytes");
    if (!sonic_size_mul(&bytes, n, LABEL) ||
        !sonic_size_mul(&bytes, bytes, circuit->shape.slots) ||
        !sonic_size_mul(&bytes, n, SONIC_TABLE_BYTES) || !sonic_size_mul(&bytes, bytes, count) ||
        __builtin_add_overflow(p->next, bytes / SONIC_TABLE_BYTES, &last))
        return sonic_fail(error, SONIC_E_SHAPE,
                          "%zu instances of %llu gates are more than can be garbled", n,
                          (unsigned long long)count);
    if (n > 0)
        walk(p, &at, labels, n, circuit, first, first + count);
    return SONIC_OK;
}

sonic_status sonic_garbler_run(sonic_garbler *garbler, uint8_t *tables_out, uint8_t *labels,
                               size_t n, const sonic_circuit *circuit, uint64_t first,
                               uint64_t count, sonic_error *error)
{
    return run(&garbler->player, (tables){.made = tables_out}, labels, n, circuit, first, count,
               error);
}

sonic_status sonic_evaluator_run(sonic_evaluator *evaluator, const uint8_t *tables_in,
                                 uint8_t *labels, size_t n, const sonic_circuit *circuit,
                                 uint64_t first, uint64_t count, sonic_error *error)
{
    return run(&evaluator->player, (tables){.given = tables_in}, labels, n, circuit, first, count,
               error);
}
