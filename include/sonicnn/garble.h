/** @file
 * Garbled circuits for one's own protocol: half gates on fixed-key AES, over batches of instances.
 *
 * A garbler turns a circuit into tables that an evaluator computes it with on labels, one 16-byte
 * label a wire and instance, which say nothing of the bits they stand for.  The garbler draws 16
 * random bytes for an input wire's label of zero.  What carries tables and labels between the two,
 * and how the evaluator gets the labels of its own inputs (oblivious transfer), is the caller's.  An
 * output bit is the lowest bit of its active label, XOR that of its label of zero.
 *
 * Scheme: half gates (Zahur, Rosulek, Evans, EUROCRYPT 2015) with free XOR: 32 bytes an AND gate,
 * four AES calls to garble it and two to evaluate it; the equations are in kernels/garble/garble.h.
 * A wire's labels of zero and one are W and W ^ delta; the lowest bit of delta is 1.
 *
 * Security: semi-honest, against an evaluator who knows neither delta nor the garbler's inputs.
 * The hash H(x, t) = pi(sigma(x) ^ t) ^ sigma(x) ^ t is taken to be circular correlation robust
 * with tweaks for half gates' labels, pi an ideal cipher under keys that do not repeat (Guo, Katz,
 * Wang, Yu, IEEE S&P 2020; Guo, Katz, Wang, Weng, Yu, CRYPTO 2020).  Under one key, an adversary of
 * p AES calls finds delta with a probability of about p times the hashes made under that key over
 * 2^128, the attack of the second paper: so the key changes every `period` gates.  AND gates and
 * instances are numbered in the order of computation; gate number g has key seed ^ (g / period) and
 * tweaks 2 (g mod period) and 2 (g mod period) + 1, so that no two hashes share key and tweak.
 * With the default period of 2^20 gates, 2^21 tweaks: p 2^22 / 2^128 whatever the number of gates,
 * that is 106 bits; two labels of one key that collide under different tweaks: below 2^-85 a key.
 * A seed is fresh for every garbler: keys of different garblers meet with negligible probability.
 *
 * Pointers must not be NULL where it is not said that they may be.
 */
#ifndef SONICNN_GARBLE_H
#define SONICNN_GARBLE_H

#include <sonicnn/circuit.h>
#include <sonicnn/context.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    SONIC_LABEL_BYTES = 16,
    SONIC_TABLE_BYTES = 32,       /**< of an AND gate of one instance */
    SONIC_GARBLE_SEED_BYTES = 16, /**< public */
};

/** Gates under one key; both parties must choose the same. */
#define SONIC_GARBLE_PERIOD ((uint64_t)1 << 20)

typedef struct sonic_garbler sonic_garbler;
typedef struct sonic_evaluator sonic_evaluator;

/** A garbler with a fresh delta and seed.
 * @param context must outlive the garbler
 * @param period  gates under one key, 1 to 2^32; 0: SONIC_GARBLE_PERIOD
 * @return SONIC_E_ARGUMENT, SONIC_E_MEMORY */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_garbler_create(sonic_garbler **garbler,
                                                             const sonic_context *context,
                                                             uint64_t period, sonic_error *error);
/** Wipes and frees; NULL is allowed. */
SONIC_API void sonic_garbler_free(sonic_garbler *garbler);

/** SONIC_GARBLE_SEED_BYTES for the evaluator. */
SONIC_API const uint8_t *sonic_garbler_seed(const sonic_garbler *garbler);
/** 16 secret bytes: the difference of every wire's labels, lowest bit 1. */
SONIC_API const uint8_t *sonic_garbler_delta(const sonic_garbler *garbler);

/** Garbles gates [first, first + count) of a circuit, in the circuit's order, for n instances.
 *
 * The label of slot s in instance i is at labels + 16 (s n + i).  Input wires are slots 0, 1, ...
 * in the order of the words when the first gate is garbled; output wire w is in slot
 * sonic_circuit_output_slot() after the last.  Slots are used again once a wire is dead.
 * @param tables  32 n sonic_circuit_ands(circuit, first, count) bytes for the evaluator, gate by
 *                gate, instance by instance
 * @param labels  labels of zero, n times the circuit's slots, at a multiple of 8 bytes; secret; no
 *                alias of tables
 * @return SONIC_E_ARGUMENT for gates the circuit does not have and for unaligned labels,
 *         SONIC_E_SHAPE for sizes that overflow.  One garbler is used by one thread. */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_garbler_run(sonic_garbler *garbler, uint8_t *tables,
                                                          uint8_t *labels, size_t n,
                                                          const sonic_circuit *circuit,
                                                          uint64_t first, uint64_t count,
                                                          sonic_error *error);

/** The other side of a garbler.
 * @param context must outlive the evaluator
 * @param seed    the garbler's, sonic_garbler_seed()
 * @param period  the garbler's */
SONIC_API SONIC_MUST_CHECK sonic_status
sonic_evaluator_create(sonic_evaluator **evaluator, const sonic_context *context,
                       const uint8_t seed[SONIC_GARBLE_SEED_BYTES], uint64_t period,
                       sonic_error *error);
SONIC_API void sonic_evaluator_free(sonic_evaluator *evaluator);

/** Evaluates what sonic_garbler_run() garbled, gate by gate in the same order with the same n; a run
 * of the one may be several of the other.
 * @param labels  active labels, laid out as the garbler's; secret */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_evaluator_run(sonic_evaluator *evaluator,
                                                            const uint8_t *tables, uint8_t *labels,
                                                            size_t n, const sonic_circuit *circuit,
                                                            uint64_t first, uint64_t count,
                                                            sonic_error *error);

/** AND gates among gates [first, first + count); those beyond the circuit do not count. */
SONIC_API uint64_t sonic_circuit_ands(const sonic_circuit *circuit, uint64_t first, uint64_t count);

/** Where output wire w is after the last gate; w < output_wires. */
SONIC_API uint32_t sonic_circuit_output_slot(const sonic_circuit *circuit, uint32_t w);

#ifdef __cplusplus
}
#endif
#endif
