/** @file
 * The checks of the kernels, one list a primitive: X(PRIMITIVE, primitive, name) stands for
 * check_<primitive>_<name>() in tests/check_<primitive>*.c ("boolean": `bool` is a macro).  The
 * Criterion programs and tier_check run what is listed here.
 */
#ifndef SONIC_TESTS_CHECKS_H
#define SONIC_TESTS_CHECKS_H

#include "tests/harness.h"

#define SONIC_AES_CHECKS(X) \
    X(AES, aes, known_answers) \
    X(AES, aes, expand) \
    X(AES, aes, expand_many) \
    X(AES, aes, ctr) \
    X(AES, aes, ctr_wrap) \
    X(AES, aes, ccr) \
    X(AES, aes, tccr) \
    X(AES, aes, tccr_wrap) \
    X(AES, aes, alignment)

#define SONIC_GARBLE_CHECKS(X) \
    X(GARBLE, garble, sizes) \
    X(GARBLE, garble, aliases) \
    X(GARBLE, garble, alignment) \
    X(GARBLE, garble, numbers) \
    X(GARBLE, garble, and_gates)

#define SONIC_OT_CHECKS(X) \
    X(OT, ot, vole) \
    X(OT, ot, vole_wrap) \
    X(OT, ot, pairs) \
    X(OT, ot, bits) \
    X(OT, ot, words) \
    X(OT, ot, row_hash) \
    X(OT, ot, alignment)

#define SONIC_BITMAT_CHECKS(X) \
    X(BITMAT, bitmat, sizes) \
    X(BITMAT, bitmat, alignment) \
    X(BITMAT, bitmat, labels)

#define SONIC_BOOL_CHECKS(X) \
    X(BOOL, boolean, formulas) \
    X(BOOL, boolean, in_place) \
    X(BOOL, boolean, products)

#define SONIC_VEC_CHECKS(X) \
    X(VEC, vec, formulas) \
    X(VEC, vec, in_place) \
    X(VEC, vec, alignment) \
    X(VEC, vec, select) \
    X(VEC, vec, truncation) \
    X(VEC, vec, local_truncation) \
    X(VEC, vec, exact_formulas) \
    X(VEC, vec, exact_places) \
    X(VEC, vec, exact_results)

#define SONIC_RING_CHECKS(X) \
    X(RING, ring, tiles) \
    X(RING, ring, skinny)

#define SONIC_CONV_CHECKS(X) \
    X(CONV, conv, pack) \
    X(CONV, conv, depthwise)

#define SONIC_VOLE_CHECKS(X) \
    X(VOLE, vole, fold) \
    X(VOLE, vole, fold_wrap) \
    X(VOLE, vole, lanes) \
    X(VOLE, vole, alignment) \
    X(VOLE, vole, products)

#define SONIC_DPF_CHECKS(X) \
    X(DPF, dpf, sizes) \
    X(DPF, dpf, bits) \
    X(DPF, dpf, alignment)

#define SONIC_DECLARE_CHECK(PRIMITIVE, primitive, name) \
    bool check_##primitive##_##name(harness_tier *tier);
SONIC_AES_CHECKS(SONIC_DECLARE_CHECK)
SONIC_GARBLE_CHECKS(SONIC_DECLARE_CHECK)
SONIC_OT_CHECKS(SONIC_DECLARE_CHECK)
SONIC_BITMAT_CHECKS(SONIC_DECLARE_CHECK)
SONIC_BOOL_CHECKS(SONIC_DECLARE_CHECK)
SONIC_VEC_CHECKS(SONIC_DECLARE_CHECK)
SONIC_RING_CHECKS(SONIC_DECLARE_CHECK)
SONIC_CONV_CHECKS(SONIC_DECLARE_CHECK)
SONIC_VOLE_CHECKS(SONIC_DECLARE_CHECK)
SONIC_DPF_CHECKS(SONIC_DECLARE_CHECK)
#undef SONIC_DECLARE_CHECK

/** A Criterion test of one check on every tier; the includer has <criterion/criterion.h>. */
#define SONIC_KERNEL_TEST(PRIMITIVE, primitive, name) \
    Test(primitive, name) \
    { \
        const bool passed = \
            harness_each_tier(SONIC_PRIMITIVE_##PRIMITIVE, check_##primitive##_##name); \
        cr_assert(passed, "%s", harness_message()); \
    }

#endif
