/* Words in circuits where XOR is free: one AND gate a bit, as in Kolesnikov, Sadeghi, Schneider,
 * "Improved garbled circuit building blocks", CANS 2009.  The last carry is dropped with all that no
 * output needs. */
#include <sonicnn/circuit.h>

/* low ^ ((low ^ high) & bit): bit ? high : low. */
static sonic_wire choose(sonic_builder *builder, sonic_wire bit, sonic_wire high, sonic_wire low)
{
    sonic_wire differ = sonic_builder_xor(builder, high, low);
    return sonic_builder_xor(builder, low, sonic_builder_and(builder, bit, differ));
}

/* The next carry is y where x and the carry differ. */
void sonic_builder_add(sonic_builder *builder, sonic_wire *out, const sonic_wire *x,
                       const sonic_wire *y, uint32_t width)
{
    sonic_wire carry = sonic_builder_constant(builder, false);
    for (uint32_t i = 0; i < width; i++) {
        const sonic_wire xi = x[i], yi = y[i], differ = sonic_builder_xor(builder, xi, carry);
        out[i] = sonic_builder_xor(builder, differ, yi);
        carry = choose(builder, differ, yi, carry);
    }
}

/* The borrow of x - y - borrow: y where x and y differ. */
static sonic_wire borrow_of(sonic_builder *builder, sonic_wire x, sonic_wire y, sonic_wire borrow)
{
    return choose(builder, sonic_builder_xor(builder, x, y), y, borrow);
}

void sonic_builder_subtract(sonic_builder *builder, sonic_wire *out, const sonic_wire *x,
                            const sonic_wire *y, uint32_t width)
{
    sonic_wire borrow = sonic_builder_constant(builder, false);
    for (uint32_t i = 0; i < width; i++) {
        const sonic_wire xi = x[i], yi = y[i];
        out[i] = sonic_builder_xor(builder, sonic_builder_xor(builder, xi, yi), borrow);
        borrow = borrow_of(builder, xi, yi, borrow);
    }
}

sonic_wire sonic_builder_less(sonic_builder *builder, const sonic_wire *x, const sonic_wire *y,
                              uint32_t width, bool is_signed)
{
    sonic_wire borrow = sonic_builder_constant(builder, false);
    for (uint32_t i = 0; i < width; i++) {
        /* A sign counts the other way round. */
        const bool swap = is_signed && i + 1 == width;
        borrow = borrow_of(builder, swap ? y[i] : x[i], swap ? x[i] : y[i], borrow);
    }
    return borrow;
}

void sonic_builder_select(sonic_builder *builder, sonic_wire *out, sonic_wire bit,
                          const sonic_wire *x, const sonic_wire *y, uint32_t width)
{
    for (uint32_t i = 0; i < width; i++)
        out[i] = choose(builder, bit, x[i], y[i]);
}

void sonic_builder_relu(sonic_builder *builder, sonic_wire *out, const sonic_wire *x,
                        uint32_t width)
{
    if (!width)
        return;
    const sonic_wire positive = sonic_builder_not(builder, x[width - 1]);
    for (uint32_t i = 0; i + 1 < width; i++)
        out[i] = sonic_builder_and(builder, positive, x[i]);
    out[width - 1] = sonic_builder_constant(builder, false);
}

void sonic_builder_max(sonic_builder *builder, sonic_wire *out, const sonic_wire *x,
                       const sonic_wire *y, uint32_t width)
{
    sonic_wire less = sonic_builder_less(builder, x, y, width, true);
    sonic_builder_select(builder, out, less, y, x, width);
}
