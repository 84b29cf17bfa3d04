/** @file
 * Party 1's corrections of dealt elements: buffers hold party 0's shares before, party 1's after.
 */
#ifndef SONIC_PROTO_OFFLINE_DEAL_ELEMENTS_H
#define SONIC_PROTO_OFFLINE_DEAL_ELEMENTS_H

#include <stddef.h>
#include <stdint.h>

#include <sonicnn/context.h>

/** out: n shares of r, n of r u.  r: n bits, u: n elements, both in the clear.  All secret and
 * 8-byte aligned. */
void sonic_deal_select(sonic_ring ring, void *out, const uint8_t *r, const void *u, size_t n);

/** out: n shares each of r, -(u >> shift), -r (u >> shift), and the wrap words of vec.h's
 * select_trunc.  1 <= shift <= l / 2. */
void sonic_deal_select_trunc(sonic_ring ring, void *out, const uint8_t *r, const void *u,
                             unsigned shift, size_t n);

/** out: n shares of -(u >> shift), n shares mod 2^shift of msb(u). */
void sonic_deal_trunc_elements(sonic_ring ring, void *out, const void *u, unsigned shift, size_t n);

/** Not shares: m, n elements, is bit i of `bit` ^ r's highest bit, or 1 for bit NULL; beta is n
 * pairs (m, 1 - m).  r: n elements. */
void sonic_deal_exact_bits(sonic_ring ring, void *m, void *beta, const void *bit, const void *r,
                           size_t n);

/** out: n shares each of what fss_plan.h deals for relu.  0 <= shift <= l / 2. */
void sonic_deal_exact_select(sonic_ring ring, void *out, const void *m, const void *r,
                             unsigned shift, size_t n);

/** out: n shares each of what it deals for a truncation.  1 <= shift <= l / 2. */
void sonic_deal_exact_trunc(sonic_ring ring, void *out, const void *r, unsigned shift, size_t n);

#endif
