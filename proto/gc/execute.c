/* A circuit computed by two parties: window by window, inputs, tables, colours of outputs. */
#include "proto/gc/execute_run.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "kernels/common/load.h"
#include "proto/channel/clock.h"
#include "proto/gc/circuit.h"
#include "proto/gc/greeting.h"
#include "proto/share/random.h"
#include "proto/share/secret.h"

typedef sonic_execution_run party;

enum {
    LABEL = SONIC_LABEL_BYTES,
    TABLE = SONIC_TABLE_BYTES,
    WINDOW_MAX = 1024,
    /* Labels of a window should leave a second-level cache room for tables. */
    WINDOW_LABEL_BYTES = 1 << 19,
    KEY = 16,
    PUBLIC = SONIC_GARBLE_SEED_BYTES + KEY /* the garbler's seed, the key of public labels */
};

size_t sonic_execution_window(const sonic_circuit *circuit, size_t n)
{
    size_t w = WINDOW_MAX;
    while (w > 1 && w * LABEL * circuit->shape.slots > WINDOW_LABEL_BYTES)
        w /= 2;
    return sonic_size_min(w, n);
}

void sonic_execution_enter(sonic_execution_run *p, sonic_execution_part part)
{
    const double now = sonic_clock_seconds();
    p->seconds[p->part] += now - p->since;
    p->since = now;
    p->part = part;
    sonic_channel_mark(p->channel, part == SONIC_EXECUTION_SETUP ? SONIC_SETUP : SONIC_ONLINE,
                       part);
}

static sonic_status check_feedback(const sonic_execution *x, sonic_error *error)
{
    const sonic_circuit_shape *shape = &x->circuit->shape;
    for (uint32_t i = 0; x->feedback && i < shape->inputs; i++) {
        const uint32_t o = x->feedback[i] - 1;
        if (!x->feedback[i])
            continue;
        if (o >= shape->outputs)
            return sonic_fail(error, SONIC_E_ARGUMENT,
                              "output word %u is to be fed back, the circuit has %u", o,
                              shape->outputs);
        if (shape->output_width[o] != shape->input_width[i])
            return sonic_fail(error, SONIC_E_SHAPE,
                              "output word %u of %u bits cannot become input word %u of %u bits", o,
                              shape->output_width[o], i, shape->input_width[i]);
    }
    return SONIC_OK;
}

sonic_status sonic_execution_check(const sonic_execution *x, sonic_error *error)
{
    size_t bytes;
    const sonic_circuit_shape *shape = &x->circuit->shape;
    if (!x->n || !x->repeat)
        return sonic_fail(error, SONIC_E_ARGUMENT, "no instance of the circuit is to be computed");
    if (!sonic_size_mul(&bytes, x->n, TABLE) || !sonic_size_mul(&bytes, bytes, x->repeat) ||
        !sonic_size_mul(&bytes, bytes, shape->gates) ||
        !sonic_size_mul(&bytes, x->n, shape->output_wires))
        return sonic_fail(error, SONIC_E_SHAPE, "%zu instances, %llu times, are too many", x->n,
                          (unsigned long long)x->repeat);
    return check_feedback(x, error);
}

static sonic_status allocate(party *p, sonic_error *error)
{
    const sonic_circuit_shape *shape = &p->x->circuit->shape;
    const size_t w = p->window = sonic_execution_window(p->x->circuit, p->x->n);
    for (uint32_t i = 0; i < shape->inputs; i++) {
        const size_t n = w * shape->input_width[i];
        if (!p->x->evaluators[i])
            continue;
        p->message_bytes += sonic_cot_bytes(SONIC_EXECUTION_OT_K, n);
        p->chosen_bytes += n * LABEL;
        if (p->choice_bytes < n / 8 + 1)
            p->choice_bytes = n / 8 + 1;
    }
    p->labels_bytes = w * LABEL * shape->slots;
    p->inputs_bytes = p->x->repeat > 1 ? w * LABEL * shape->input_wires : 0;
    p->labels = malloc(p->labels_bytes + 1);
    p->inputs = p->x->repeat > 1 ? malloc(p->inputs_bytes + 1) : p->labels;
    p->chosen = malloc(p->chosen_bytes + 1);
    p->choice = malloc(p->choice_bytes + 1);
    p->message = malloc(p->message_bytes + 1);
    p->block = malloc(SONIC_EXECUTION_BLOCK_BYTES);
    if (p->labels && p->inputs && p->chosen && p->choice && p->message && p->block)
        return SONIC_OK;
    return sonic_fail(error, SONIC_E_MEMORY, "no memory for the labels of %u wires",
                      (unsigned)shape->slots);
}

static void release(party *p)
{
    sonic_secret_free(p->block, SONIC_EXECUTION_BLOCK_BYTES);
    sonic_secret_free(p->message, p->message_bytes);
    sonic_secret_free(p->choice, p->choice_bytes);
    sonic_secret_free(p->chosen, p->chosen_bytes);
    if (p->inputs != p->labels)
        sonic_secret_free(p->inputs, p->inputs_bytes);
    sonic_secret_free(p->labels, p->labels_bytes);
    sonic_cot_receiver_free(p->receiver);
    sonic_cot_sender_free(p->sender);
    sonic_evaluator_free(p->evaluator);
    sonic_garbler_free(p->garbler);
}

/* Garbler or evaluator, and the key of the public labels. */
static sonic_status exchange_seeds(party *p, sonic_error *error)
{
    uint8_t both[PUBLIC];
    sonic_status status;
    if (p->garbles) {
        status = sonic_garbler_create(&p->garbler, p->context, p->x->period, error);
        if (status)
            return status;
        memcpy(both, sonic_garbler_seed(p->garbler), SONIC_GARBLE_SEED_BYTES);
        sonic_random_bytes(both + SONIC_GARBLE_SEED_BYTES, KEY);
        status = sonic_channel_send(p->channel, both, sizeof both, error);
    } else {
        status = sonic_channel_receive(p->channel, both, sizeof both, error);
        if (!status)
            status = sonic_evaluator_create(&p->evaluator, p->context, both, p->x->period, error);
    }
    if (!status)
        p->context->kernels.aes.expand(&p->key, both + SONIC_GARBLE_SEED_BYTES);
    return status;
}

static sonic_status set_up(party *p, sonic_error *error)
{
    const sonic_cot_options options = {.k = SONIC_EXECUTION_OT_K};
    sonic_status status = sonic_execution_greet(p->channel, p->x, p->garbles, error);
    if (!status)
        status = exchange_seeds(p, error);
    if (status || !p->message_bytes)
        return status;
    if (p->garbles)
        return sonic_cot_sender_create(&p->sender, p->context, p->channel, options,
                                       sonic_garbler_delta(p->garbler), error);
    return sonic_cot_receiver_create(&p->receiver, p->context, p->channel, options, error);
}

/* Sends all planes of the outputs, or receives and adds them, little-endian. */
static sonic_status pass_planes(party *p, bool sends, sonic_error *error)
{
    const size_t total = p->words * p->x->circuit->shape.output_wires;
    sonic_status status = SONIC_OK;
    for (size_t at = 0; !status && at < total; at += SONIC_EXECUTION_BLOCK_BYTES / 8) {
        const size_t n = sonic_size_min(total - at, SONIC_EXECUTION_BLOCK_BYTES / 8);
        for (size_t i = 0; sends && i < n; i++)
            sonic_store64(p->block, i, sonic_le64(p->out[at + i]));
        status = sends ? sonic_channel_send(p->channel, p->block, n * 8, error)
                       : sonic_channel_receive(p->channel, p->block, n * 8, error);
        for (size_t i = 0; !sends && !status && i < n; i++)
            p->out[at + i] ^= sonic_le64(sonic_load64(p->block, i));
    }
    return status;
}

/* The evaluator removes from the colours those of zero and has the outputs. */
static sonic_status decode(party *p, sonic_error *error)
{
    const size_t bytes = p->words * p->x->circuit->shape.output_wires * 8;
    sonic_status status = pass_planes(p, p->garbles, error);
    if (p->garbles)
        memset(p->out, 0, bytes);
    if (!status && p->x->tell)
        status = pass_planes(p, !p->garbles, error);
    return status;
}

static sonic_status run(party *p, sonic_error *error)
{
    sonic_status status = allocate(p, error);
    if (!status)
        status = set_up(p, error);
    for (p->start = 0; !status && p->start < p->x->n; p->start += p->w) {
        p->w = sonic_size_min(p->window, p->x->n - p->start);
        status = sonic_execution_inputs(p, error);
        if (!status)
            status = sonic_execution_tables(p, error);
        if (!status)
            sonic_execution_colours(p);
    }
    return status ? status : decode(p, error);
}

sonic_status sonic_execute(const sonic_context *context, sonic_channel *channel,
                           const sonic_execution *execution, bool garbles, uint64_t *out,
                           const uint64_t *in, double seconds[SONIC_EXECUTION_PARTS],
                           sonic_error *error)
{
    static const char *const names[SONIC_EXECUTION_PARTS] = {"setting up", "inputs", "tables",
                                                             "outputs"};
    const size_t words = sonic_size_pieces(execution->n, 64);
    party p = {.x = execution,
               .context = context,
               .channel = channel,
               .garbles = garbles,
               .out = out,
               .in = in,
               .words = words,
               .since = sonic_clock_seconds()};
    sonic_status status = sonic_execution_check(execution, error);
    if (status)
        return status;
    memset(out, 0, words * execution->circuit->shape.output_wires * 8);
    sonic_execution_enter(&p, SONIC_EXECUTION_SETUP);
    status = run(&p, error);
    if (status) {
        sodium_memzero(out, words * execution->circuit->shape.output_wires * 8);
        (void)sonic_fail_in(error, status, names[p.part]);
    }
    sonic_execution_enter(&p, p.part);
    if (seconds)
        memcpy(seconds, p.seconds, sizeof p.seconds);
    release(&p);
    return status;
}
