/* Comparisons with shared elements of BITS bits: of the keys of one full tile, those from j on
 * whose seeds are half a flight. */
#define STEP_(a, b) a##b
#define STEP(a, b) STEP_(a, b)
#define RING(name) STEP(name, BITS)
#define ADD STEP(ADD, BITS)
#define SUB STEP(SUB, BITS)
#define LOAD_PAIRS STEP(LOAD_PAIRS, BITS)
#define STORE_PAIRS STEP(STORE_PAIRS, BITS)
#define PAIR STEP(PAIR, BITS)
#define PAIRS RING(PAIRS)
#define LEVEL RING(LEVEL)
#define STEP_TILE RING(STEP_TILE)

enum {
    PAIR = 2 * BITS / 8,
    PAIRS = TILE * PAIR, /* bytes of a full tile's pairs, of a level or a place */
    LEVEL = ROW + PAIRS,
    STEP_TILE = (BITS - SONIC_DPF_STEP_LEAF_BITS) * LEVEL + (PAIRS << SONIC_DPF_STEP_LEAF_BITS)
};

/* The words of values H(s ^ c): with them the parties' shares come to beta where it is taken, and
 * to 0 elsewhere. */
SONIC_INLINE void RING(correct_pairs)(uint8_t *words, const pairs *p, uint64_t c, const VEC *beta,
                                      const MASK *take, const tree *t)
{
    VEC v[FLIGHT], last[HALF];
    SONIC_UNROLL
    for (int i = 0; i < HALF; i++) {
        v[2 * i] = XOR(start(&p->s[i], t), SPREAD64(c, c));
        v[2 * i + 1] = XOR(v[2 * i], p->sigma_delta[i]);
        last[i] = XOR(v[2 * i], t->between);
    }
    encrypt_middle(v, &t->key);
    SONIC_UNROLL
    for (int i = 0; i < HALF; i++) {
        const VEC own = ENCLAST(v[2 * i], last[i]);
        const VEC other = ENCLAST(v[2 * i + 1], XOR(last[i], p->sigma_delta[i]));
        const VEC difference = SUB(own, other), value = KEEP(take[i], beta[i]);
        STORE_PAIRS(words + i * LANES * PAIR,
                    CHOOSE(odd(&p->s[i], t), SUB(value, difference), SUB(difference, value)));
    }
}

SONIC_INLINE void RING(step_generate_half)(uint8_t *keys, const uint8_t *const seeds[2],
                                           const uint64_t *alpha, const uint8_t *beta,
                                           unsigned bits, size_t j, const tree *t)
{
    const unsigned leaf = bits - sonic_dpf_step_levels(bits);
    const uint64_t sign = (uint64_t)1 << 63, last = ((uint64_t)1 << leaf) - 1;
    VEC value[HALF];
    MASK take[HALF];
    pairs p;
    pairs_begin(&p, (const uint8_t *const[2]){seeds[0] + j * BLOCK, seeds[1] + j * BLOCK},
                alpha + j);
    SONIC_UNROLL
    for (int i = 0; i < HALF; i++)
        value[i] = LOAD_PAIRS(beta + j * PAIR + i * LANES * PAIR);
    for (; bits > leaf; keys += LEVEL) {
        const uint64_t bit = (uint64_t)1 << --bits;
        descend(&p, keys + j * BLOCK, bit, t);
        SONIC_UNROLL
        for (int i = 0; i < HALF; i++)
            take[i] = SET(p.alpha[i], SPREAD64(bit, bit));
        RING(correct_pairs)(keys + ROW + j * PAIR, &p, 2, value, take, t);
    }
    for (uint64_t place = 0; place <= last; place++, keys += PAIRS) {
        SONIC_UNROLL
        for (int i = 0; i < HALF; i++) {
            const VEC at = AND(p.alpha[i], SPREAD64(last, last));
            take[i] = SET(SUB64(SPREAD64(place, place), at), SPREAD64(sign, sign));
        }
        RING(correct_pairs)(keys + j * PAIR, &p, 2 * (place + 2), value, take, t);
    }
}

/* Adds the values in flight of seeds with words, where x goes left at `bit`. */
SONIC_INLINE void RING(add_values)(VEC sum[HALF], const VEC value[HALF], const VEC seed[HALF],
                                   const uint8_t *words, const VEC x[HALF], VEC bit, const tree *t)
{
    SONIC_UNROLL
    for (int i = 0; i < HALF; i++) {
        const VEC word = LOAD_PAIRS(words + i * LANES * PAIR);
        const VEC share = ADD(value[i], KEEP(odd(&seed[i], t), word));
        sum[i] = ADD(sum[i], KEEP_UNLESS(SET(x[i], bit), share));
    }
}

/* The values of a level are hashed with the seeds of the next: that makes a flight. */
SONIC_INLINE void RING(step_eval_half)(uint8_t *out, const uint8_t *seeds, const uint8_t *keys,
                                       const uint64_t *x, unsigned bits, size_t j, unsigned party,
                                       const tree *t)
{
    const unsigned leaf = bits - sonic_dpf_step_levels(bits);
    const uint64_t last_place = ((uint64_t)1 << leaf) - 1;
    const VEC zero = SPREAD64(0, 0), two = SPREAD64(2, 2);
    const VEC of_value = XOR(two, t->key.round[0]);
    const uint8_t *words = NULL;
    uint8_t places[HALF * LANES * PAIR];
    VEC s[HALF], at[HALF], sum[HALF], right[HALF], above = zero;
    VEC first[FLIGHT], v[FLIGHT], last[FLIGHT];
    SONIC_UNROLL
    for (int i = 0; i < HALF; i++) {
        s[i] = root(seeds + j * BLOCK + i * VECTOR, party);
        at[i] = TWICE(x + j + i * LANES);
        first[i] = start(&s[i], t);
        first[HALF + i] = sum[i] = right[i] = zero;
    }
    for (; bits > leaf; keys += LEVEL) {
        const uint64_t position = (uint64_t)1 << --bits;
        const VEC bit = SPREAD64(position, position);
        SONIC_UNROLL
        for (int i = 0; i < FLIGHT; i++)
            v[i] = first[i];
        SONIC_UNROLL
        for (int r = 1; r < ROUNDS; r++) {
            const int i = r - 1;
            encrypt_round(v, &t->key, r);
            if (i < HALF) {
                const VEC word = LOAD(keys + j * BLOCK + i * VECTOR);
                last[i] = ADD_WHERE(XOR(first[i], t->between), odd(&s[i], t), word);
                last[i] = ADD_WHERE(last[i], SET(at[i], bit), s[i]);
                last[HALF + i] = XOR(first[HALF + i], t->between);
            }
        }
        SONIC_UNROLL
        for (int i = 0; i < FLIGHT; i++)
            v[i] = ENCLAST(v[i], last[i]);
        if (words)
            RING(add_values)(sum, v + HALF, right, words, at, above, t);
        SONIC_UNROLL
        for (int i = 0; i < HALF; i++) {
            right[i] = XOR(v[i], s[i]);
            s[i] = v[i];
            const VEC next = start(&s[i], t);
            first[HALF + i] = XOR3(first[i], next, of_value);
            first[i] = next;
        }
        words = keys + ROW + j * PAIR;
        above = bit;
    }
    SONIC_UNROLL
    for (int i = 0; i < HALF; i++) {
        const VEC c = ADD64(AND(at[i], SPREAD64(last_place, last_place)), two);
        first[i] = XOR(first[i], ADD64(c, c));
    }
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        v[i] = first[i];
    encrypt_middle(v, &t->key);
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        v[i] = ENCLAST(v[i], XOR(first[i], t->between));
    if (words)
        RING(add_values)(sum, v + HALF, right, words, at, above, t);
    for (size_t i = 0; i < HALF * LANES; i++)
        memcpy(places + i * PAIR, keys + (x[j + i] & last_place) * PAIRS + (j + i) * PAIR, PAIR);
    SONIC_UNROLL
    for (int i = 0; i < HALF; i++)
        at[i] = zero;
    RING(add_values)(sum, v, s, places, at, t->ones, t);
    SONIC_UNROLL
    for (int i = 0; i < HALF; i++)
        STORE_PAIRS(out + j * PAIR + i * LANES * PAIR, party ? SUB(zero, sum[i]) : sum[i]);
}

/* A tile of w keys from one of TILE, and back. */
SONIC_INLINE void RING(step_copy)(uint8_t *to, size_t to_w, const uint8_t *from, size_t from_w,
                                  unsigned bits, size_t w)
{
    const unsigned levels = sonic_dpf_step_levels(bits);
    for (unsigned i = 0; i < levels; i++) {
        copy(to, from, w * BLOCK);
        copy(to + to_w * BLOCK, from + from_w * BLOCK, w * PAIR);
        to += to_w * (BLOCK + PAIR);
        from += from_w * (BLOCK + PAIR);
    }
    for (size_t i = 0; i < (size_t)1 << (bits - levels); i++)
        copy(to + i * to_w * PAIR, from + i * from_w * PAIR, w * PAIR);
}

static void RING(step_generate)(uint8_t *keys, const uint8_t *const seeds[2], const void *alpha,
                                const void *beta, unsigned bits, size_t n, const sonic_aes_key *pi)
{
    tree t;
    tree_begin(&t, pi, 0);
    for (size_t at = 0; at < n; at += TILE) {
        const size_t w = n - at < TILE ? n - at : TILE;
        uint8_t *const tile = keys + at * sonic_dpf_step_key_bytes(BITS / 8, bits);
        const uint8_t *from[2] = {seeds[0] + at * BLOCK, seeds[1] + at * BLOCK};
        const uint8_t *values = (const uint8_t *)beta + at * PAIR;
        uint8_t spare[STEP_TILE], ends[2][ROW], last[PAIRS] = {0};
        uint64_t numbers[TILE] = {0};
        load_numbers(numbers, (const uint8_t *)alpha + at * (BITS / 8), w, BITS / 8, bits);
        for (int p = 0; p < 2 && w < TILE; p++) {
            copy_padded(ends[p], from[p], w, TILE / LANES);
            from[p] = ends[p];
        }
        if (w < TILE)
            values = memcpy(last, values, w * PAIR);
        for (size_t j = 0; j < TILE; j += HALF * LANES)
            RING(step_generate_half)
            (w < TILE ? spare : tile, from, numbers, values, bits, j, &t);
        if (w < TILE)
            RING(step_copy)(tile, w, spare, TILE, bits, w);
    }
}

static void RING(step_eval)(void *out, const uint8_t *seeds, const uint8_t *keys, const void *x,
                            unsigned bits, size_t n, unsigned party, const sonic_aes_key *pi)
{
    tree t;
    tree_begin(&t, pi, 0);
    for (size_t at = 0; at < n; at += TILE) {
        const size_t w = n - at < TILE ? n - at : TILE;
        const uint8_t *tile = keys + at * sonic_dpf_step_key_bytes(BITS / 8, bits);
        const uint8_t *from = seeds + at * BLOCK;
        uint8_t *const to = (uint8_t *)out + at * PAIR;
        uint8_t spare[STEP_TILE], ends[ROW], last[PAIRS];
        uint64_t numbers[TILE] = {0};
        load_numbers(numbers, (const uint8_t *)x + at * (BITS / 8), w, BITS / 8, bits);
        if (w < TILE) {
            copy_padded(ends, from, w, TILE / LANES);
            RING(step_copy)(spare, TILE, tile, w, bits, w);
            from = ends;
            tile = spare;
        }
        for (size_t j = 0; j < TILE; j += HALF * LANES)
            RING(step_eval_half)
            (w < TILE ? last : to, from, tile, numbers, bits, j, party, &t);
        if (w < TILE)
            copy(to, last, w * PAIR);
    }
}

#undef STEP_
#undef STEP
#undef RING
#undef ADD
#undef SUB
#undef LOAD_PAIRS
#undef STORE_PAIRS
#undef PAIR
#undef PAIRS
#undef LEVEL
#undef STEP_TILE
#undef BITS
