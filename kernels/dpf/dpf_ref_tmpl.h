/* For elements of BITS bits: whole arrays, and comparisons with shared elements. */
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define RING(name) PASTE(name, BITS)
#define LOAD PASTE(sonic_load, BITS)
#define STORE PASTE(sonic_store, BITS)

/* The lowest `bits` bits of w elements. */
static void RING(load_numbers)(uint64_t out[TILE], const void *in, size_t at, size_t w,
                               unsigned bits)
{
    for (size_t j = 0; j < w; j++)
        out[j] = (uint64_t)LOAD(in, at + j) & (UINT64_MAX >> (64 - bits));
}

static void RING(generate)(uint8_t *keys, const uint8_t *const seeds[2], const void *alpha,
                           unsigned bits, size_t n, sonic_dpf_kind kind, const sonic_aes_key *pi)
{
    planes sliced[ROUNDS + 1];
    slice_key(sliced, pi);
    for (size_t i = 0; i < n; i += TILE) {
        const size_t w = n - i < TILE ? n - i : TILE;
        uint64_t numbers[TILE];
        seed s[2][TILE];
        RING(load_numbers)(numbers, alpha, i, w, bits);
        for (unsigned p = 0; p < 2; p++)
            load_roots(s[p], seeds[p] + BLOCK * i, p, w);
        generate_tile(keys + i * sonic_dpf_key_bytes(bits), s, numbers, bits, w, kind, sliced);
    }
}

static void RING(eval)(uint8_t *out, const uint8_t *seeds, const uint8_t *keys, const void *x,
                       unsigned bits, size_t n, sonic_dpf_kind kind, unsigned party,
                       const sonic_aes_key *pi)
{
    planes sliced[ROUNDS + 1];
    slice_key(sliced, pi);
    for (size_t i = 0; i < n; i += TILE) {
        const size_t w = n - i < TILE ? n - i : TILE;
        uint64_t numbers[TILE];
        seed s[TILE];
        RING(load_numbers)(numbers, x, i, w, bits);
        load_roots(s, seeds + BLOCK * i, party, w);
        const unsigned tile =
            eval_tile(s, keys + i * sonic_dpf_key_bytes(bits), numbers, bits, w, kind, sliced);
        out[i / 8] = (uint8_t)tile;
        if (w > 8)
            out[i / 8 + 1] = (uint8_t)(tile >> 8);
    }
}

/* Correction words of values: where the parties' seeds hash to a and b, of which party 1's has bit
 * 0 of t1, their shares sum to `value`. */
static void RING(correct)(uint8_t *keys, const seed *a, const seed *b, const seed *s1,
                          const uint64_t (*value)[2], size_t w)
{
    for (size_t j = 0; j < w; j++) {
        const uint64_t first[2] = {a[j].low, BITS == 32 ? a[j].low >> 32 : a[j].high};
        const uint64_t second[2] = {b[j].low, BITS == 32 ? b[j].low >> 32 : b[j].high};
        for (size_t k = 0; k < 2; k++)
            STORE(keys, 2 * j + k,
                  (PASTE(PASTE(uint, BITS), _t))negate_if(value[j][k] - first[k] + second[k],
                                                          s1[j].low));
    }
}

static void RING(step_generate_tile)(uint8_t *keys, seed s[2][TILE], const uint64_t *alpha,
                                     const uint64_t (*beta)[2], unsigned bits, size_t w,
                                     const planes pi[ROUNDS + 1])
{
    const unsigned leaf = bits - sonic_dpf_step_levels(bits);
    uint64_t value[TILE][2];
    seed hashed[2][TILE];
    for (unsigned bit = bits; bit > leaf; keys += (BLOCK + 2 * BITS / 8) * w) {
        descend(keys, s, alpha, --bit, w, pi);
        for (unsigned p = 0; p < 2; p++)
            hash(hashed[p], s[p], 2, w, pi);
        for (size_t j = 0; j < w; j++)
            for (size_t k = 0; k < 2; k++)
                value[j][k] = beta[j][k] & (0 - (alpha[j] >> bit & 1));
        RING(correct)(keys + BLOCK * w, hashed[0], hashed[1], s[1], (const uint64_t(*)[2])value, w);
    }
    for (uint64_t place = 0; place < (uint64_t)1 << leaf; place++, keys += 2 * BITS / 8 * w) {
        for (unsigned p = 0; p < 2; p++)
            hash(hashed[p], s[p], 2 * (place + 2), w, pi);
        for (size_t j = 0; j < w; j++) {
            const uint64_t below = place - (alpha[j] & (((uint64_t)1 << leaf) - 1));
            for (size_t k = 0; k < 2; k++)
                value[j][k] = beta[j][k] & (0 - (below >> 63));
        }
        RING(correct)(keys, hashed[0], hashed[1], s[1], (const uint64_t(*)[2])value, w);
    }
}

static void RING(step_generate)(uint8_t *keys, const uint8_t *const seeds[2], const void *alpha,
                                const void *beta, unsigned bits, size_t n, const sonic_aes_key *pi)
{
    planes sliced[ROUNDS + 1];
    slice_key(sliced, pi);
    for (size_t i = 0; i < n; i += TILE) {
        const size_t w = n - i < TILE ? n - i : TILE;
        uint64_t numbers[TILE], pairs[TILE][2];
        seed s[2][TILE];
        RING(load_numbers)(numbers, alpha, i, w, bits);
        for (size_t j = 0; j < 2 * w; j++)
            pairs[j / 2][j % 2] = LOAD(beta, 2 * i + j);
        for (unsigned p = 0; p < 2; p++)
            load_roots(s[p], seeds[p] + BLOCK * i, p, w);
        RING(step_generate_tile)
        (keys + i * sonic_dpf_step_key_bytes(BITS / 8, bits), s, numbers,
         (const uint64_t(*)[2])pairs, bits, w, sliced);
    }
}

/* Adds what seeds that hash to `hashed` and have bit 0 of t are a share of, where bit 0 of `take`
 * is set. */
static void RING(add_value)(uint64_t sum[2], seed hashed, const uint8_t *word, size_t at,
                            uint64_t t, uint64_t take)
{
    const uint64_t value[2] = {hashed.low, BITS == 32 ? hashed.low >> 32 : hashed.high};
    for (size_t k = 0; k < 2; k++)
        sum[k] += (value[k] + (LOAD(word, 2 * at + k) & (0 - (t & 1)))) & (0 - (take & 1));
}

static void RING(step_eval_tile)(uint64_t (*sum)[2], seed s[TILE], const uint8_t *keys,
                                 const uint64_t *x, unsigned bits, size_t w,
                                 const planes pi[ROUNDS + 1])
{
    const unsigned leaf = bits - sonic_dpf_step_levels(bits);
    seed left[TILE], right[TILE], hashed[TILE];
    for (unsigned bit = bits; bit-- > leaf; keys += (BLOCK + 2 * BITS / 8) * w) {
        hash(left, s, 0, w, pi);
        for (size_t j = 0; j < w; j++) {
            left[j] = add_if(left[j], load_seed(keys + BLOCK * j), s[j].low);
            right[j] = add_if(left[j], s[j], 1);
        }
        hash(hashed, right, 2, w, pi);
        for (size_t j = 0; j < w; j++) {
            RING(add_value)(sum[j], hashed[j], keys + BLOCK * w, j, right[j].low, ~(x[j] >> bit));
            s[j] = add_if(left[j], s[j], x[j] >> bit);
        }
    }
    for (size_t j = 0; j < w; j++) {
        const uint64_t place = x[j] & (((uint64_t)1 << leaf) - 1);
        hash(&hashed[j], &s[j], 2 * (place + 2), 1, pi);
        RING(add_value)(sum[j], hashed[j], keys, place * w + j, s[j].low, 1);
    }
}

static void RING(step_eval)(void *out, const uint8_t *seeds, const uint8_t *keys, const void *x,
                            unsigned bits, size_t n, unsigned party, const sonic_aes_key *pi)
{
    planes sliced[ROUNDS + 1];
    slice_key(sliced, pi);
    for (size_t i = 0; i < n; i += TILE) {
        const size_t w = n - i < TILE ? n - i : TILE;
        uint64_t numbers[TILE], sum[TILE][2] = {0};
        seed s[TILE];
        RING(load_numbers)(numbers, x, i, w, bits);
        load_roots(s, seeds + BLOCK * i, party, w);
        RING(step_eval_tile)
        (sum, s, keys + i * sonic_dpf_step_key_bytes(BITS / 8, bits), numbers, bits, w, sliced);
        for (size_t j = 0; j < 2 * w; j++)
            STORE(out, 2 * i + j,
                  (PASTE(PASTE(uint, BITS), _t))negate_if(sum[j / 2][j % 2], party));
    }
}

#undef PASTE_
#undef PASTE
#undef RING
#undef LOAD
#undef STORE
#undef BITS
