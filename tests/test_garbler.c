/* Garbler and evaluator in one place: labels of every output, all pairs of tiers, numbers of
 * instances and keys; tables, keys and tweaks; what is refused. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "dispatch/context.h"
#include "proto/gc/circuit.h"
#include "proto/gc/label.h"
#include "proto/share/random.h"
#include "tests/circuit_run.h"
#include "tests/dealt.h"
#include "tests/random_circuit.h"
#include "tests/random_test.h"

enum { LABEL = SONIC_LABEL_BYTES };

/* One circuit garbled and evaluated. */
typedef struct job {
    const sonic_context *garbles, *evaluates;
    const sonic_circuit *circuit;
    size_t n;
    uint64_t period, seed;
    uint64_t split[2]; /* gates a run of garbler and evaluator; 0: all */
    uint8_t *tables;   /* kept, to be freed */
    size_t tables_bytes;
} job;

static uint8_t *take(size_t bytes)
{
    uint8_t *memory = malloc(bytes + 1);
    cr_assert(memory);
    return memory;
}

/* Runs over all gates, `split` at a time, each with as many tables as it says it has. */
static void run_all(const job *j, sonic_garbler *garbler, sonic_evaluator *evaluator,
                    uint8_t *labels)
{
    const uint64_t gates = sonic_circuit_shape_of(j->circuit).gates;
    const uint64_t split = j->split[evaluator != NULL];
    uint8_t *at = j->tables;
    sonic_error error;
    for (uint64_t first = 0, count; first < gates; first += count) {
        count = split && split < gates - first ? split : gates - first;
        cr_assert_eq(garbler ? sonic_garbler_run(garbler, at, labels, j->n, j->circuit, first,
                                                 count, &error)
                             : sonic_evaluator_run(evaluator, at, labels, j->n, j->circuit, first,
                                                   count, &error),
                     SONIC_OK, "%s", error.text);
        at += SONIC_TABLE_BYTES * j->n * sonic_circuit_ands(j->circuit, first, count);
    }
    cr_assert_eq(at, j->tables + j->tables_bytes);
}

/* Bits of the outputs in the clear: wire by wire, `words` words each. */
static uint64_t *in_the_clear(const sonic_circuit *circuit, const uint64_t *in, size_t words)
{
    const sonic_circuit_shape shape = sonic_circuit_shape_of(circuit);
    uint64_t *out = (uint64_t *)(void *)take(shape.output_wires * words * 8);
    uint64_t *x = (uint64_t *)(void *)take(shape.input_wires * 8);
    uint64_t *y = (uint64_t *)(void *)take(shape.output_wires * 8);
    for (size_t w = 0; w < words; w++) {
        for (uint32_t i = 0; i < shape.input_wires; i++)
            x[i] = in[i * words + w];
        cr_assert_eq(sonic_circuit_plain(circuit, y, x, NULL), SONIC_OK);
        for (uint32_t o = 0; o < shape.output_wires; o++)
            out[o * words + w] = y[o];
    }
    free(x);
    free(y);
    return out;
}

/* Every output's active label must be that of the bit in the clear. */
static void check(job *j)
{
    const sonic_circuit_shape shape = sonic_circuit_shape_of(j->circuit);
    const size_t words = (j->n + 63) / 64, wire_bytes = j->n * LABEL;
    uint8_t *zero = take(shape.slots * wire_bytes), *active = take(shape.slots * wire_bytes);
    uint64_t *in = (uint64_t *)(void *)take(shape.input_wires * words * 8);
    sonic_garbler *garbler;
    sonic_evaluator *evaluator;
    sonic_error error;
    sonic_test_seed(j->seed);
    cr_assert_eq(sonic_garbler_create(&garbler, j->garbles, j->period, &error), SONIC_OK);
    cr_assert_eq(sonic_evaluator_create(&evaluator, j->evaluates, sonic_garbler_seed(garbler),
                                        j->period, &error),
                 SONIC_OK);
    const uint8_t *delta = sonic_garbler_delta(garbler);
    cr_assert(delta[0] & 1);
    sonic_random_bytes(zero, shape.input_wires * wire_bytes);
    sonic_random_bytes(in, shape.input_wires * words * 8);
    for (uint32_t i = 0; i < shape.input_wires; i++)
        sonic_labels_choose(active + i * wire_bytes, zero + i * wire_bytes, in + i * words, j->n,
                            delta);
    j->tables_bytes = SONIC_TABLE_BYTES * j->n * shape.ands;
    j->tables = take(j->tables_bytes);
    run_all(j, garbler, NULL, zero);
    run_all(j, NULL, evaluator, active);
    uint64_t *out = in_the_clear(j->circuit, in, words);
    for (uint32_t o = 0; o < shape.output_wires; o++) {
        const size_t at = sonic_circuit_output_slot(j->circuit, o) * wire_bytes;
        sonic_labels_choose(zero + at, zero + at, out + o * words, j->n, delta);
        cr_assert_arr_eq(zero + at, active + at, wire_bytes,
                         "seed %llu: output %u of %zu instances, %s garbles, %s evaluates",
                         (unsigned long long)j->seed, o, j->n, sonic_context_tier(j->garbles),
                         sonic_context_tier(j->evaluates));
        sonic_labels_choose(zero + at, zero + at, out + o * words, j->n, delta); /* once only */
    }
    sonic_garbler_free(garbler);
    sonic_evaluator_free(evaluator);
    free(zero);
    free(active);
    free(in);
    free(out);
}

static const size_t sizes[] = {1, 2, 63, 64, 65, 200};
enum { SIZES = sizeof sizes / sizeof *sizes };

Test(garbler, random_circuits_between_all_tiers)
{
    sonic_context *context[SONIC_TIERS];
    const size_t tiers = test_contexts(context);
    for (uint64_t seed = 1; seed <= 6; seed++) {
        sonic_circuit *circuit = random_circuit(seed);
        circuit_check(circuit);
        for (size_t pair = 0; pair < tiers * tiers; pair += test_next_pair(tiers))
            for (size_t s = 0; s < SIZES; s++) {
                job j = {.garbles = context[pair / tiers],
                         .evaluates = context[pair % tiers],
                         .circuit = circuit,
                         .n = sizes[s],
                         .seed = seed * 1000 + pair * SIZES + s};
                check(&j);
                free(j.tables);
            }
        sonic_circuit_free(circuit);
    }
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

/* The same gates garbled in runs of 1, 2, 5 or 100 gates, and by any tier, have the same tables. */
Test(garbler, tables_depend_on_the_seed_alone)
{
    static const uint64_t split[] = {0, 1, 2, 5, 100};
    sonic_context *context[SONIC_TIERS];
    const size_t tiers = test_contexts(context);
    for (size_t s = 0; s < SIZES; s++) {
        sonic_circuit *circuit = random_circuit(20 + s);
        job first = {
            .garbles = context[0], .evaluates = context[0], .circuit = circuit, .n = sizes[s]};
        check(&first);
        for (size_t k = 0; k < 5 * tiers; k++) {
            job j = first;
            j.garbles = j.evaluates = context[k / 5];
            j.split[0] = split[k % 5];
            j.split[1] = split[(k + 2) % 5];
            check(&j);
            cr_assert_arr_eq(j.tables, first.tables, first.tables_bytes, "%s, %llu gates a run",
                             sonic_context_tier(j.garbles), (unsigned long long)j.split[0]);
            free(j.tables);
        }
        job other = first;
        other.seed++;
        check(&other);
        cr_assert_arr_neq(other.tables, first.tables, first.tables_bytes);
        free(other.tables);
        free(first.tables);
        sonic_circuit_free(circuit);
    }
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

/* What the kernels were asked for: keys and numbers of gates, one call after the other. */
static struct {
    uint8_t seed[LABEL];
    uint64_t period, next;
    uint32_t calls;
} record;

/* Gate number g must come with key seed ^ (g / period) and number g mod period, and g + 1 after it:
 * then no key sees a number, of which the kernel makes two tweaks, twice. */
static void expect(size_t n, const sonic_aes_key *pi, uint64_t gate)
{
    uint8_t key[LABEL];
    uint64_t epoch = record.next / record.period;
    memcpy(key, record.seed, LABEL);
    for (size_t i = 0; i < 8; i++)
        key[i] ^= (uint8_t)(epoch >> 8 * i);
    cr_assert_arr_eq(pi->round[0], key, LABEL, "the key of gate %llu",
                     (unsigned long long)record.next);
    cr_assert_eq(gate, record.next % record.period);
    cr_assert_leq(n, record.period - gate);
    record.next += n;
    record.calls++;
}

static void record_garble(uint8_t *c, uint8_t *table, const uint8_t *a, const uint8_t *b, size_t n,
                          const uint8_t delta[16], const sonic_aes_key *pi, uint64_t gate)
{
    (void)c, (void)table, (void)a, (void)b, (void)delta;
    expect(n, pi, gate);
}

static void record_evaluate(uint8_t *c, const uint8_t *table, const uint8_t *a, const uint8_t *b,
                            size_t n, const sonic_aes_key *pi, uint64_t gate)
{
    (void)c, (void)table, (void)a, (void)b;
    expect(n, pi, gate);
}

static void check_numbers(const sonic_context *watched, uint64_t period, size_t n, unsigned times)
{
    sonic_circuit *circuit = random_circuit(40);
    const sonic_circuit_shape shape = sonic_circuit_shape_of(circuit);
    uint8_t *labels = calloc(shape.slots * n, LABEL);
    sonic_garbler *garbler;
    sonic_evaluator *evaluator;
    sonic_error error;
    cr_assert(labels);
    sonic_test_seed(period);
    cr_assert_eq(sonic_garbler_create(&garbler, watched, period, &error), SONIC_OK);
    memcpy(record.seed, sonic_garbler_seed(garbler), LABEL);
    cr_assert_eq(sonic_evaluator_create(&evaluator, watched, record.seed, period, &error),
                 SONIC_OK);
    record.period = period ? period : (uint64_t)1 << 20;
    for (int evaluates = 0; evaluates < 2; evaluates++) {
        job j = {.circuit = circuit,
                 .n = n,
                 .split = {13, 7},
                 .tables = calloc(SONIC_TABLE_BYTES * n, shape.ands),
                 .tables_bytes = SONIC_TABLE_BYTES * n * shape.ands};
        record.next = 0;
        for (unsigned t = 0; t < times; t++)
            run_all(&j, evaluates ? NULL : garbler, evaluates ? evaluator : NULL, labels);
        cr_assert_eq(record.next, times * n * shape.ands);
        free(j.tables);
    }
    sonic_garbler_free(garbler);
    sonic_evaluator_free(evaluator);
    sonic_circuit_free(circuit);
    free(labels);
}

Test(garbler, no_two_gates_share_key_and_number)
{
    static const uint64_t periods[] = {1, 2, 3, 7, 1000};
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    struct sonic_context watched = *context;
    watched.kernels.garble.garble = record_garble;
    watched.kernels.garble.evaluate = record_evaluate;
    for (size_t p = 0; p < sizeof periods / sizeof *periods; p++)
        for (size_t s = 0; s < SIZES; s++)
            check_numbers(&watched, periods[p], sizes[s], 2);
    check_numbers(&watched, 0, 3000, 9);
    cr_assert_gt(record.next, (uint64_t)2 << 20);
    sonic_context_free(context);
}

Test(garbler, short_periods_compute_right)
{
    static const uint64_t periods[] = {1, 2, 3, 7};
    sonic_context *context[SONIC_TIERS];
    const size_t tiers = test_contexts(context);
    sonic_circuit *circuit = random_circuit(30);
    for (size_t p = 0; p < 4; p++)
        for (size_t s = 0; s < SIZES; s++) {
            job j = {.garbles = context[p % tiers],
                     .evaluates = context[tiers - 1],
                     .circuit = circuit,
                     .n = sizes[s],
                     .period = periods[p],
                     .seed = 10 * p + s};
            check(&j);
            free(j.tables);
        }
    sonic_circuit_free(circuit);
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

static void refuse(sonic_status status, sonic_status expected, const sonic_error *error,
                   const char *text)
{
    cr_assert_eq(status, expected, "%s", error->text);
    cr_assert(strstr(error->text, text), "%s", error->text);
}

Test(garbler, refusals)
{
    sonic_context *context;
    sonic_garbler *garbler = NULL;
    sonic_evaluator *evaluator = NULL;
    sonic_error e;
    sonic_circuit *circuit = random_circuit(50);
    const uint64_t gates = sonic_circuit_shape_of(circuit).gates;
    static const uint8_t seed[SONIC_GARBLE_SEED_BYTES];
    _Alignas(8) uint8_t labels[16], tables[32];
    const uint64_t most = (uint64_t)1 << 32;
    cr_assert_eq(sonic_context_create(&context, NULL, &e), SONIC_OK);
    refuse(sonic_garbler_create(&garbler, NULL, 0, &e), SONIC_E_ARGUMENT, &e, "context");
    refuse(sonic_garbler_create(&garbler, context, most + 1, &e), SONIC_E_ARGUMENT, &e, "key");
    refuse(sonic_evaluator_create(&evaluator, context, seed, most + 1, &e), SONIC_E_ARGUMENT, &e,
           "key");
    cr_assert(!garbler && !evaluator);
    cr_assert_eq(sonic_garbler_create(&garbler, context, most, &e), SONIC_OK);
    cr_assert_eq(sonic_evaluator_create(&evaluator, context, seed, most, &e), SONIC_OK);
    refuse(sonic_garbler_run(garbler, tables, labels, 1, circuit, gates + 1, 0, &e),
           SONIC_E_ARGUMENT, &e, "gates");
    refuse(sonic_garbler_run(garbler, tables, labels, 1, circuit, 1, gates, &e), SONIC_E_ARGUMENT,
           &e, "gates");
    refuse(sonic_evaluator_run(evaluator, tables, labels, 1, circuit, 2, UINT64_MAX, &e),
           SONIC_E_ARGUMENT, &e, "gates");
    refuse(sonic_garbler_run(garbler, tables, labels + 1, 1, circuit, 0, 1, &e), SONIC_E_ARGUMENT,
           &e, "8 bytes");
    refuse(sonic_garbler_run(garbler, tables, labels, SIZE_MAX / 32, circuit, 0, gates, &e),
           SONIC_E_SHAPE, &e, "instances");
    cr_assert_eq(sonic_garbler_run(garbler, tables, labels, 1, circuit, gates, 0, &e), SONIC_OK);
    cr_assert_eq(sonic_evaluator_run(evaluator, tables, labels, 0, circuit, 0, gates, &e),
                 SONIC_OK);
    sonic_garbler_free(garbler);
    sonic_evaluator_free(evaluator);
    sonic_garbler_free(NULL);
    sonic_evaluator_free(NULL);
    sonic_circuit_free(circuit);
    sonic_context_free(context);
}
