/* Checks of kernels/ot against its header's sums on the textbook AES, and products in GF(2^128) bit
 * by bit. */
#include <string.h>

#include "tests/checks.h"
#include "tests/textbook_aes.h"

enum { BLOCK = 16, BATCH = 32, SIZES = 512, LEAVES = 1 << SONIC_OT_K_MAX, MOST = 140 };

/* --- the oracle --- */

static void add(uint8_t to[BLOCK], const uint8_t from[BLOCK])
{
    for (unsigned i = 0; i < BLOCK; i++)
        to[i] ^= from[i];
}

/* H(label ^ delta). */
static void hash(uint8_t out[BLOCK], const uint8_t *label, const uint8_t *delta,
                 uint8_t round[11][16])
{
    uint8_t x[BLOCK], sigma[BLOCK];
    memcpy(x, label, BLOCK);
    add(x, delta);
    for (unsigned i = 0; i < 8; i++) {
        sigma[i] = x[i] ^ x[8 + i];
        sigma[8 + i] = x[i];
    }
    textbook_encrypt(out, sigma, round);
    add(out, sigma);
}

static unsigned bit(const uint8_t *bytes, size_t i)
{
    return bytes[i / 8] >> i % 8 & 1;
}

/* z = z y: Horner's rule over the bits of y, from the highest power of x. */
static void multiply(uint8_t z[BLOCK], const uint8_t y[BLOCK])
{
    uint8_t product[BLOCK] = {0};
    for (unsigned i = 128; i-- > 0;) {
        uint8_t twice[BLOCK];
        for (unsigned b = 0; b < BLOCK; b++)
            twice[b] = (uint8_t)(product[b] << 1 | (b > 0 ? product[b - 1] >> 7 : 0));
        if (bit(product, 127))
            twice[0] ^= 0x87;
        memcpy(product, twice, BLOCK);
        if (bit(y, i))
            add(product, z);
    }
    memcpy(z, product, BLOCK);
}

/* --- the small-field VOLE --- */

/* Its keys, with a page that cannot be read before the second one; and what the first MOST blocks
 * of each come to. */
typedef struct field {
    harness_buffer keys;
    sonic_aes_key first;
    uint64_t counter;
    uint8_t leaf[LEAVES][MOST * BLOCK];
} field;

static void field_begin(harness_tier *tier, field *f, size_t n)
{
    f->keys = harness_buffer_make((LEAVES - 1) * sizeof(sonic_aes_key), HARNESS_AT_START, 0);
    sonic_aes_key *const others = (sonic_aes_key *)(void *)f->keys.data;
    for (size_t x = 0; x < LEAVES; x++) {
        uint8_t seed[BLOCK], round[11][16];
        harness_fill(&tier->random, seed, BLOCK, HARNESS_RANDOM);
        textbook_expand(round, seed);
        memcpy(x ? others[x - 1].round : f->first.round, round, sizeof round);
        for (size_t j = 0; j < n; j++) {
            uint8_t block[BLOCK] = {0};
            for (unsigned b = 0; b < 8; b++)
                block[b] = (uint8_t)((f->counter + j) >> 8 * b);
            textbook_encrypt(f->leaf[x] + BLOCK * j, block, round);
        }
    }
}

typedef struct shape {
    unsigned k;
    size_t n, spare; /* bytes between rows */
    bool all;        /* with u */
    harness_place place;
    size_t gap;
} shape;

static void field_sums(const field *f, const shape *s, uint8_t *u, uint8_t *v)
{
    const size_t stride = BLOCK * s->n + s->spare;
    for (size_t j = 0; j < s->n; j++) {
        memset(u + BLOCK * j, 0, BLOCK);
        for (unsigned i = 0; i < s->k; i++)
            memset(v + i * stride + BLOCK * j, 0, BLOCK);
        for (size_t x = 0; x < (size_t)1 << s->k; x++) {
            add(u + BLOCK * j, f->leaf[x] + BLOCK * j);
            for (unsigned i = 0; i < s->k; i++)
                if (x >> i & 1)
                    add(v + i * stride + BLOCK * j, f->leaf[x] + BLOCK * j);
        }
    }
}

static bool same(const harness_buffer *x, const harness_buffer *y)
{
    return x->n == 0 || memcmp(x->data, y->data, x->n) == 0;
}

static bool vole_at(harness_tier *tier, const field *f, const shape *s)
{
    const size_t stride = BLOCK * s->n + s->spare, bytes = BLOCK * s->n;
    const size_t rows = s->n ? (s->k - 1) * stride + bytes : 0;
    const uint8_t *const before = f->keys.data - sizeof(sonic_aes_key);
    harness_buffer keys = harness_buffer_make(sizeof(sonic_aes_key) << s->k, HARNESS_AT_START, 0);
    harness_buffer u = harness_buffer_make(bytes, s->place, s->gap);
    harness_buffer v = harness_buffer_make(rows, s->place, s->gap * 7 % 64);
    harness_buffer want_u = harness_buffer_make(bytes, s->place, 0);
    harness_buffer want_v = harness_buffer_make(rows, s->place, 0);
    field_sums(f, s, want_u.data, want_v.data);
    memcpy(keys.data, &f->first, sizeof f->first);
    memcpy(keys.data + sizeof f->first, f->keys.data, keys.n - sizeof f->first);
    tier->kernels->ot.vole(s->all ? u.data : NULL, v.data, stride,
                           (const sonic_aes_key *)(const void *)(s->all ? keys.data : before), s->k,
                           f->counter, s->n);
    const bool right_u = !s->all || same(&u, &want_u), right_v = same(&v, &want_v);
    const bool intact = harness_buffer_intact(&u) && harness_buffer_intact(&v);
    harness_buffer_free(&keys);
    harness_buffer_free(&u);
    harness_buffer_free(&v);
    harness_buffer_free(&want_u);
    harness_buffer_free(&want_v);
    HARNESS_CHECK(right_u && right_v, "wrong %s of %zu blocks, k %u, u %d, spare %zu, gap %zu",
                  right_v ? "sum" : "rows", s->n, s->k, s->all, s->spare, s->gap);
    HARNESS_CHECK(intact, "bytes outside of %zu blocks, k %u were written", s->n, s->k);
    return true;
}

bool check_ot_vole(harness_tier *tier)
{
    static field f;
    size_t sizes[SIZES];
    const size_t count = harness_sizes(sizes, SIZES, BATCH);
    bool good = true;
    f.counter = harness_next(&tier->random) >> 1;
    field_begin(tier, &f, MOST);
    for (unsigned k = 1; k <= SONIC_OT_K_MAX; k++)
        for (size_t i = 0; i < 2 * count && good; i++) {
            const shape s = {.k = k,
                             .n = sizes[i / 2],
                             .spare = i % 5 ? harness_below(&tier->random, 70) : 0,
                             .all = i % 2,
                             .place = i / 2 % 2 ? HARNESS_AT_START : HARNESS_AT_END};
            good = s.n > MOST || vole_at(tier, &f, &s);
        }
    harness_buffer_free(&f.keys);
    return good;
}

/* Carries out of the low 32 bits and out of the counter, none of them into the nonce. */
bool check_ot_vole_wrap(harness_tier *tier)
{
    static field f;
    bool good = true;
    for (uint64_t before = 0; before <= 2 * BATCH; before += 1 + before / 2)
        for (unsigned high = 0; high < 2; high++) {
            f.counter = (high ? 0 : UINT64_C(1) << 32) - before;
            field_begin(tier, &f, MOST / 2);
            const shape s = {.k = 2 + high, .n = MOST / 2, .all = high};
            good = good && vole_at(tier, &f, &s);
            harness_buffer_free(&f.keys);
        }
    return good;
}

/* --- the hashes --- */

typedef enum hash_op { PAIRS, BITS, WORDS32, WORDS64, HASH_OPS } hash_op;

typedef struct hashing {
    hash_op op;
    size_t n;
    bool both; /* with `high` */
    harness_fill_kind kind;
    harness_place place;
    size_t gap;
} hashing;

/* Bytes of an output for n labels. */
static size_t room(hash_op op, size_t n)
{
    return op == PAIRS ? 2 * BLOCK * n : op == BITS ? (n + 7) / 8 : n * (op == WORDS32 ? 4 : 8);
}

static void oracle(const hashing *h, uint8_t *low, uint8_t *high, const uint8_t *labels,
                   const uint8_t *delta, uint8_t round[11][16])
{
    static const uint8_t nothing[BLOCK];
    const size_t bytes = h->op == WORDS32 ? 4 : 8;
    if (h->op == BITS && h->n > 0) {
        memset(low, 0, room(BITS, h->n));
        memset(high, 0, room(BITS, h->n));
    }
    for (size_t j = 0; j < h->n; j++) {
        uint8_t y[BLOCK];
        hash(y, labels + BLOCK * j, delta, round);
        if (h->op == PAIRS) {
            hash(low + 2 * BLOCK * j, labels + BLOCK * j, nothing, round);
            memcpy(low + 2 * BLOCK * j + BLOCK, y, BLOCK);
        } else if (h->op == BITS) {
            low[j / 8] |= (uint8_t)(bit(y, 0) << j % 8);
            high[j / 8] |= (uint8_t)(bit(y, 1) << j % 8);
        } else {
            memcpy(low + bytes * j, y, bytes);
            memcpy(high + bytes * j, y + bytes, bytes);
        }
    }
}

static bool hash_at(harness_tier *tier, const hashing *h)
{
    const sonic_ot_kernels *const kernels = &tier->kernels->ot;
    uint8_t seed[BLOCK], delta[BLOCK], round[11][16];
    sonic_aes_key pi;
    harness_buffer labels = harness_buffer_make(BLOCK * h->n, h->place, h->gap), out[2], want[2];
    for (unsigned i = 0; i < 2; i++) {
        out[i] = harness_buffer_make(room(h->op, h->n), h->place, (h->gap + 3 + i) % 64);
        want[i] = harness_buffer_make(room(h->op, h->n), h->place, 0);
    }
    harness_fill(&tier->random, seed, BLOCK, HARNESS_RANDOM);
    harness_fill(&tier->random, delta, BLOCK, HARNESS_RANDOM);
    harness_fill(&tier->random, labels.data, labels.n, h->kind);
    textbook_expand(round, seed);
    memcpy(pi.round, round, sizeof round);
    oracle(h, want[0].data, want[1].data, labels.data, delta, round);
    uint8_t *const low = out[0].data, *const high = h->both ? out[1].data : NULL;
    if (h->op == PAIRS)
        kernels->pairs(low, labels.data, delta, h->n, &pi);
    else if (h->op == BITS)
        kernels->bits(low, high, labels.data, delta, h->n, &pi);
    else
        kernels->words[h->op == WORDS64](low, high, labels.data, delta, h->n, &pi);
    const bool right = same(&out[0], &want[0]) && (!high || same(&out[1], &want[1]));
    bool intact = harness_buffer_intact(&labels);
    harness_buffer_free(&labels);
    for (unsigned i = 0; i < 2; i++) {
        intact = intact && harness_buffer_intact(&out[i]);
        harness_buffer_free(&out[i]);
        harness_buffer_free(&want[i]);
    }
    HARNESS_CHECK(right, "wrong hashes %d of %zu labels, both %d, fill %d, gap %zu", (int)h->op,
                  h->n, h->both, (int)h->kind, h->gap);
    HARNESS_CHECK(intact, "bytes outside of %zu labels' hashes %d were written", h->n, (int)h->op);
    return true;
}

static bool hash_sizes(harness_tier *tier, hash_op op)
{
    size_t sizes[SIZES];
    const size_t count = harness_sizes(sizes, SIZES, BATCH);
    for (size_t i = 0; i < count; i++)
        for (unsigned variant = 0; variant < 4; variant++) {
            const hashing h = {.op = op,
                               .n = sizes[i],
                               .both = op != PAIRS && variant & 1,
                               .kind = (harness_fill_kind)(i % HARNESS_FILLS),
                               .place = variant & 2 ? HARNESS_AT_START : HARNESS_AT_END};
            if (!hash_at(tier, &h))
                return false;
        }
    return true;
}

bool check_ot_pairs(harness_tier *tier)
{
    return hash_sizes(tier, PAIRS);
}

bool check_ot_bits(harness_tier *tier)
{
    return hash_sizes(tier, BITS);
}

bool check_ot_words(harness_tier *tier)
{
    return hash_sizes(tier, WORDS32) && hash_sizes(tier, WORDS64);
}

/* --- the check's hash --- */

static bool row_hash_at(harness_tier *tier, size_t rows, size_t n, size_t spare,
                        harness_fill_kind kind, harness_place place, size_t gap)
{
    const size_t stride = BLOCK * n + spare;
    uint8_t chi[BLOCK];
    harness_buffer data =
        harness_buffer_make(rows ? (rows - 1) * stride + BLOCK * n : 0, place, gap);
    harness_buffer hashes = harness_buffer_make(BLOCK * rows, place, (gap + 3) % 64);
    harness_buffer want = harness_buffer_make(BLOCK * rows, place, 0);
    harness_fill(&tier->random, data.data, data.n, kind);
    harness_fill(&tier->random, hashes.data, hashes.n, kind);
    harness_fill(&tier->random, chi, BLOCK, kind == HARNESS_ZEROS ? HARNESS_RANDOM : kind);
    for (size_t i = 0; i < rows; i++) {
        uint8_t *const z = want.data + BLOCK * i;
        memcpy(z, hashes.data + BLOCK * i, BLOCK);
        for (size_t j = 0; j < n; j++) {
            add(z, data.data + i * stride + BLOCK * j);
            multiply(z, chi);
        }
    }
    tier->kernels->ot.row_hash(hashes.data, data.data, stride, rows, n, chi);
    const bool right = same(&hashes, &want);
    const bool intact = harness_buffer_intact(&data) && harness_buffer_intact(&hashes);
    harness_buffer_free(&data);
    harness_buffer_free(&hashes);
    harness_buffer_free(&want);
    HARNESS_CHECK(right, "wrong hashes of %zu rows of %zu blocks, spare %zu, fill %d, gap %zu",
                  rows, n, spare, (int)kind, gap);
    HARNESS_CHECK(intact, "bytes outside of the hashes of %zu rows were written", rows);
    return true;
}

/* Test case 2 of the GCM specification, whose bytes have their bits the other way round. */
static bool known_answer(const sonic_ot_kernels *kernels)
{
    static const uint8_t given[3][BLOCK] = {{0x66, 0xe9, 0x4b, 0xd4, 0xef, 0x8a, 0x2c, 0x3b, 0x88,
                                             0x4c, 0xfa, 0x59, 0xca, 0x34, 0x2b, 0x2e},
                                            {0x03, 0x88, 0xda, 0xce, 0x60, 0xb6, 0xa3, 0x92, 0xf3,
                                             0x28, 0xc2, 0xb9, 0x71, 0xb2, 0xfe, 0x78},
                                            {0x5e, 0x2e, 0xc7, 0x46, 0x91, 0x70, 0x62, 0x88, 0x2c,
                                             0x85, 0xb0, 0x68, 0x53, 0x53, 0xde, 0xb7}};
    uint8_t turned[3][BLOCK], z[BLOCK] = {0};
    for (unsigned i = 0; i < 3; i++)
        for (unsigned b = 0; b < BLOCK; b++) {
            turned[i][b] = 0;
            for (unsigned e = 0; e < 8; e++)
                turned[i][b] |= (uint8_t)((given[i][b] >> e & 1) << (7 - e));
        }
    kernels->row_hash(z, turned[1], BLOCK, 1, 1, turned[0]);
    return memcmp(z, turned[2], BLOCK) == 0;
}

bool check_ot_row_hash(harness_tier *tier)
{
    static const size_t rows[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 33, 128};
    HARNESS_CHECK(known_answer(&tier->kernels->ot), "GCM's known answer is missed");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t n = 0; n <= 18; n += rows[i] > 32 && n > 0 ? 6 : 1)
            for (unsigned variant = 0; variant < 4; variant++) {
                const size_t spare = variant & 1 ? harness_below(&tier->random, 70) : 0;
                if (!row_hash_at(tier, rows[i], n, spare,
                                 (harness_fill_kind)((i + n + variant / 2) % HARNESS_FILLS),
                                 variant & 2 ? HARNESS_AT_START : HARNESS_AT_END, 0))
                    return false;
            }
    return row_hash_at(tier, 3, 500, 8, HARNESS_RANDOM, HARNESS_AT_END, 0);
}

bool check_ot_alignment(harness_tier *tier)
{
    static field f;
    bool good = true;
    f.counter = 7;
    field_begin(tier, &f, MOST / 2);
    for (size_t gap = 0; gap < 64 && good; gap++) {
        const shape s = {.k = 3, .n = MOST / 2, .spare = gap, .all = gap % 2, .gap = gap};
        good = vole_at(tier, &f, &s) &&
               row_hash_at(tier, 9, 5, gap, HARNESS_RANDOM, HARNESS_AT_START, gap);
        for (hash_op op = PAIRS; op < HASH_OPS && good; op++) {
            const hashing h = {.op = op, .n = BATCH + 5, .both = op != PAIRS, .gap = gap};
            good = hash_at(tier, &h);
        }
    }
    harness_buffer_free(&f.keys);
    return good;
}
