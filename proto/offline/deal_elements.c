/* Elementwise corrections, one template for both rings. */
#include "proto/offline/deal_elements.h"

#define ELEMENT uint32_t
#define NAME(function) function##32
#include "proto/offline/deal_tmpl.h"

#define ELEMENT uint64_t
#define NAME(function) function##64
#include "proto/offline/deal_tmpl.h"

void sonic_deal_select(sonic_ring ring, void *out, const uint8_t *r, const void *u, size_t n)
{
    if (ring == SONIC_RING_64)
        select64(out, r, u, n);
    else
        select32(out, r, u, n);
}

void sonic_deal_select_trunc(sonic_ring ring, void *out, const uint8_t *r, const void *u,
                             unsigned shift, size_t n)
{
    if (ring == SONIC_RING_64)
        select_trunc64(out, r, u, shift, n);
    else
        select_trunc32(out, r, u, shift, n);
}

void sonic_deal_trunc_elements(sonic_ring ring, void *out, const void *u, unsigned shift, size_t n)
{
    if (ring == SONIC_RING_64)
        trunc64(out, u, shift, n);
    else
        trunc32(out, u, shift, n);
}

void sonic_deal_exact_bits(sonic_ring ring, void *m, void *beta, const void *bit, const void *r,
                           size_t n)
{
    if (ring == SONIC_RING_64)
        exact_bits64(m, beta, bit, r, n);
    else
        exact_bits32(m, beta, bit, r, n);
}

void sonic_deal_exact_select(sonic_ring ring, void *out, const void *m, const void *r,
                             unsigned shift, size_t n)
{
    if (ring == SONIC_RING_64)
        exact_select64(out, m, r, shift, n);
    else
        exact_select32(out, m, r, shift, n);
}

void sonic_deal_exact_trunc(sonic_ring ring, void *out, const void *r, unsigned shift, size_t n)
{
    if (ring == SONIC_RING_64)
        exact_trunc64(out, r, shift, n);
    else
        exact_trunc32(out, r, shift, n);
}
