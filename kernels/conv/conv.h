/** @file
 * Convolutions mod 2^l (contract).
 */
#ifndef SONIC_KERNELS_CONV_H
#define SONIC_KERNELS_CONV_H
typedef struct sonic_conv_kernels { int unused; } sonic_conv_kernels;
#endif
