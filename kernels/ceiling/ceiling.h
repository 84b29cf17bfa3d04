/** @file
 * Ceilings: loops of each primitive's instruction mix on registers alone, which no kernel can
 * exceed.  Benches only; not part of the library.
 *
 * Contract: each runs `steps` steps, returns how many operations they were, and writes what keeps a
 * compiler from dropping them into `sink`, SONIC_CEILING_SINK bytes that it also starts from.
 */
#ifndef SONIC_KERNELS_CEILING_H
#define SONIC_KERNELS_CEILING_H

#include <stdint.h>

enum { SONIC_CEILING_SINK = 1024, SONIC_CEILING_MIXES = 4 };

typedef uint64_t sonic_ceiling(uint64_t steps, void *sink);

/** NULL where a tier has none of its own.  Of several mixes the best is the ceiling. */
typedef struct sonic_ceilings {
    sonic_ceiling *ring[2][SONIC_CEILING_MIXES]; /**< multiply-adds mod 2^32 and mod 2^64 */
    sonic_ceiling *aes;                          /**< blocks of ten rounds */
} sonic_ceilings;

/** Fill in what the tier has. */
void sonic_ceiling_select_aesni(sonic_ceilings *ceilings);
void sonic_ceiling_select_avx2(sonic_ceilings *ceilings);
void sonic_ceiling_select_vaes256(sonic_ceilings *ceilings);
void sonic_ceiling_select_avx512(sonic_ceilings *ceilings);
void sonic_ceiling_select_avx512ifma(sonic_ceilings *ceilings);

#endif
