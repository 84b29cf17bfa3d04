/* Executions: random circuits, any owners and windows, repetitions; bytes; what does not fit; cuts.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "dispatch/context.h"
#include "proto/share/random.h"
#include "tests/circuit_run.h"
#include "tests/dealt.h"
#include "tests/execution.h"
#include "tests/random_circuit.h"
#include "tests/random_test.h"

static uint64_t *random_inputs(const sonic_circuit *circuit, size_t n, uint64_t seed)
{
    const size_t count = sonic_circuit_shape_of(circuit).input_wires * ((n + 63) / 64);
    uint64_t *in = malloc((count + 1) * sizeof *in);
    cr_assert(in);
    sonic_test_seed(seed);
    sonic_random_bytes(in, count * sizeof *in);
    return in;
}

/* Every division of the three words between the parties; instances within one window, windows of a
 * word's and of other sizes, and the smallest buffers. */
Test(execute, random_circuits_between_all_tiers)
{
    static const size_t sizes[] = {1, 2, 5, 63, 64, 65, 200, 1003};
    sonic_context *context[SONIC_TIERS];
    const size_t tiers = test_contexts(context);
    size_t turn = 0;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        sonic_circuit *circuit = random_circuit(seed);
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++, turn++) {
            const bool owners[3] = {seed & 1, seed >> 1 & 1, seed >> 2 & 1};
            execution e = execution_of(context[turn % tiers], context[turn / tiers % tiers],
                                       circuit, sizes[s], owners);
            uint64_t *in = random_inputs(circuit, sizes[s], seed);
            e.in = in;
            e.run[0].tell = e.run[1].tell = turn % 3 > 0;
            e.run[0].period = e.run[1].period = turn % 4 ? 0 : 3;
            e.buffer = sizes[s] < 5 && seed < 3 ? 1 : 5000;
            execution_check(&e);
            execution_free(&e);
            free(in);
        }
        sonic_circuit_free(circuit);
    }
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

/* Sum of words, and of them masked, of 700 bits: windows are smaller than a word. */
static sonic_circuit *wide_circuit(void)
{
    enum { WIDTH = 700 };
    sonic_wire x[WIDTH], y[WIDTH], sum[WIDTH];
    sonic_builder *builder = circuit_builder();
    sonic_builder_input(builder, x, WIDTH);
    sonic_builder_input(builder, y, WIDTH);
    sonic_builder_add(builder, sum, x, y, WIDTH);
    for (uint32_t i = 0; i < WIDTH; i++)
        y[i] = sonic_builder_and(builder, sum[i], y[WIDTH - 1 - i]);
    sonic_builder_output(builder, sum, WIDTH);
    sonic_builder_output(builder, y, WIDTH);
    return circuit_finish(builder);
}

Test(execute, windows_below_a_word)
{
    static const size_t sizes[] = {3, 64, 150};
    static const bool owners[2] = {false, true};
    sonic_context *context;
    sonic_circuit *circuit = wide_circuit();
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    cr_assert_lt(sonic_execution_window(circuit, 150), 64);
    for (size_t s = 0; s < 3; s++) {
        uint64_t *in = random_inputs(circuit, sizes[s], s);
        execution e = execution_of(context, context, circuit, sizes[s], owners);
        e.in = in;
        execution_check(&e);
        execution_free(&e);
        free(in);
    }
    sonic_circuit_free(circuit);
    sonic_context_free(context);
}

/* x, y, z -> y + z, max(x, y): Fibonacci numbers, in a way. */
static sonic_circuit *step_circuit(void)
{
    enum { WIDTH = 24 };
    sonic_wire x[WIDTH], y[WIDTH], z[WIDTH];
    sonic_builder *builder = circuit_builder();
    sonic_builder_input(builder, x, WIDTH);
    sonic_builder_input(builder, y, WIDTH);
    sonic_builder_input(builder, z, WIDTH);
    sonic_builder_add(builder, z, y, z, WIDTH);
    sonic_builder_max(builder, x, x, y, WIDTH);
    sonic_builder_output(builder, z, WIDTH);
    sonic_builder_output(builder, x, WIDTH);
    return circuit_finish(builder);
}

/* Outputs become inputs crosswise, or one output two inputs, or nothing does. */
Test(execute, repetitions)
{
    static const uint32_t feedback[3][3] = {{1, 2, 0}, {2, 1, 1}, {0, 0, 0}};
    static const bool owners[3] = {true, false, true};
    static const uint64_t times[] = {1, 2, 3, 200, 20000};
    sonic_context *context[SONIC_TIERS];
    const size_t tiers = test_contexts(context);
    sonic_circuit *circuit = step_circuit();
    for (size_t f = 0; f < 4; f++)
        for (size_t t = 0; t < 5; t++) {
            const size_t n = times[t] > 1000 ? 1 : 1 + 900 * f;
            uint64_t *in = random_inputs(circuit, n, f);
            execution e = execution_of(context[f % tiers], context[tiers - 1], circuit, n, owners);
            e.in = in;
            e.run[0].repeat = e.run[1].repeat = times[t];
            e.run[0].feedback = e.run[1].feedback = f < 3 ? feedback[f] : NULL;
            if (times[t] <= 3 || f < 2)
                execution_check(&e);
            execution_free(&e);
            free(in);
        }
    sonic_circuit_free(circuit);
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

/* The evaluator's public labels: how many it has expanded. */
static struct {
    uint64_t labels;
    void (*ctr)(uint8_t *out, size_t n, const sonic_aes_key *key, uint64_t nonce, uint64_t counter);
} record;

static void record_ctr(uint8_t *out, size_t n, const sonic_aes_key *key, uint64_t nonce,
                       uint64_t counter)
{
    cr_assert(nonce == 0 && counter == record.labels, "labels from %llu on, not from %llu",
              (unsigned long long)counter, (unsigned long long)record.labels);
    record.labels += n / SONIC_LABEL_BYTES;
    record.ctr(out, n, key, nonce, counter);
}

/* Outputs stay right where two wires or windows have the same labels, and secrets do not. */
Test(execute, no_label_is_used_twice)
{
    static const bool owners[3] = {false, false, false};
    enum { N = 2500 };
    sonic_context *context;
    sonic_circuit *circuit = step_circuit();
    uint64_t *in = random_inputs(circuit, N, 1);
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    struct sonic_context watched = *context;
    record.ctr = watched.kernels.aes.ctr;
    watched.kernels.aes.ctr = record_ctr;
    cr_assert_lt(sonic_execution_window(circuit, N), N / 2);
    execution e = execution_of(context, &watched, circuit, N, owners);
    e.in = in;
    execution_check(&e);
    cr_assert_eq(record.labels, (uint64_t)N * sonic_circuit_shape_of(circuit).input_wires);
    execution_free(&e);
    free(in);
    sonic_circuit_free(circuit);
    sonic_context_free(context);
}

static void check_failure(const execution *e, sonic_status status, const char *text)
{
    for (unsigned i = 0; i < 2; i++) {
        const size_t words =
            sonic_circuit_shape_of(e->run[i].circuit).output_wires * ((e->run[i].n + 63) / 64);
        cr_assert_eq(e->status[i], status, "%s: party %u: %s", text, i, e->error[i].text);
        cr_assert(strstr(e->error[i].text, text), "%s: %s", text, e->error[i].text);
        for (size_t w = 0; w < words; w++)
            cr_assert_eq(e->out[i][w], 0);
    }
}

typedef struct difference {
    void (*make)(execution *e);
    const char *text;
} difference;

static void other_n(execution *e)
{
    e->run[0].n = 8;
}

static void other_repeat(execution *e)
{
    e->run[1].repeat = 3;
}

static void other_owner(execution *e)
{
    static const bool owners[3] = {true, true, false};
    e->run[0].evaluators = owners;
}

static void other_feedback(execution *e)
{
    static const uint32_t feedback[3] = {1, 2, 0};
    e->run[0].feedback = feedback;
}

static void other_period(execution *e)
{
    e->run[1].period = 1 << 10;
}

static void other_tell(execution *e)
{
    e->run[1].tell = false;
}

static void other_open(execution *e)
{
    e->run[0].open = true;
}

static void both_garble(execution *e)
{
    e->garbles[1] = true;
}

static void both_evaluate(execution *e)
{
    e->garbles[0] = false;
}

Test(execute, parties_that_differ)
{
    static const difference differences[] = {
        {other_n, "instances"},         {other_repeat, "repetitions"},
        {other_owner, "another view"},  {other_feedback, "another view"},
        {other_period, "another view"}, {other_tell, "another view"},
        {other_open, "another view"},   {both_garble, "both sides"},
        {both_evaluate, "both sides"},
    };
    static const bool owners[3] = {false, true, false};
    sonic_context *context;
    sonic_circuit *circuit = step_circuit(), *other = random_circuit(1), *same = step_circuit();
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    uint64_t *in = random_inputs(other, 64, 1);
    for (size_t d = 0; d < sizeof differences / sizeof *differences; d++) {
        execution e = execution_of(context, context, circuit, 7, owners);
        e.in = in;
        differences[d].make(&e);
        execution_run(&e);
        check_failure(&e, SONIC_E_MISMATCH, differences[d].text);
        execution_free(&e);
    }
    execution e = execution_of(context, context, circuit, 7, owners);
    e.in = in;
    e.run[0].circuit = other;
    execution_run(&e);
    check_failure(&e, SONIC_E_MISMATCH, "another circuit");
    execution_free(&e);
    e.run[0].circuit = same; /* made apart */
    execution_check(&e);
    execution_free(&e);
    free(in);
    sonic_circuit_free(circuit);
    sonic_circuit_free(other);
    sonic_circuit_free(same);
    sonic_context_free(context);
}

/* x0 & x1 and y, or with another operand, or in another order: of one shape and size. */
static sonic_circuit *small_circuit(bool other_operand, bool other_order)
{
    sonic_wire x[2], y, out[2];
    sonic_builder *builder = circuit_builder();
    sonic_builder_input(builder, x, 2);
    sonic_builder_input(builder, &y, 1);
    out[other_order] = sonic_builder_and(builder, x[0], other_operand ? y : x[1]);
    out[!other_order] = y;
    sonic_builder_output(builder, out, 2);
    return circuit_finish(builder);
}

Test(execute, circuits_that_differ_in_a_wire)
{
    static const bool owners[2] = {false, true};
    sonic_context *context;
    sonic_circuit *circuit = small_circuit(false, false);
    const uint64_t in[3] = {0};
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    for (unsigned k = 0; k < 2; k++) {
        sonic_circuit *other = small_circuit(k == 0, k == 1);
        execution e = execution_of(context, context, circuit, 1, owners);
        e.in = in;
        e.run[1].circuit = other;
        execution_run(&e);
        check_failure(&e, SONIC_E_MISMATCH, "another circuit");
        execution_free(&e);
        sonic_circuit_free(other);
    }
    sonic_circuit_free(circuit);
    sonic_context_free(context);
}

/* The garbler hangs up somewhere: before the greeting ends, among base transfers, tables, outputs.
 */
Test(execute, streams_cut_short)
{
    static const bool owners[3] = {false, true, true};
    sonic_context *context;
    sonic_circuit *circuit = random_circuit(3);
    const sonic_circuit_shape shape = sonic_circuit_shape_of(circuit);
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    const uint64_t setup = 88 + 32 + 32 + 8192, tables = 32 * 100 * (uint64_t)shape.ands;
    const struct {
        uint64_t after;
        const char *part;
    } cuts[] = {
        {1, "setting up"},
        {87, "setting up"},
        {100, "setting up"},
        {5000, "setting up"},
        {setup + 1, "tables"},
        {setup + tables / 2, "tables"},
        {setup + tables - 1, "tables"},
        {setup + tables, "outputs"},
        {setup + tables + 9, "outputs"},
    };
    uint64_t *in = random_inputs(circuit, 100, 1);
    for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
        execution e = execution_of(context, context, circuit, 100, owners);
        e.in = in;
        e.cut_after = cuts[c].after;
        execution_run(&e);
        check_failure(&e, SONIC_E_CLOSED, "closed the connection");
        cr_assert(strstr(e.error[1].text, cuts[c].part), "after %llu bytes: %s",
                  (unsigned long long)cuts[c].after, e.error[1].text);
        execution_free(&e);
    }
    free(in);
    sonic_circuit_free(circuit);
    sonic_context_free(context);
}

static void refuse(execution *e, sonic_status status, const char *text)
{
    sonic_error error = {0};
    uint64_t out = 1, in = 0;
    cr_assert_eq(sonic_execute(e->context[0], NULL, &e->run[0], true, &out, &in, NULL, &error),
                 status, "%s", error.text);
    cr_assert(strstr(error.text, text), "%s", error.text);
    cr_assert_eq(out, 1);
}

Test(execute, refusals)
{
    static const bool owners[3] = {false, false, false};
    static const uint32_t none[3] = {0, 3, 0}, narrow[3] = {0, 0, 3};
    sonic_context *context;
    sonic_circuit *circuit = step_circuit(), *uneven = random_circuit(1);
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    execution e = execution_of(context, context, circuit, 0, owners);
    refuse(&e, SONIC_E_ARGUMENT, "no instance");
    e.run[0].n = 1;
    e.run[0].repeat = 0;
    refuse(&e, SONIC_E_ARGUMENT, "no instance");
    e.run[0].repeat = UINT64_MAX / 8;
    refuse(&e, SONIC_E_SHAPE, "too many");
    e.run[0].repeat = 2;
    e.run[0].feedback = none;
    refuse(&e, SONIC_E_ARGUMENT, "output word 2");
    e.run[0].circuit = uneven;
    e.run[0].feedback = narrow;
    refuse(&e, SONIC_E_SHAPE, "cannot become input word 2");
    sonic_circuit_free(circuit);
    sonic_circuit_free(uneven);
    sonic_context_free(context);
}
