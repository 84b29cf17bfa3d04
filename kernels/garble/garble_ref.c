/* Half gates in portable C: the four hashes of a gate, or of two on the evaluator's side, are one
 * call of the bit-sliced AES. */
#include "kernels/garble/garble.h"

#include "kernels/aes/aes_slice.h"

typedef struct label {
    uint64_t half[2];
} label;

static label label_load(const uint8_t *p, size_t i)
{
    return (label){{sonic_load64(p, 2 * i), sonic_load64(p, 2 * i + 1)}};
}

static void label_store(uint8_t *p, size_t i, label x)
{
    sonic_store64(p, 2 * i, x.half[0]);
    sonic_store64(p, 2 * i + 1, x.half[1]);
}

static label label_xor(label x, label y)
{
    return (label){{x.half[0] ^ y.half[0], x.half[1] ^ y.half[1]}};
}

/* x where the colour of `by` is 1, else zero. */
static label label_pick(label by, label x)
{
    const uint64_t mask = 0 - (sonic_le64(by.half[0]) & 1);
    return (label){{x.half[0] & mask, x.half[1] & mask}};
}

/* h[i] = H(x[i], tweak[i]). */
static void hash(label h[BATCH], const label x[BATCH], const uint64_t tweak[BATCH],
                 const planes pi[ROUNDS + 1])
{
    uint8_t in[BATCH * BLOCK], out[BATCH * BLOCK];
    for (size_t i = 0; i < BATCH; i++)
        label_store(in, i,
                    (label){{x[i].half[0] ^ x[i].half[1] ^ sonic_le64(tweak[i]), x[i].half[0]}});
    encrypt(out, in, pi);
    for (size_t i = 0; i < BATCH; i++)
        h[i] = label_xor(label_load(out, i), label_load(in, i));
}

/* The label that both sides compute: ha ^ lsb(a) G ^ hb ^ lsb(b) (E ^ a). */
static label output(label ha, label hb, label a, label b, label g, label e)
{
    return label_xor(label_xor(ha, label_pick(a, g)),
                     label_xor(hb, label_pick(b, label_xor(e, a))));
}

static void garble(uint8_t *c, uint8_t *table, const uint8_t *a, const uint8_t *b, size_t n,
                   const uint8_t delta[16], const sonic_aes_key *pi, uint64_t gate)
{
    planes sliced[ROUNDS + 1];
    const label difference = label_load(delta, 0);
    slice_key(sliced, pi);
    for (size_t j = 0; j < n; j++) {
        const label x = label_load(a, j), y = label_load(b, j);
        const label in[BATCH] = {x, label_xor(x, difference), y, label_xor(y, difference)};
        const uint64_t even = 2 * (gate + j), tweak[BATCH] = {even, even, even + 1, even + 1};
        label h[BATCH];
        hash(h, in, tweak, sliced);
        const label g = label_xor(label_xor(h[0], h[1]), label_pick(y, difference));
        const label e = label_xor(label_xor(h[2], h[3]), x);
        label_store(table, 2 * j, g);
        label_store(table, 2 * j + 1, e);
        label_store(c, j, output(h[0], h[2], x, y, g, e));
    }
}

static void evaluate(uint8_t *c, const uint8_t *table, const uint8_t *a, const uint8_t *b, size_t n,
                     const sonic_aes_key *pi, uint64_t gate)
{
    enum { GATES = BATCH / 2 };
    planes sliced[ROUNDS + 1];
    slice_key(sliced, pi);
    for (size_t done = 0; done < n; done += GATES) {
        const size_t take = n - done < GATES ? n - done : GATES;
        label in[BATCH] = {{{0}}}, h[BATCH];
        uint64_t tweak[BATCH];
        for (size_t i = 0; i < BATCH; i++)
            tweak[i] = 2 * (gate + done) + i;
        for (size_t i = 0; i < take; i++) {
            in[2 * i] = label_load(a, done + i);
            in[2 * i + 1] = label_load(b, done + i);
        }
        hash(h, in, tweak, sliced);
        for (size_t i = 0; i < take; i++)
            label_store(c, done + i,
                        output(h[2 * i], h[2 * i + 1], in[2 * i], in[2 * i + 1],
                               label_load(table, 2 * (done + i)),
                               label_load(table, 2 * (done + i) + 1)));
    }
}

void sonic_garble_select_ref(sonic_garble_kernels *table)
{
    table->garble = garble;
    table->evaluate = evaluate;
}
