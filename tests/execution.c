/* Executions between two threads; see the header. */
#include "tests/execution.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/random_test.h"

enum { TIMEOUT_MS = 20000, GREETING = 88, SEEDS = 32 };

size_t execution_words(const execution *e)
{
    return (e->run[0].n + 63) / 64;
}

void execution_put(uint64_t *planes, size_t words, uint32_t wire, uint32_t width, size_t i,
                   uint64_t value)
{
    for (uint32_t bit = 0; bit < width; bit++) {
        uint64_t *word = &planes[(wire + bit) * words + i / 64];
        *word &= ~((uint64_t)1 << i % 64);
        *word |= (value >> bit & 1) << i % 64;
    }
}

uint64_t execution_get(const uint64_t *planes, size_t words, uint32_t wire, uint32_t width,
                       size_t i)
{
    uint64_t value = 0;
    for (uint32_t bit = 0; bit < width; bit++)
        value |= (planes[(wire + bit) * words + i / 64] >> i % 64 & 1) << bit;
    return value;
}

execution execution_of(const sonic_context *garbler, const sonic_context *evaluator,
                       const sonic_circuit *circuit, size_t n, const bool *evaluators)
{
    const sonic_execution run = {
        .circuit = circuit, .n = n, .repeat = 1, .evaluators = evaluators, .tell = true};
    return (execution){.context = {garbler, evaluator},
                       .run = {run, run},
                       .garbles = {true, false},
                       .buffer = 1 << 16};
}

/* A memory transport that hangs up. */
typedef struct cut {
    void *inner;
    uint64_t left;
    bool cuts;
} cut;

static ssize_t cut_send(void *self, const uint8_t *data, size_t n, sonic_error *error)
{
    cut *c = self;
    if (c->cuts && c->left == 0)
        return SONIC_E_CLOSED;
    if (c->cuts && n > c->left)
        n = (size_t)c->left;
    ssize_t moved = sonic_memory_transport.try_send(c->inner, data, n, error);
    if (c->cuts && moved > 0)
        c->left -= (uint64_t)moved;
    return moved;
}

static ssize_t cut_receive(void *self, uint8_t *data, size_t n, sonic_error *error)
{
    return sonic_memory_transport.try_receive(((cut *)self)->inner, data, n, error);
}

static int cut_wait(void *self, int send, int receive, int milliseconds, sonic_error *error)
{
    return sonic_memory_transport.wait(((cut *)self)->inner, send, receive, milliseconds, error);
}

static void cut_close(void *self)
{
    sonic_memory_transport.close(((cut *)self)->inner);
}

/* A thread's work. */
typedef struct party {
    execution *e;
    unsigned me;
    sonic_channel *channel;
} party;

/* What a party knows: its own words, and ones and zeros in turn for the others. */
static uint64_t *own_inputs(const execution *e, unsigned me)
{
    const sonic_circuit_shape shape = sonic_circuit_shape_of(e->run[me].circuit);
    const size_t words = (e->run[me].n + 63) / 64;
    uint64_t *in = malloc((shape.input_wires * words + 1) * sizeof *in);
    cr_assert(in);
    for (uint32_t w = 0, wire = 0; w < shape.inputs; w++)
        for (uint32_t bit = 0; bit < shape.input_width[w]; bit++, wire++)
            for (size_t i = 0; i < words; i++)
                in[wire * words + i] = e->run[me].evaluators[w] == !e->garbles[me]
                                           ? e->in[wire * words + i]
                                           : 0xaaaaaaaaaaaaaaaa;
    return in;
}

static void *run_party(void *arg)
{
    party *p = arg;
    execution *e = p->e;
    const unsigned me = p->me;
    const sonic_execution *run = &e->run[me];
    uint64_t *in = own_inputs(e, me);
    sonic_test_seed(1 + me);
    cr_assert_eq(sonic_channel_layers(p->channel, SONIC_EXECUTION_PARTS, NULL), SONIC_OK);
    e->status[me] = sonic_execute(e->context[me], p->channel, run, e->garbles[me], e->out[me], in,
                                  e->seconds[me], &e->error[me]);
    for (unsigned part = 0; part < SONIC_EXECUTION_PARTS; part++)
        e->traffic[me][part] =
            sonic_channel_traffic(p->channel, part ? SONIC_ONLINE : SONIC_SETUP, part);
    sonic_channel_free(p->channel);
    free(in);
    return NULL;
}

void execution_run(execution *e)
{
    static const sonic_transport transport = {cut_send, cut_receive, cut_wait, cut_close};
    static const char *const names[2] = {"the evaluator", "the garbler"};
    cut end[2] = {{.left = e->cut_after, .cuts = e->cut_after > 0}, {.cuts = false}};
    party parties[2];
    pthread_t thread[2];
    cr_assert_eq(sonic_memory_transport_pair(&end[0].inner, &end[1].inner, e->buffer, NULL),
                 SONIC_OK);
    for (unsigned i = 0; i < 2; i++) {
        const size_t bytes = sonic_circuit_shape_of(e->run[i].circuit).output_wires *
                             ((e->run[i].n + 63) / 64) * sizeof(uint64_t);
        e->out[i] = malloc(bytes + 1);
        cr_assert(e->out[i]);
        memset(e->out[i], 0xff, bytes);
        parties[i] = (party){.e = e, .me = i};
        cr_assert_eq(sonic_channel_create(&parties[i].channel, &transport, &end[i], names[i],
                                          TIMEOUT_MS, NULL),
                     SONIC_OK);
    }
    for (unsigned i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&thread[i], NULL, run_party, &parties[i]), 0);
    for (unsigned i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
}

void execution_free(execution *e)
{
    for (unsigned i = 0; i < 2; i++)
        free(e->out[i]);
}

static void check_part(const execution *e, unsigned part, uint64_t garbler, uint64_t evaluator)
{
    static const char *const name[] = {"setup", "inputs", "tables", "outputs"};
    for (unsigned i = 0; i < 2; i++) {
        const sonic_traffic *t = &e->traffic[i][part];
        cr_assert_eq(t->sent, i ? evaluator : garbler, "%s: party %u sent %llu", name[part], i,
                     (unsigned long long)t->sent);
        cr_assert_eq(t->received, i ? garbler : evaluator, "%s: party %u received %llu", name[part],
                     i, (unsigned long long)t->received);
    }
}

static void check_bytes(const execution *e)
{
    const sonic_execution *run = &e->run[0];
    const sonic_circuit_shape shape = sonic_circuit_shape_of(run->circuit);
    const size_t window = sonic_execution_window(run->circuit, run->n);
    uint64_t choices = 0;
    for (size_t start = 0; start < run->n; start += window)
        for (uint32_t w = 0; w < shape.inputs; w++) {
            const size_t n = window < run->n - start ? window : run->n - start;
            if (run->evaluators[w])
                choices += 128 * ((n * shape.input_width[w] + 7) / 8);
        }
    const uint64_t outputs = 8 * shape.output_wires * execution_words(e);
    check_part(e, SONIC_EXECUTION_SETUP, GREETING + SEEDS + (choices ? 32 + 8192 : 0),
               GREETING + (choices ? 32 + 32 : 0));
    check_part(e, SONIC_EXECUTION_INPUTS, 0, choices);
    check_part(e, SONIC_EXECUTION_TABLES, 32 * shape.ands * run->n * run->repeat, 0);
    check_part(e, SONIC_EXECUTION_OUTPUTS, outputs, run->tell ? outputs : 0);
}

/* 64 instances in the clear: inputs and outputs a word a wire. */
static void in_the_clear(const sonic_execution *run, uint64_t *out, uint64_t *in)
{
    const sonic_circuit_shape shape = sonic_circuit_shape_of(run->circuit);
    for (uint64_t t = 0; t < run->repeat; t++) {
        for (uint32_t w = 0, wire = 0; t > 0 && w < shape.inputs; wire += shape.input_width[w++]) {
            uint32_t from = 0;
            for (uint32_t o = 0; run->feedback && o + 1 < run->feedback[w]; o++)
                from += shape.output_width[o];
            if (run->feedback && run->feedback[w])
                memcpy(in + wire, out + from, shape.input_width[w] * sizeof *in);
        }
        cr_assert_eq(sonic_circuit_plain(run->circuit, out, in, NULL), SONIC_OK);
    }
}

static void check_outputs(const execution *e)
{
    const sonic_execution *run = &e->run[0];
    const sonic_circuit_shape shape = sonic_circuit_shape_of(run->circuit);
    const size_t words = execution_words(e);
    uint64_t *in = malloc((shape.input_wires + (size_t)1) * sizeof *in);
    uint64_t *out = malloc((shape.output_wires + (size_t)1) * sizeof *out);
    cr_assert(in && out);
    for (size_t i = 0; i < words; i++) {
        const uint64_t rest = run->n - 64 * i;
        const uint64_t mask = rest < 64 ? ((uint64_t)1 << rest) - 1 : UINT64_MAX;
        for (uint32_t wire = 0; wire < shape.input_wires; wire++)
            in[wire] = e->in[wire * words + i];
        in_the_clear(run, out, in);
        for (uint32_t o = 0; o < shape.output_wires; o++) {
            cr_assert_eq(e->out[1][o * words + i], out[o] & mask, "output %u, instances %zu ...", o,
                         64 * i);
            cr_assert_eq(e->out[0][o * words + i], run->tell ? out[o] & mask : 0,
                         "the garbler's output %u, instances %zu ...", o, 64 * i);
        }
    }
    free(in);
    free(out);
}

void execution_check(execution *e)
{
    execution_run(e);
    for (unsigned i = 0; i < 2; i++)
        cr_assert_eq(e->status[i], SONIC_OK, "party %u: %s", i, e->error[i].text);
    check_bytes(e);
    check_outputs(e);
}
