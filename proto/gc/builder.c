/* The builder: collects gates, folding away what constants and equal operands make trivial. */
#include "proto/gc/netlist.h"

#include <string.h>

#include "dispatch/error.h"

struct sonic_builder {
    sonic_netlist netlist;
    sonic_error error; /* the first thing that could not be done; status 0: nothing yet */
};

sonic_status sonic_builder_create(sonic_builder **builder, sonic_error *error)
{
    sonic_builder *made = calloc(1, sizeof *made);
    if (!made)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for a circuit's builder");
    *builder = made;
    return SONIC_OK;
}

void sonic_builder_free(sonic_builder *builder)
{
    if (!builder)
        return;
    free(builder->netlist.gate);
    free(builder->netlist.input_width.at);
    free(builder->netlist.output_width.at);
    free(builder->netlist.output.at);
    free(builder);
}

static void no_memory(sonic_builder *builder)
{
    if (!builder->error.status)
        (void)sonic_fail(&builder->error, SONIC_E_MEMORY, "no memory for a circuit of %zu gates",
                         builder->netlist.gates);
}

static void too_large(sonic_builder *builder, const char *what)
{
    if (!builder->error.status)
        (void)sonic_fail(&builder->error, SONIC_E_SHAPE, "the circuit has more than 2^24 %s", what);
}

void sonic_builder_input(sonic_builder *builder, sonic_wire *word, uint32_t width)
{
    sonic_netlist *netlist = &builder->netlist;
    if (width > SONIC_CIRCUIT_GATES_MAX - netlist->input_wires) {
        too_large(builder, "input wires");
        memset(word, SONIC_LITERAL_ZERO, width * sizeof *word);
        return;
    }
    if (!sonic_words_push(&netlist->input_width, width))
        no_memory(builder);
    for (uint32_t i = 0; i < width; i++)
        word[i] = 2 * (SONIC_NETLIST_INPUT + netlist->input_wires++);
}

/* The wire; where it is not the builder's, which fails in the end, a constant. */
static sonic_wire checked(sonic_builder *builder, sonic_wire wire)
{
    const sonic_netlist *netlist = &builder->netlist;
    uint32_t node = wire / 2;
    bool is_ours = node < SONIC_NETLIST_INPUT ? node <= netlist->gates
                                              : node - SONIC_NETLIST_INPUT < netlist->input_wires;
    if (is_ours)
        return wire;
    if (!builder->error.status)
        (void)sonic_fail(&builder->error, SONIC_E_ARGUMENT,
                         "wire %lu is not of the builder that it is used with",
                         (unsigned long)wire);
    return SONIC_LITERAL_ZERO;
}

void sonic_builder_output(sonic_builder *builder, const sonic_wire *word, uint32_t width)
{
    sonic_netlist *netlist = &builder->netlist;
    if (width > SONIC_CIRCUIT_GATES_MAX - netlist->output.n) {
        too_large(builder, "output wires");
        return;
    }
    bool pushed = sonic_words_push(&netlist->output_width, width);
    for (uint32_t i = 0; pushed && i < width; i++)
        pushed = sonic_words_push(&netlist->output, checked(builder, word[i]));
    if (!pushed)
        no_memory(builder);
}

/* A gate whose operands are known to be the builder's; constant zero once something has failed. */
static sonic_wire append(sonic_builder *builder, bool is_and, sonic_wire a, sonic_wire b)
{
    sonic_netlist *netlist = &builder->netlist;
    if (builder->error.status)
        return SONIC_LITERAL_ZERO;
    if (netlist->gates == SONIC_CIRCUIT_GATES_MAX) {
        too_large(builder, "gates");
        return SONIC_LITERAL_ZERO;
    }
    if (netlist->gates == netlist->room) {
        size_t room = netlist->room ? 2 * netlist->room : 256;
        sonic_netlist_gate *gate = realloc(netlist->gate, room * sizeof *gate);
        if (!gate) {
            no_memory(builder);
            return SONIC_LITERAL_ZERO;
        }
        netlist->gate = gate;
        netlist->room = room;
    }
    netlist->gate[netlist->gates++] = (sonic_netlist_gate){is_and, a, b};
    return 2 * (sonic_wire)netlist->gates;
}

sonic_wire sonic_builder_constant(sonic_builder *builder, bool bit)
{
    (void)builder;
    return bit ? SONIC_LITERAL_ONE : SONIC_LITERAL_ZERO;
}

sonic_wire sonic_builder_and(sonic_builder *builder, sonic_wire x, sonic_wire y)
{
    x = checked(builder, x);
    y = checked(builder, y);
    if (x == SONIC_LITERAL_ZERO || y == SONIC_LITERAL_ZERO || x == (y ^ 1))
        return SONIC_LITERAL_ZERO;
    if (x == SONIC_LITERAL_ONE || x == y)
        return y;
    if (y == SONIC_LITERAL_ONE)
        return x;
    return append(builder, true, x, y);
}

sonic_wire sonic_builder_xor(sonic_builder *builder, sonic_wire x, sonic_wire y)
{
    x = checked(builder, x);
    y = checked(builder, y);
    /* Two complements cancel; one stays where it is, since past the gate it would be needed once
     * for each XOR gate behind it. */
    const sonic_wire both = x & y & 1;
    x ^= both;
    y ^= both;
    if (x / 2 == y / 2 || x <= SONIC_LITERAL_ONE || y <= SONIC_LITERAL_ONE)
        return x ^ y;
    return append(builder, false, x, y);
}

sonic_wire sonic_builder_not(sonic_builder *builder, sonic_wire x)
{
    return checked(builder, x) ^ 1;
}

sonic_status sonic_builder_finish(sonic_circuit **circuit, sonic_builder *builder,
                                  sonic_error *error)
{
    sonic_status status = builder->error.status;
    if (status) {
        if (error)
            *error = builder->error;
    } else if (!builder->netlist.output.n) {
        status = sonic_fail(error, SONIC_E_ARGUMENT, "the circuit has no outputs");
    } else {
        status = sonic_netlist_schedule(circuit, &builder->netlist, error);
    }
    sonic_builder_free(builder);
    return status;
}
