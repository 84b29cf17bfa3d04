/** @file
 * A circuit while it is built: gates on literals, not yet in slots.  Private to proto/gc/.
 *
 * A literal is twice a node's number, plus 1 for its complement: NOT is free, so a builder has no
 * such gate, and nothing is done twice where a wire and its complement meet.  Node 0 is constant
 * zero, nodes [1, gates] are gates in the order they were written down, and input wire i is node
 * SONIC_NETLIST_INPUT + i, so that input wires take no memory.
 */
#ifndef SONIC_PROTO_GC_NETLIST_H
#define SONIC_PROTO_GC_NETLIST_H

#include <stdlib.h>

#include "proto/gc/circuit.h"

enum {
    SONIC_NETLIST_INPUT = SONIC_CIRCUIT_GATES_MAX + 1,
    SONIC_LITERAL_ZERO = 0,
    SONIC_LITERAL_ONE = 1,
};

/** An array of words that grows. */
typedef struct sonic_words {
    uint32_t *at;
    size_t n, room;
} sonic_words;

/** False, and the words as they were, without memory. */
static inline bool sonic_words_push(sonic_words *words, uint32_t word)
{
    if (words->n == words->room) {
        size_t room = words->room ? 2 * words->room : 64;
        uint32_t *at = realloc(words->at, room * sizeof *at);
        if (!at)
            return false;
        words->at = at;
        words->room = room;
    }
    words->at[words->n++] = word;
    return true;
}

/** Of two literals of different nodes, neither of them constant. */
typedef struct sonic_netlist_gate {
    bool is_and;
    uint32_t a, b;
} sonic_netlist_gate;

typedef struct sonic_netlist {
    sonic_netlist_gate *gate; /**< node g is gate[g - 1] */
    size_t gates, room;
    uint32_t input_wires;
    sonic_words input_width, output_width;
    sonic_words output; /**< literals */
} sonic_netlist;

/** Drops gates that no output needs, orders the rest and puts them on slots.
 * @return SONIC_E_MEMORY */
SONIC_MUST_CHECK sonic_status sonic_netlist_schedule(sonic_circuit **circuit,
                                                     const sonic_netlist *netlist,
                                                     sonic_error *error);

#endif
