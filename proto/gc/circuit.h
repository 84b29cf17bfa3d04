/** @file
 * Inside a circuit: its gates on slots.  Private to proto/gc/ and its tests.
 */
#ifndef SONIC_PROTO_GC_CIRCUIT_H
#define SONIC_PROTO_GC_CIRCUIT_H

#include <sonicnn/circuit.h>

enum { SONIC_CIRCUIT_GATES_MAX = 1 << 24 };

typedef enum sonic_gate_op {
    SONIC_GATE_AND,  /**< out = a & b */
    SONIC_GATE_XOR,  /**< out = a ^ b */
    SONIC_GATE_NOT,  /**< out = !a */
    SONIC_GATE_ZERO, /**< out = 0 */
} sonic_gate_op;

/** Slots; out may be a or b.  An operand that the op lacks is a slot that means nothing. */
typedef struct sonic_gate {
    uint32_t op, out, a, b;
} sonic_gate;

/** Gates are in the order of their AND depth, and inside one depth those that are free come first:
 * the AND gates of a depth stand side by side, a run, and none of a run reads or writes a slot that
 * another of it writes.  Two runs may follow each other without a free gate between them. */
struct sonic_circuit {
    sonic_circuit_shape shape;
    sonic_gate *gate;      /**< shape.gates */
    uint32_t *run_end;     /**< shape.gates: where the run, or the free gates of one depth, that gate
                                i belongs to end */
    uint32_t *output_slot; /**< shape.output_wires */
    uint32_t *input_width, *output_width;
};

#endif
