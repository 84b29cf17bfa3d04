/** @file
 * One call of kernels/dpf for tests of all of its operations alike, and what two parties' shares
 * have to come to, by plain comparison.
 */
#ifndef SONIC_TESTS_DPF_RUN_H
#define SONIC_TESTS_DPF_RUN_H

#include <stdbool.h>

#include "dispatch/kernels.h"

typedef enum dpf_op { DPF_EQUAL = SONIC_DPF_EQUAL, DPF_LESS = SONIC_DPF_LESS, DPF_STEP } dpf_op;

enum { DPF_OPS = 3 };

typedef struct dpf_run {
    unsigned op, ring, bits;
    size_t n;
    sonic_aes_key pi;
    const uint8_t *seeds[2], *alpha, *beta, *x; /* beta: of DPF_STEP */
} dpf_run;

/** "point", "comparison" or "step". */
const char *dpf_name(const dpf_run *run);

/** Bytes of an element, of a key, and of a party's n shares. */
size_t dpf_element(const dpf_run *run);
size_t dpf_key_bytes(const dpf_run *run);
size_t dpf_out_bytes(const dpf_run *run);

/** Element j without the bits that the kernels ignore. */
uint64_t dpf_number(const dpf_run *run, const uint8_t *elements, size_t j);

void dpf_generate(const dpf_run *run, const sonic_kernels *kernels, uint8_t *keys);
void dpf_eval(const dpf_run *run, const sonic_kernels *kernels, uint8_t *out, const uint8_t *keys,
              unsigned party);

/** Whether f_j(x_j) is one, or beta. */
bool dpf_holds(const dpf_run *run, size_t j);

/** Whether the shares come to f_j(x_j). */
bool dpf_right(const dpf_run *run, const uint8_t *first, const uint8_t *second, size_t j);

#endif
