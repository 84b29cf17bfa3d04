/** @file
 * Boolean circuits: made with a builder, or read from Bristol Fashion files.
 *
 * A circuit is immutable once made and may be shared by any number of threads.  Everything about
 * it is public.  Numbers are words of wires, least significant bit first, two's complement where
 * signed.  Pointers must not be NULL where it is not said that they may be.
 */
#ifndef SONICNN_CIRCUIT_H
#define SONICNN_CIRCUIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sonicnn/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sonic_circuit sonic_circuit;

/** What a circuit consists of.  Arrays live as long as the circuit. */
typedef struct sonic_circuit_shape {
    uint32_t inputs, outputs;     /**< numbers of words */
    const uint32_t *input_width;  /**< wires of each */
    const uint32_t *output_width; /**< wires of each */
    uint32_t input_wires, output_wires; /**< of all words */
    uint64_t gates, ands;         /**< AND gates are what garbling costs */
    uint32_t depth;               /**< AND gates on the longest path */
    uint32_t slots;               /**< wires that are alive at the same time: labels to hold */
} sonic_circuit_shape;

SONIC_API sonic_circuit_shape sonic_circuit_shape_of(const sonic_circuit *circuit);

/** Frees a circuit; NULL is allowed. */
SONIC_API void sonic_circuit_free(sonic_circuit *circuit);

/** Reads a circuit in Bristol Fashion (gates AND, XOR, INV, EQ, EQW, MAND) from a file.
 * @return SONIC_E_FILE, SONIC_E_FORMAT with the line: "FILE, line 17: wire 300 is used before it is
 *         set", SONIC_E_MEMORY.  At most 2^24 gates and wires; larger: SONIC_E_UNSUPPORTED */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_circuit_read(sonic_circuit **circuit,
                                                           const char *path, sonic_error *error);

/** The same from n bytes of text; `name` is for messages. */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_circuit_parse(sonic_circuit **circuit,
                                                            const char *text, size_t n,
                                                            const char *name, sonic_error *error);

/** Computes a circuit in the clear, 64 instances at once: bit i of a word belongs to instance i.
 * @param out  output_wires words
 * @param in   input_wires words
 * @return SONIC_E_MEMORY */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_circuit_plain(const sonic_circuit *circuit,
                                                            uint64_t *out, const uint64_t *in,
                                                            sonic_error *error);

/** @name Building
 * A builder collects gates; constants and equal operands are folded away.  What cannot be done
 * (memory, too many gates, a wire that is not the builder's) is reported by
 * sonic_builder_finish(), so that circuits can be written down without checks.  A builder is used
 * by one thread.  Words must not overlap their outputs unless they are equal to them. */
/**@{*/
typedef struct sonic_builder sonic_builder;
typedef uint32_t sonic_wire;

SONIC_API SONIC_MUST_CHECK sonic_status sonic_builder_create(sonic_builder **builder,
                                                             sonic_error *error);
/** Gives up; NULL is allowed. */
SONIC_API void sonic_builder_free(sonic_builder *builder);

/** The next input word. */
SONIC_API void sonic_builder_input(sonic_builder *builder, sonic_wire *word, uint32_t width);
/** The next output word. */
SONIC_API void sonic_builder_output(sonic_builder *builder, const sonic_wire *word, uint32_t width);

SONIC_API sonic_wire sonic_builder_constant(sonic_builder *builder, bool bit);
SONIC_API sonic_wire sonic_builder_and(sonic_builder *builder, sonic_wire x, sonic_wire y);
SONIC_API sonic_wire sonic_builder_xor(sonic_builder *builder, sonic_wire x, sonic_wire y);
SONIC_API sonic_wire sonic_builder_not(sonic_builder *builder, sonic_wire x);

/** out = x + y mod 2^width: width - 1 AND gates. */
SONIC_API void sonic_builder_add(sonic_builder *builder, sonic_wire *out, const sonic_wire *x,
                                 const sonic_wire *y, uint32_t width);
/** out = x - y mod 2^width: width - 1 AND gates. */
SONIC_API void sonic_builder_subtract(sonic_builder *builder, sonic_wire *out, const sonic_wire *x,
                                      const sonic_wire *y, uint32_t width);
/** x < y as unsigned or signed numbers: width AND gates. */
SONIC_API sonic_wire sonic_builder_less(sonic_builder *builder, const sonic_wire *x,
                                        const sonic_wire *y, uint32_t width, bool is_signed);
/** out = bit ? x : y: width AND gates. */
SONIC_API void sonic_builder_select(sonic_builder *builder, sonic_wire *out, sonic_wire bit,
                                    const sonic_wire *x, const sonic_wire *y, uint32_t width);
/** out = max(x, 0), signed: width - 1 AND gates. */
SONIC_API void sonic_builder_relu(sonic_builder *builder, sonic_wire *out, const sonic_wire *x,
                                  uint32_t width);
/** out = max(x, y), signed: 2 width AND gates. */
SONIC_API void sonic_builder_max(sonic_builder *builder, sonic_wire *out, const sonic_wire *x,
                                 const sonic_wire *y, uint32_t width);

/** Makes the circuit, without the gates that no output needs, ordered by AND depth, and frees the
 * builder whatever happens.
 * @return SONIC_E_ARGUMENT for a circuit without outputs or with a wrong wire, SONIC_E_SHAPE beyond
 *         2^24 gates, input wires or output wires, SONIC_E_MEMORY */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_builder_finish(sonic_circuit **circuit,
                                                             sonic_builder *builder,
                                                             sonic_error *error);
/**@}*/

#ifdef __cplusplus
}
#endif
#endif
