/* A window of an execution: its inputs' labels, its tables, its outputs' colours. */
#include "proto/gc/execute_run.h"

#include <string.h>

#include <sodium.h>

#include "kernels/common/checked.h"
#include "kernels/common/load.h"
#include "proto/gc/circuit.h"
#include "proto/gc/label.h"

enum { LABEL = SONIC_LABEL_BYTES, TABLE = SONIC_TABLE_BYTES };

typedef sonic_execution_run party;

/* This window's bits of a plane: their words, or where it has less than one, `part`. */
static const uint64_t *window_bits(const party *p, const uint64_t *plane, uint64_t *part)
{
    const uint64_t *word = plane + p->start / 64;
    if (p->w >= 64)
        return word;
    *part = *word >> p->start % 64;
    return part;
}

/* Labels of the garbler's word, whose first input wire is `wire`. */
static void garblers_word(party *p, uint32_t wire, uint32_t width)
{
    const size_t bytes = p->w * LABEL;
    uint64_t part = 0;
    p->context->kernels.aes.ctr(p->inputs + wire * bytes, width * bytes, &p->key, 0, p->counter);
    p->counter += width * (uint64_t)p->w;
    for (uint32_t i = wire; p->garbles && i < wire + width; i++) {
        uint8_t *labels = p->inputs + i * bytes;
        sonic_labels_choose(labels, labels, window_bits(p, p->in + i * p->words, &part), p->w,
                            sonic_garbler_delta(p->garbler));
    }
    sodium_memzero(&part, sizeof part);
}

/* The evaluator's bits of a word side by side, wire by wire. */
static void choose_bits(party *p, uint32_t wire, uint32_t width, size_t start, size_t w)
{
    const size_t words = w / 64;
    if (w % 64)
        memset(p->choice, 0, width * w / 8 + 1);
    for (size_t i = 0; i < width; i++) {
        const uint64_t *plane = p->in + (wire + i) * p->words + start / 64;
        for (size_t k = 0; w % 64 == 0 && k < words; k++)
            sonic_store64(p->choice, i * words + k, sonic_le64(plane[k]));
        for (size_t k = 0, from = start % 64, to = i * w; w % 64 && k < w; k++, from++, to++)
            p->choice[to / 8] |= (uint8_t)((plane[from / 64] >> from % 64 & 1) << to % 8);
    }
}

/* The evaluator's side of the transfers of the window that begins at `start`: labels, kept until
 * then, and a message that leaves while tables of the window before come in. */
static sonic_status choose(party *p, size_t start, sonic_error *error)
{
    const sonic_circuit_shape *shape = &p->x->circuit->shape;
    const size_t w = sonic_size_min(p->window, p->x->n - start);
    sonic_status status = SONIC_OK;
    uint8_t *labels = p->chosen, *message = p->message;
    for (uint32_t i = 0, wire = 0; !status && i < shape->inputs; wire += shape->input_width[i++]) {
        const size_t n = w * shape->input_width[i];
        if (!p->x->evaluators[i])
            continue;
        choose_bits(p, wire, shape->input_width[i], start, w);
        status = sonic_cot_receive(p->receiver, labels, message, p->choice, n, error);
        labels += n * LABEL;
        message += sonic_cot_bytes(SONIC_EXECUTION_OT_K, n);
    }
    if (status)
        return status;
    return sonic_channel_post(p->channel, p->message, (size_t)(message - p->message), error);
}

/* Labels of an evaluator's word: the garbler's from the next message, the evaluator's from what it
 * kept, where *kept is the next. */
static sonic_status evaluators_word(party *p, uint8_t *labels, size_t n, const uint8_t **kept,
                                    sonic_error *error)
{
    if (!p->garbles) {
        memcpy(labels, *kept, n * LABEL);
        *kept += n * LABEL;
        return SONIC_OK;
    }
    sonic_status status = sonic_channel_receive(p->channel, p->message,
                                                sonic_cot_bytes(SONIC_EXECUTION_OT_K, n), error);
    return status ? status : sonic_cot_send(p->sender, labels, p->message, n, error);
}

sonic_status sonic_execution_inputs(party *p, sonic_error *error)
{
    const sonic_circuit_shape *shape = &p->x->circuit->shape;
    const uint8_t *kept = p->chosen;
    const size_t next = p->start + p->w;
    sonic_execution_enter(p, SONIC_EXECUTION_INPUTS);
    sonic_status status = p->receiver && p->start == 0 ? choose(p, 0, error) : SONIC_OK;
    for (uint32_t i = 0, wire = 0; !status && i < shape->inputs; wire += shape->input_width[i++]) {
        if (p->x->evaluators[i])
            status = evaluators_word(p, p->inputs + wire * p->w * LABEL,
                                     p->w * shape->input_width[i], &kept, error);
        else
            garblers_word(p, wire, shape->input_width[i]);
    }
    return !status && p->receiver && next < p->x->n ? choose(p, next, error) : status;
}

/* Outputs become inputs. */
static void feed_back(party *p)
{
    const sonic_circuit *circuit = p->x->circuit;
    const sonic_circuit_shape *shape = &circuit->shape;
    const size_t bytes = p->w * LABEL;
    for (uint32_t i = 0, wire = 0; p->x->feedback && i < shape->inputs;
         wire += shape->input_width[i++]) {
        uint32_t from = 0;
        if (!p->x->feedback[i])
            continue;
        for (uint32_t o = 0; o + 1 < p->x->feedback[i]; o++)
            from += shape->output_width[o];
        for (uint32_t k = 0; k < shape->input_width[i]; k++)
            memcpy(p->inputs + (wire + k) * bytes,
                   p->labels + circuit->output_slot[from + k] * bytes, bytes);
    }
}

/* How many gates from `first` on have no more than `room` AND gates; *ands: how many. */
static uint64_t gates_within(const sonic_circuit *circuit, uint64_t first, size_t room,
                             size_t *ands)
{
    uint64_t end = first;
    *ands = 0;
    while (end < circuit->shape.gates) {
        const uint64_t run = circuit->run_end[end] - end;
        const bool is_and = circuit->gate[end].op == SONIC_GATE_AND;
        if (is_and && run > room - *ands) {
            end += room - *ands;
            *ands = room;
            break;
        }
        *ands += is_and ? run : 0;
        end += run;
    }
    return end - first;
}

/* Tables on their way: a block is full when it holds `room` gates of all the window's instances. */
typedef struct stream {
    size_t gate_bytes, room;
    size_t used;   /* gates of the block that are done */
    size_t filled; /* the evaluator's: that the block has */
    uint64_t left; /* gates that are not in a block yet */
} stream;

static sonic_status next_block(party *p, stream *s, sonic_error *error)
{
    const size_t used = s->used, filled = s->left < s->room ? (size_t)s->left : s->room;
    s->used = 0;
    s->filled = filled;
    s->left -= filled;
    if (p->garbles)
        return sonic_channel_send(p->channel, p->block, used * s->gate_bytes, error);
    return sonic_channel_receive(p->channel, p->block, filled * s->gate_bytes, error);
}

static sonic_status compute_once(party *p, stream *s, sonic_error *error)
{
    const sonic_circuit *circuit = p->x->circuit;
    sonic_status status = SONIC_OK;
    for (uint64_t g = 0; !status && g < circuit->shape.gates;) {
        size_t ands;
        const uint64_t count = gates_within(circuit, g, s->filled - s->used, &ands);
        uint8_t *tables = p->block + s->used * s->gate_bytes;
        if (count == 0)
            status = next_block(p, s, error);
        else if (p->garbles)
            status =
                sonic_garbler_run(p->garbler, tables, p->labels, p->w, circuit, g, count, error);
        else
            status = sonic_evaluator_run(p->evaluator, tables, p->labels, p->w, circuit, g, count,
                                         error);
        g += count;
        s->used += ands;
    }
    return status;
}

sonic_status sonic_execution_tables(party *p, sonic_error *error)
{
    const sonic_circuit_shape *shape = &p->x->circuit->shape;
    stream s = {.gate_bytes = p->w * TABLE, .left = shape->ands * p->x->repeat};
    sonic_status status = SONIC_OK;
    s.room = SONIC_EXECUTION_BLOCK_BYTES / s.gate_bytes;
    sonic_execution_enter(p, SONIC_EXECUTION_TABLES);
    for (uint64_t t = 0; !status && t < p->x->repeat; t++) {
        if (t > 0)
            feed_back(p);
        if (p->inputs != p->labels)
            memcpy(p->labels, p->inputs, shape->input_wires * p->w * LABEL);
        status = compute_once(p, &s, error);
    }
    if (!status && p->garbles)
        status = next_block(p, &s, error);
    return status;
}

/* The colours of the window's output labels. */
void sonic_execution_colours(party *p)
{
    const sonic_circuit *circuit = p->x->circuit;
    uint64_t part = 0;
    sonic_execution_enter(p, SONIC_EXECUTION_OUTPUTS);
    for (uint32_t o = 0; o < circuit->shape.output_wires; o++) {
        const uint8_t *labels = p->labels + circuit->output_slot[o] * p->w * LABEL;
        uint64_t *word = p->out + o * p->words + p->start / 64;
        if (p->w >= 64) {
            sonic_labels_colours(word, labels, p->w);
        } else {
            sonic_labels_colours(&part, labels, p->w);
            *word |= part << p->start % 64;
        }
    }
    sodium_memzero(&part, sizeof part);
}
