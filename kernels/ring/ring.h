/** @file
 * Matrix products mod 2^l (contract).
 */
#ifndef SONIC_KERNELS_RING_H
#define SONIC_KERNELS_RING_H
typedef struct sonic_ring_kernels { int unused; } sonic_ring_kernels;
#endif
