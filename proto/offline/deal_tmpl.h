/* Elementwise corrections for one ring: in `out` party 0's shares come in and party 1's go out.
 * Parameters: ELEMENT (uint32_t or uint64_t), NAME(function).  No branch depends on r or u. */

/* r and r u. */
static void NAME(select)(ELEMENT *out, const uint8_t *r, const ELEMENT *u, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ELEMENT bit = (ELEMENT)(r[i / 8] >> i % 8 & 1);
        out[i] = bit - out[i];
        out[n + i] = bit * u[i] - out[n + i];
    }
}

/* r, -(u >> shift), -r (u >> shift); msb(u) and r msb(u), each mod 2^shift, in one element. */
static void NAME(select_trunc)(ELEMENT *out, const uint8_t *r, const ELEMENT *u, unsigned shift,
                               size_t n)
{
    ELEMENT field = ((ELEMENT)1 << shift) - 1;
    for (size_t i = 0; i < n; i++) {
        ELEMENT bit = (ELEMENT)(r[i / 8] >> i % 8 & 1);
        ELEMENT high = u[i] >> shift, msb = u[i] >> (8 * sizeof(ELEMENT) - 1);
        ELEMENT wrap = out[3 * n + i];
        out[i] = bit - out[i];
        out[n + i] = (ELEMENT)0 - high - out[n + i];
        out[2 * n + i] = (ELEMENT)0 - bit * high - out[2 * n + i];
        out[3 * n + i] = ((msb - wrap) & field) | ((bit * msb - (wrap >> shift)) & field) << shift;
    }
}

/* -(u >> shift); msb(u) mod 2^shift. */
static void NAME(trunc)(ELEMENT *out, const ELEMENT *u, unsigned shift, size_t n)
{
    ELEMENT field = ((ELEMENT)1 << shift) - 1;
    for (size_t i = 0; i < n; i++) {
        out[i] = (ELEMENT)0 - (u[i] >> shift) - out[i];
        out[n + i] = ((u[i] >> (8 * sizeof(ELEMENT) - 1)) - out[n + i]) & field;
    }
}

#undef ELEMENT
#undef NAME
