/* From the gates of a builder to those of a circuit: only what outputs need, in the order of AND
 * depth, on slots that are used again. */
#include "proto/gc/netlist.h"

#include <string.h>

#include "dispatch/error.h"

/* Literals are numbered without gaps here, so that gates come after their operands: the constants,
 * inputs, gates. */
typedef struct schedule {
    const sonic_netlist *netlist;
    sonic_circuit *circuit;
    uint32_t *uses;  /* of each literal, by gates that are still to come and by outputs */
    uint32_t *slot;  /* of each literal that is alive */
    uint32_t *depth; /* of each gate */
    uint32_t *end;   /* of each rank of gates, see rank_of(): where its gates end */
    size_t ranks;
    sonic_words free; /* slots to be used again, the latest one first */
} schedule;

enum { FIRST_INPUT = 2 };

static uint32_t first_gate(const schedule *s)
{
    return FIRST_INPUT + 2 * s->netlist->input_wires;
}

static uint32_t literals(const schedule *s)
{
    return first_gate(s) + 2 * (uint32_t)s->netlist->gates;
}

static uint32_t compact(const schedule *s, uint32_t literal)
{
    return literal >= 2 * SONIC_NETLIST_INPUT ? literal - 2 * SONIC_NETLIST_INPUT + FIRST_INPUT
           : literal >= FIRST_INPUT           ? literal - FIRST_INPUT + first_gate(s)
                                              : literal;
}

static const sonic_netlist_gate *gate_of(const schedule *s, uint32_t literal)
{
    return &s->netlist->gate[(literal - first_gate(s)) / 2];
}

/* Whether a gate has to make the literal: input wires are there. */
static bool is_made(const schedule *s, uint32_t literal)
{
    const bool is_input = literal >= FIRST_INPUT && literal < first_gate(s) && !(literal & 1);
    return s->uses[literal] && !is_input;
}

static void count_uses(schedule *s)
{
    const sonic_netlist *netlist = s->netlist;
    for (size_t i = 0; i < netlist->output.n; i++)
        s->uses[compact(s, netlist->output.at[i])]++;
    for (uint32_t literal = literals(s) - 1; literal >= FIRST_INPUT; literal--) {
        if (!is_made(s, literal))
            continue;
        if (literal & 1) {
            s->uses[literal - 1]++;
        } else {
            s->uses[compact(s, gate_of(s, literal)->a)]++;
            s->uses[compact(s, gate_of(s, literal)->b)]++;
        }
    }
    s->uses[SONIC_LITERAL_ZERO] += s->uses[SONIC_LITERAL_ONE] > 0;
}

static uint32_t depth_of(const schedule *s, uint32_t literal)
{
    return literal < first_gate(s) ? 0 : s->depth[(literal - first_gate(s)) / 2];
}

static void find_depths(schedule *s)
{
    for (uint32_t literal = first_gate(s); literal < literals(s); literal += 2) {
        if (!s->uses[literal])
            continue;
        const sonic_netlist_gate *gate = gate_of(s, literal);
        const uint32_t a = depth_of(s, compact(s, gate->a)), b = depth_of(s, compact(s, gate->b));
        const uint32_t depth = (a > b ? a : b) + gate->is_and;
        s->depth[(literal - first_gate(s)) / 2] = depth;
        if (depth > s->circuit->shape.depth)
            s->circuit->shape.depth = depth;
    }
}

/* Ranks are in the order of computation: 2 d for free gates of depth d, 2 d + 1 for the AND gates
 * that read them. */
static size_t rank_of(const schedule *s, uint32_t literal)
{
    const bool is_and = literal >= first_gate(s) && !(literal & 1) && gate_of(s, literal)->is_and;
    return 2 * (size_t)depth_of(s, literal) - is_and;
}

/* On literals: allot_slots() puts slots in their place.  Operands that a gate lacks are literal
 * zero, which is never given up. */
static sonic_gate make_gate(const schedule *s, uint32_t literal)
{
    if (literal == SONIC_LITERAL_ZERO)
        return (sonic_gate){.op = SONIC_GATE_ZERO};
    if (literal & 1)
        return (sonic_gate){.op = SONIC_GATE_NOT, .out = literal, .a = literal - 1};
    const sonic_netlist_gate *gate = gate_of(s, literal);
    return (sonic_gate){gate->is_and ? SONIC_GATE_AND : SONIC_GATE_XOR, literal,
                        compact(s, gate->a), compact(s, gate->b)};
}

/* Sorts the gates by rank; within one they stay as they were written down. */
static sonic_status place_gates(schedule *s, sonic_error *error)
{
    sonic_circuit *circuit = s->circuit;
    s->ranks = 2 * (size_t)circuit->shape.depth + 1;
    s->end = calloc(s->ranks, sizeof *s->end);
    if (!s->end)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory to order a circuit");
    for (uint32_t literal = 0; literal < literals(s); literal++)
        if (is_made(s, literal))
            s->end[rank_of(s, literal)]++;
    uint32_t gates = 0;
    for (size_t i = 0; i < s->ranks; i++) {
        const uint32_t count = s->end[i];
        s->end[i] = gates;
        gates += count;
        circuit->shape.ands += i % 2 ? count : 0;
    }
    circuit->shape.gates = gates;
    circuit->gate = malloc((gates + (size_t)1) * sizeof *circuit->gate);
    circuit->run_end = malloc((gates + (size_t)1) * sizeof *circuit->run_end);
    if (!circuit->gate || !circuit->run_end)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for a circuit of %lu gates",
                          (unsigned long)gates);
    for (uint32_t literal = 0; literal < literals(s); literal++)
        if (is_made(s, literal))
            circuit->gate[s->end[rank_of(s, literal)]++] = make_gate(s, literal);
    return SONIC_OK;
}

static uint32_t any_slot(schedule *s)
{
    return s->free.n ? s->free.at[--s->free.n] : s->circuit->shape.slots++;
}

/* One use less of an operand.  After the last one its slot is free, unless the gate took it. */
static bool release(schedule *s, uint32_t literal, uint32_t out)
{
    return --s->uses[literal] || s->slot[literal] == out ||
           sonic_words_push(&s->free, s->slot[literal]);
}

/* Puts gates [first, end) on slots so that they may be computed in any order: a gate writes where
 * nothing is that is alive, or over an operand that it alone still reads. */
static bool allot_run(schedule *s, size_t first, size_t end)
{
    const sonic_circuit *circuit = s->circuit;
    bool has_memory = true;
    for (size_t i = first; i < end; i++) {
        const sonic_gate *gate = &circuit->gate[i];
        s->slot[gate->out] = s->uses[gate->a] == 1   ? s->slot[gate->a]
                             : s->uses[gate->b] == 1 ? s->slot[gate->b]
                                                     : any_slot(s);
    }
    for (size_t i = first; i < end; i++) {
        sonic_gate *gate = &circuit->gate[i];
        const uint32_t out = s->slot[gate->out], a = gate->a, b = gate->b;
        has_memory &= release(s, a, out) && release(s, b, out);
        *gate = (sonic_gate){gate->op, out, s->slot[a], s->slot[b]};
    }
    return has_memory;
}

static sonic_status allot_slots(schedule *s, sonic_error *error)
{
    sonic_circuit *circuit = s->circuit;
    const sonic_netlist *netlist = s->netlist;
    bool has_memory = true;
    s->uses[SONIC_LITERAL_ZERO] = UINT32_MAX;
    circuit->shape.slots = netlist->input_wires;
    for (uint32_t i = 0; i < netlist->input_wires; i++)
        if (s->uses[FIRST_INPUT + 2 * i])
            s->slot[FIRST_INPUT + 2 * i] = i;
    for (size_t rank = 0, i = 0; rank < s->ranks; rank++) {
        const size_t end = s->end[rank];
        for (size_t j = i; j < end; j++)
            circuit->run_end[j] = (uint32_t)end;
        while (i < end) {
            const size_t next = rank % 2 ? end : i + 1;
            has_memory &= allot_run(s, i, next);
            i = next;
        }
    }
    for (size_t i = 0; i < netlist->output.n; i++)
        circuit->output_slot[i] = s->slot[compact(s, netlist->output.at[i])];
    if (!has_memory)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory to order a circuit");
    return SONIC_OK;
}

static sonic_status run(schedule *s, sonic_error *error)
{
    s->uses = calloc(literals(s), sizeof *s->uses);
    s->slot = calloc(literals(s), sizeof *s->slot);
    s->depth = calloc(s->netlist->gates + 1, sizeof *s->depth);
    if (!s->uses || !s->slot || !s->depth)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory to order a circuit of %zu gates",
                          s->netlist->gates);
    count_uses(s);
    find_depths(s);
    sonic_status status = place_gates(s, error);
    return status ? status : allot_slots(s, error);
}

static uint32_t *copy_of(const sonic_words *words)
{
    uint32_t *copy = malloc((words->n + 1) * sizeof *copy);
    if (copy && words->n)
        memcpy(copy, words->at, words->n * sizeof *copy);
    return copy;
}

/* A circuit of the netlist's words, without gates. */
static sonic_circuit *make_circuit(const sonic_netlist *netlist)
{
    sonic_circuit *circuit = calloc(1, sizeof *circuit);
    if (!circuit)
        return NULL;
    circuit->input_width = copy_of(&netlist->input_width);
    circuit->output_width = copy_of(&netlist->output_width);
    circuit->output_slot = malloc(netlist->output.n * sizeof *circuit->output_slot);
    circuit->shape = (sonic_circuit_shape){
        .inputs = (uint32_t)netlist->input_width.n,
        .outputs = (uint32_t)netlist->output_width.n,
        .input_width = circuit->input_width,
        .output_width = circuit->output_width,
        .input_wires = netlist->input_wires,
        .output_wires = (uint32_t)netlist->output.n,
    };
    if (circuit->input_width && circuit->output_width && circuit->output_slot)
        return circuit;
    sonic_circuit_free(circuit);
    return NULL;
}

sonic_status sonic_netlist_schedule(sonic_circuit **circuit, const sonic_netlist *netlist,
                                    sonic_error *error)
{
    schedule s = {.netlist = netlist};
    s.circuit = make_circuit(netlist);
    if (!s.circuit)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for a circuit of %zu gates",
                          netlist->gates);
    sonic_status status = run(&s, error);
    free(s.uses);
    free(s.slot);
    free(s.depth);
    free(s.end);
    free(s.free.at);
    if (status)
        sonic_circuit_free(s.circuit);
    else
        *circuit = s.circuit;
    return status;
}
