/** @file
 * The lane vocabulary of products mod 2^l, one lane wide: portable C.
 *
 * Every lanes_<tier>.h offers, for l = 32 and 64: `vec`, count elements; `factor`, a vector in the
 * form that madd multiplies by; `sum`, an accumulator that total() turns into a vector; words, the
 * elements that packed storage holds for one factor.  Loads and stores are unaligned; `part` and
 * `put` load and store the first n <= count elements and touch no others (what is not loaded is 0);
 * n is public.  `less` is a difference, `join` two accumulators' sum; `hold` keeps the compiler
 * from adding up in another order (gcc 12 adds in a tree, and spills its leaves); `split` gives the
 * even and the odd elements of two vectors on end.
 */
#ifndef SONIC_KERNELS_RING_LANES_H
#define SONIC_KERNELS_RING_LANES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES_REF(bits)                                                                            \
    typedef uint##bits##_t lanes##bits##_element;                                                  \
    typedef uint##bits##_t lanes##bits##_vec;                                                      \
    typedef uint##bits##_t lanes##bits##_factor;                                                   \
    typedef uint##bits##_t lanes##bits##_sum;                                                      \
    enum { lanes##bits##_count = 1, lanes##bits##_words = 1 };                                     \
    static inline lanes##bits##_vec lanes##bits##_load(const void *p)                              \
    {                                                                                              \
        lanes##bits##_vec v;                                                                       \
        memcpy(&v, p, sizeof v);                                                                   \
        return v;                                                                                  \
    }                                                                                              \
    static inline void lanes##bits##_store(void *p, lanes##bits##_vec v)                           \
    {                                                                                              \
        memcpy(p, &v, sizeof v);                                                                   \
    }                                                                                              \
    static inline lanes##bits##_vec lanes##bits##_part(const void *p, size_t n)                    \
    {                                                                                              \
        return n ? lanes##bits##_load(p) : 0;                                                      \
    }                                                                                              \
    static inline void lanes##bits##_put(void *p, lanes##bits##_vec v, size_t n)                   \
    {                                                                                              \
        if (n)                                                                                     \
            lanes##bits##_store(p, v);                                                             \
    }                                                                                              \
    static inline lanes##bits##_vec lanes##bits##_add(lanes##bits##_vec a, lanes##bits##_vec b)    \
    {                                                                                              \
        return a + b;                                                                              \
    }                                                                                              \
    static inline void lanes##bits##_keep(lanes##bits##_element *words, lanes##bits##_element v)   \
    {                                                                                              \
        words[0] = v;                                                                              \
    }                                                                                              \
    static inline lanes##bits##_factor lanes##bits##_spread(const lanes##bits##_element *words)    \
    {                                                                                              \
        return words[0];                                                                           \
    }                                                                                              \
    static inline lanes##bits##_factor lanes##bits##_factor_of(lanes##bits##_vec v)                \
    {                                                                                              \
        return v;                                                                                  \
    }                                                                                              \
    static inline lanes##bits##_sum lanes##bits##_zero(void)                                       \
    {                                                                                              \
        return 0;                                                                                  \
    }                                                                                              \
    static inline lanes##bits##_sum lanes##bits##_madd(                                            \
        lanes##bits##_sum s, lanes##bits##_factor f, lanes##bits##_vec v)                          \
    {                                                                                              \
        return s + f * v;                                                                          \
    }                                                                                              \
    static inline lanes##bits##_vec lanes##bits##_total(lanes##bits##_sum s)                       \
    {                                                                                              \
        return s;                                                                                  \
    }                                                                                              \
    static inline lanes##bits##_vec lanes##bits##_less(lanes##bits##_vec a, lanes##bits##_vec b)   \
    {                                                                                              \
        return a - b;                                                                              \
    }                                                                                              \
    static inline lanes##bits##_sum lanes##bits##_join(lanes##bits##_sum a, lanes##bits##_sum b)   \
    {                                                                                              \
        return a + b;                                                                              \
    }                                                                                              \
    static inline void lanes##bits##_hold(lanes##bits##_sum *s)                                    \
    {                                                                                              \
        (void)s;                                                                                   \
    }                                                                                              \
    static inline void lanes##bits##_split(lanes##bits##_vec *even, lanes##bits##_vec *odd,        \
                                          lanes##bits##_vec a, lanes##bits##_vec b)                \
    {                                                                                              \
        *even = a;                                                                                 \
        *odd = b;                                                                                  \
    }

LANES_REF(32)
LANES_REF(64)
#undef LANES_REF

#endif
