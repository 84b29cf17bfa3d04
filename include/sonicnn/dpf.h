/** @file
 * Distributed point and comparison functions: keys for two servers that share a function's value.
 *
 * Somebody who knows a secret number alpha makes two keys of a function f of it, and gives one to
 * each of two servers.  At any number x that both know, each computes alone its share of f(x) from
 * its key; neither learns anything of alpha, nor of f(x) but by the other's share.
 *
 *     function             f(x)                           the servers' shares
 *     SONIC_DPF_POINT      1 where x = alpha, else 0      a bit each, f(x) their XOR
 *     SONIC_DPF_COMPARE    1 where x < alpha, else 0      a bit each, f(x) their XOR
 *     SONIC_DPF_STEP       beta where x < alpha, else 0   a pair of elements mod 2^ring each, f(x)
 *                                                         their sums; beta is a secret pair, too
 *
 * A key may be evaluated any number of times.  Where x itself is a secret that the servers share,
 * who makes the keys draws a mask r, gives them shares of r and of its highest bit, and keys of
 * alpha = r; they open e = x + r and evaluate at e (Boyle et al., EUROCRYPT 2021).  The sign of x
 * mod 2^l is the highest bit of e ^ r, flipped where e < r on the lowest l - 1 bits.  Then a mask
 * and its keys are for one x.
 *
 * Costs of one function, with v = ring / 4 bytes of a pair, for `bits` from 7, or 3 for a step, on:
 *
 *     function         bytes of a party's key           AES calls to evaluate   to generate
 *     point, compare   16 (bits - 7) + 32               bits - 6                2 (bits - 6)
 *     step             (16 + v) (bits - 3) + 8 v + 16   2 (bits - 3) + 1        4 (bits - 3) + 16
 *
 * Security: against either of the servers, which may be malicious as far as secrecy goes; shares
 * that it altered, and so f(x), are not noticed.  Who makes the keys is taken to be honest: servers
 * cannot tell keys of another function, which do no more harm than a wrong result.  A party's keys
 * hide alpha and beta, but not function, ring, bits and n, by these assumptions:
 *   - libsodium's generator is random, and ChaCha20, with a key of it for each party's block, a
 *     pseudorandom generator of its seeds;
 *   - H(s) = pi(sigma(s)) ^ sigma(s), one AES-128 call under a public key, is circular correlation
 *     robust, pi an ideal cipher (Guo, Katz, Wang, Yu, IEEE S&P 2020).
 * An adversary of p AES calls under one key that hashes q seeds succeeds with a probability of
 * about p q 2^-126.  The key is another one for each 1024 functions, their number in the batch XOR
 * 16 bytes drawn with it: at most 260 seeds a function, q < 2^19, 107 bits however many functions
 * there are.
 * Sources: Guo et al., Half-Tree, EUROCRYPT 2023 (trees); Boyle, Gilboa, Ishai, CCS 2016 (early
 * termination); Storrier et al., Grotto, CCS 2023 (comparisons from parities).
 *
 * A party's keys lie in one blob of sonic_dpf_bytes(): 48 bytes that say what they are, then blocks
 * of 1024 functions, the last one of what remains.  Its numbers are in the byte order of the
 * machine that made it.  A blob from outside is refused unless its header and its size are right,
 * and whatever else is in it, no call reads or writes beyond what is said here; shares by
 * altered keys, by keys of two batches, or by one party's keys twice are wrong, unnoticed.  Nothing
 * protects the keys on their way: use TLS, SSH or WireGuard.
 *
 * Alpha, beta, shares and blobs but for their headers are secret: no branch and no address depends
 * on them, and the caller wipes them.  Function, ring, bits, n and x are public.  Results are
 * bit-identical on every tier and for every number of threads; keys fit both parties' contexts
 * whatever their tiers.  A batch is spread over the context's threads.  Thread safe.  Elements are
 * uint32_t or uint64_t in the machine's byte order, by ring; of alpha and x the lowest `bits` bits
 * are read, as an unsigned number.  Bit j of a string of bits is bit j % 8 of byte j / 8.  Pointers
 * must not be NULL where it is not said that they may be; buffers have any alignment, and an output
 * no bytes in common with other arguments.  Outputs are unchanged on failure.
 */
#ifndef SONICNN_DPF_H
#define SONICNN_DPF_H

#include <sonicnn/context.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sonic_dpf_function {
    SONIC_DPF_POINT = 1,
    SONIC_DPF_COMPARE = 2,
    SONIC_DPF_STEP = 3
} sonic_dpf_function;

/** A batch of functions of one sort, each of its own alpha. */
typedef struct sonic_dpf_shape {
    sonic_dpf_function function;
    sonic_ring ring; /**< of alpha and x, and of beta */
    unsigned bits;   /**< of alpha and x, 1 to ring */
    size_t n;        /**< functions, any number */
} sonic_dpf_shape;

/** Bytes of one party's blob.
 * @return SONIC_E_ARGUMENT for a shape that there is not, SONIC_E_SHAPE for a size that overflows
 */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_dpf_bytes(size_t *bytes, const sonic_dpf_shape *shape,
                                                        sonic_error *error);

/** Makes the keys of n functions, with fresh randomness.
 * @param blob0  of party 0, sonic_dpf_bytes() bytes; nobody else must see it
 * @param blob1  of party 1
 * @param alpha  n elements
 * @param beta   n pairs of elements for steps, and else NULL
 * @return as sonic_dpf_bytes(), SONIC_E_ARGUMENT for a beta too many or too few, or no context */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_dpf_generate(const sonic_context *context,
                                                           const sonic_dpf_shape *shape,
                                                           uint8_t *blob0, uint8_t *blob1,
                                                           const void *alpha, const void *beta,
                                                           sonic_error *error);

/** What a blob says it is.
 * @param party  0 or 1
 * @param bytes  that there are at `blob`, any number
 * @return SONIC_E_FORMAT for what is no blob, or damaged, or shorter or longer than it says */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_dpf_inspect(sonic_dpf_shape *shape, unsigned *party,
                                                          const uint8_t *blob, size_t bytes,
                                                          sonic_error *error);

/** A party's shares: of function j at x_j.
 * @param shape  that the keys must have
 * @param out    for steps n pairs of elements; else n bits, ceil(n / 8) bytes, bits from n on 0
 * @param blob   of either party
 * @param x      n elements
 * @return as sonic_dpf_inspect() and sonic_dpf_bytes(), SONIC_E_SHAPE for keys of another shape,
 *         SONIC_E_ARGUMENT for no context */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_dpf_eval(const sonic_context *context,
                                                       const sonic_dpf_shape *shape, void *out,
                                                       const uint8_t *blob, size_t bytes,
                                                       const void *x, sonic_error *error);

#ifdef __cplusplus
}
#endif
#endif
