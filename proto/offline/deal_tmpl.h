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

/* m, the bit of its share joined with r's highest, or where there is none 1; (m, 1 - m). */
static void NAME(exact_bits)(ELEMENT *m, ELEMENT *beta, const uint8_t *bit, const ELEMENT *r,
                             size_t n)
{
    for (size_t i = 0; i < n; i++) {
        m[i] = bit ? (ELEMENT)(bit[i / 8] >> i % 8 & 1) ^ r[i] >> (8 * sizeof(ELEMENT) - 1) : 1;
        beta[2 * i] = m[i];
        beta[2 * i + 1] = 1 - m[i];
    }
}

/* r >> shift with copies of r's highest bit shifted in. */
static ELEMENT NAME(shift_signed)(ELEMENT r, unsigned shift)
{
    const ELEMENT high = (ELEMENT)1 << (8 * sizeof(ELEMENT) - 1 - shift);
    return ((r >> shift) ^ high) - high;
}

/* m, m r_0; m r_1, r_0, r_1. */
static void NAME(exact_select)(ELEMENT *out, const ELEMENT *m, const ELEMENT *r, unsigned shift,
                               size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = m[i] - out[i];
        out[n + i] = m[i] * (r[i] >> shift) - out[n + i];
    }
    for (size_t i = 0; shift > 0 && i < n; i++) {
        const ELEMENT high = NAME(shift_signed)(r[i], shift);
        out[2 * n + i] = m[i] * high - out[2 * n + i];
        out[3 * n + i] = (r[i] >> shift) - out[3 * n + i];
        out[4 * n + i] = high - out[4 * n + i];
    }
}

/* r_0, r_1. */
static void NAME(exact_trunc)(ELEMENT *out, const ELEMENT *r, unsigned shift, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (r[i] >> shift) - out[i];
        out[n + i] = NAME(shift_signed)(r[i], shift) - out[n + i];
    }
}

#undef ELEMENT
#undef NAME
