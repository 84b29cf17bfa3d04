/* One call of relu by both parties; see the header. */
#include "tests/relu_run.h"

#include <criterion/criterion.h>

#include "tests/elements.h"

sonic_status test_relu_party(void *arg, unsigned party, sonic_channel *channel, sonic_error *error)
{
    test_relu *run = arg;
    sonic_material material;
    if (run->quits == party + 1)
        return sonic_channel_send(channel, "hello", 5, error);
    sonic_material_begin(&material, run->context[party], run->pools->pool[party], &run->pools->plan,
                         run->slot, 1);
    const sonic_compare compare = {.methods = {run->relu, SONIC_SOURCE_DEALER}};
    sonic_status status = sonic_compare_relu(&compare, run->context[party], channel, &material,
                                             run->ring, &run->call, run->x[party], error);
    sonic_material_end(&material);
    return status;
}

static int64_t to_signed(sonic_ring ring, uint64_t value)
{
    return ring == SONIC_RING_64 ? (int64_t)value : (int32_t)(uint32_t)value;
}

int64_t test_relu_get(sonic_ring ring, const void *x, size_t i)
{
    return to_signed(ring, element_get(x, i, sonic_ring_bytes(ring)));
}

void test_relu_put(sonic_ring ring, void *x, size_t i, uint64_t value)
{
    element_put(x, i, sonic_ring_bytes(ring), value);
}

void test_relu_inputs(sonic_ring ring, unsigned bits, int64_t *secret, void *x[2], size_t n,
                      uint64_t *state)
{
    int64_t top = (int64_t)(bits == (unsigned)ring ? ((uint64_t)1 << (ring - 1)) - 1
                                                   : ((uint64_t)1 << bits) - 1);
    const int64_t corner[] = {0,    1,       -1,       top,
                              -top, top / 2, -top / 2, 2,
                              -2,   top - 1, 1 - top,  bits == (unsigned)ring ? -top - 1 : -top};
    size_t corners = sizeof corner / sizeof *corner;
    for (size_t i = 0; i < n; i++) {
        uint64_t random = test_draw(state);
        int64_t value = bits == (unsigned)ring
                            ? to_signed(ring, random)
                            : (int64_t)(random & (uint64_t)top) * (test_draw(state) & 1 ? 1 : -1);
        if (i % 3 == 0)
            value = corner[i / 3 % corners];
        uint64_t share;
        switch (i / 3 / corners % 5) {
        case 0:
            share = ~(uint64_t)0;
            break;
        case 1:
            share = 0;
            break;
        case 2:
            share = ((uint64_t)1 << (ring - 1)) - 1;
            break;
        case 3:
            share = (uint64_t)1 << (ring - 1);
            break;
        default:
            share = test_draw(state);
        }
        if (i % 7 == 0)
            share = test_draw(state);
        secret[i] = value;
        test_relu_put(ring, x[0], i, share);
        test_relu_put(ring, x[1], i, (uint64_t)value - share);
    }
}

void test_relu_check(const test_relu *run, const int64_t *secret, const char *what)
{
    unsigned shift = run->call.shift;
    for (size_t i = 0; i < run->call.n; i++) {
        uint64_t sum = (uint64_t)test_relu_get(run->ring, run->x[0], i) +
                       (uint64_t)test_relu_get(run->ring, run->x[1], i);
        int64_t y = to_signed(run->ring, sum);
        int64_t exact = secret[i] > 0 ? secret[i] : 0, floor = exact >> shift;
        bool fits;
        if (shift == 0 || exact == 0 || run->relu == SONIC_RELU_FSS)
            fits = y == floor;
        else if (run->call.truncation == SONIC_TRUNC_LOCAL)
            fits = y >= floor - 1 && y <= floor + 1;
        else
            fits = y == floor || (y == floor + 1 && (exact & (((int64_t)1 << shift) - 1)) != 0);
        cr_assert(fits, "%s: element %zu: relu(%lld) >> %u gave %lld", what, i,
                  (long long)secret[i], shift, (long long)y);
    }
}
