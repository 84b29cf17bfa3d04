/* The consistency check's hash over vectors of LANES rows, a block each.  Beside its vocabulary
 * (kernels/aes/rounds_tmpl.h) a tier defines
 *
 *   GATHER(p, stride)     blocks at p, p + stride, ...
 *   CLMUL(x, y, halves)   the product without carries of two halves of every block: bit 0 chooses
 *                         x's, bit 4 y's
 *
 * z chi = z_0 chi + z_1 (x^64 chi): four products of 64 bits, and with the second factor reduced
 * the sum has only 192 of them, of which the last 64 take one product more, by x^7 + x^2 + x + 1.
 */

enum { ROW_VECTORS = 4, GROUP = ROW_VECTORS * LANES };

/* A factor and x^64 times it. */
typedef struct factor {
    VEC once, shifted;
} factor;

/* What all rows have in common. */
typedef struct hasher {
    factor chi, square;
    VEC modulus;
} hasher;

/* Bits 0 to 127, and 64 to 191. */
typedef struct product {
    VEC low, middle;
} product;

SONIC_INLINE product multiply(VEC z, factor f)
{
    return (product){XOR(CLMUL(z, f.once, 0x00), CLMUL(z, f.shifted, 0x01)),
                     XOR(CLMUL(z, f.once, 0x10), CLMUL(z, f.shifted, 0x11))};
}

SONIC_INLINE VEC reduce(product p, VEC modulus)
{
    return XOR3(p.low, UP(p.middle, 8), CLMUL(p.middle, modulus, 0x01));
}

SONIC_INLINE factor factor_of(VEC once, VEC modulus)
{
    return (factor){once, XOR(UP(once, 8), CLMUL(once, modulus, 0x01))};
}

/* So many vectors of rows from `data` on; the blocks of one are adjacent if `packed`. */
SONIC_INLINE void hash_rows(uint8_t *hash, const uint8_t *data, size_t stride, size_t n,
                            int vectors, bool packed, const hasher *s)
{
    VEC z[ROW_VECTORS];
    SONIC_UNROLL
    for (int i = 0; i < vectors; i++)
        z[i] = LOAD(hash + i * VECTOR);
    for (; n >= 2; n -= 2, data += 2 * BLOCK) {
        SONIC_UNROLL
        for (int i = 0; i < vectors; i++) {
            const uint8_t *const at = data + i * LANES * stride;
            const product x = multiply(XOR(z[i], GATHER(at, stride)), s->square);
            const product y = multiply(GATHER(at + BLOCK, stride), s->chi);
            z[i] = reduce((product){XOR(x.low, y.low), XOR(x.middle, y.middle)}, s->modulus);
        }
    }
    if (n > 0) {
        SONIC_UNROLL
        for (int i = 0; i < vectors; i++) {
            const uint8_t *const at = data + i * LANES * stride;
            z[i] = XOR(z[i], packed ? LOAD(at) : GATHER(at, stride));
            z[i] = reduce(multiply(z[i], s->chi), s->modulus);
        }
    }
    SONIC_UNROLL
    for (int i = 0; i < vectors; i++)
        STORE(hash + i * VECTOR, z[i]);
}

SONIC_INLINE void hash_groups(uint8_t *hash, const uint8_t *data, size_t stride, size_t rows,
                              size_t n, bool packed, const hasher *s)
{
    for (; rows >= GROUP; rows -= GROUP, hash += GROUP * BLOCK, data += GROUP * stride)
        hash_rows(hash, data, stride, n, ROW_VECTORS, packed, s);
    for (; rows >= LANES; rows -= LANES, hash += VECTOR, data += LANES * stride)
        hash_rows(hash, data, stride, n, 1, packed, s);
    for (; rows > 0; rows--, hash += BLOCK, data += stride) {
        uint8_t copies[VECTOR];
        STORE(copies, SPREAD(hash));
        hash_rows(copies, data, 0, n, 1, false, s);
        memcpy(hash, copies, BLOCK);
    }
}

static void row_hash(uint8_t *hash, const uint8_t *data, size_t stride, size_t rows, size_t n,
                     const uint8_t chi[16])
{
    hasher s = {.modulus = SPREAD64(0x87, 0)};
    s.chi = factor_of(SPREAD(chi), s.modulus);
    s.square = factor_of(reduce(multiply(s.chi.once, s.chi), s.modulus), s.modulus);
    if (n == 1 && stride == BLOCK)
        hash_groups(hash, data, BLOCK, rows, 1, true, &s);
    else
        hash_groups(hash, data, stride, rows, n, false, &s);
}
