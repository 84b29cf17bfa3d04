/* Elementwise parts of material made by oblivious transfers, for one ring.  Parameters: ELEMENT
 * (uint32_t or uint64_t), NAME(function).  Counts are multiples of 16; no branch depends on an
 * element. */

static void NAME(spread)(void *out, const uint8_t *bits, size_t n)
{
    ELEMENT *o = out;
    for (size_t i = 0; i < n; i++)
        o[i] = bits[i / 8] >> i % 8 & 1;
}

static void NAME(split)(void *low, void *high, void *msb, const void *u, unsigned shift, size_t n)
{
    ELEMENT *l = low, *h = high, *m = msb;
    const ELEMENT *v = u;
    for (size_t i = 0; i < n; i++) {
        l[i] = v[i] & (((ELEMENT)1 << shift) - 1);
        h[i] = v[i] >> shift;
        m[i] = v[i] >> (8 * sizeof(ELEMENT) - 1);
    }
}

/* Each copy but the last EXACT runs into its neighbour's place, and the neighbour is next. */
static void NAME(store)(uint8_t *out, const void *x, size_t bytes, size_t n)
{
    const ELEMENT *v = x;
    for (size_t i = 0; i < n - EXACT; i++)
        memcpy(out + i * bytes, v + i, sizeof *v);
    for (size_t i = n - EXACT; i < n; i++)
        memcpy(out + i * bytes, v + i, bytes);
}

static void NAME(load)(void *x, const uint8_t *in, size_t bytes, size_t n)
{
    ELEMENT *v = x;
    for (size_t i = 0; i < n - EXACT; i++)
        memcpy(v + i, in + i * bytes, sizeof *v);
    memset(v + n - EXACT, 0, EXACT * sizeof *v);
    for (size_t i = n - EXACT; i < n; i++)
        memcpy(v + i, in + i * bytes, bytes);
}

static void NAME(add_bit)(void *x, const void *elements, unsigned place, size_t n)
{
    ELEMENT *v = x;
    const ELEMENT *e = elements;
    for (size_t i = 0; i < n; i++)
        v[i] += e[i] >> place & 1;
}

static void NAME(keep)(void *x, const void *elements, unsigned place, size_t n)
{
    ELEMENT *v = x;
    const ELEMENT *e = elements;
    for (size_t i = 0; i < n; i++)
        v[i] &= (ELEMENT)0 - (e[i] >> place & 1);
}

static void NAME(add_signed)(void *out, const void *x, const void *r, const void *y, size_t n)
{
    ELEMENT *o = out;
    const ELEMENT *v = x, *bit = r, *w = y;
    for (size_t i = 0; i < n; i++)
        o[i] = v[i] + (w[i] ^ ((ELEMENT)0 - bit[i])) + bit[i];
}

static void NAME(wrap)(void *out, const void *msb, const void *product, unsigned shift, size_t n)
{
    ELEMENT *o = out;
    const ELEMENT *m = msb, *p = product, field = ((ELEMENT)1 << shift) - 1;
    for (size_t i = 0; i < n; i++)
        o[i] = (m[i] & field) | (p[i] & field) << shift;
}

const sonic_ot_elements NAME(sonic_ot_elements) = {
    NAME(spread),  NAME(split), NAME(store),      NAME(load),
    NAME(add_bit), NAME(keep),  NAME(add_signed), NAME(wrap),
};

#undef ELEMENT
#undef NAME
