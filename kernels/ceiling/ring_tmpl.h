/* Multiply-adds on registers, included once a ring with CEILING_BITS over the tier's lane
 * vocabulary; undefined at the end. */

#define CEILING_PASTE_(a, bits, b) a##bits##_##b
#define CEILING_PASTE(a, bits, b) CEILING_PASTE_(a, bits, b)
#define LANES(name) CEILING_PASTE(lanes, CEILING_BITS, name)

static uint64_t CEILING_PASTE(ring, CEILING_BITS, ceiling)(uint64_t steps, void *sink)
{
    enum { ROWS = 2, COLUMNS = 2 }; /* sums and factors stay in 16 registers */
    LANES(sum) sums[ROWS][COLUMNS];
    LANES(factor) factors[ROWS];
    LANES(vec) columns[COLUMNS];
    LANES(element) *memory = sink;
    for (unsigned i = 0; i < ROWS; i++) {
        factors[i] = LANES(factor_of)(LANES(load)(memory + i * LANES(count)));
        columns[i] = LANES(load)(memory + (ROWS + i) * LANES(count));
        for (unsigned j = 0; j < COLUMNS; j++)
            sums[i][j] = LANES(zero)();
    }
    for (uint64_t s = 0; s < steps; s++) {
        /* Hidden from the compiler, or it would multiply once and for all. */
        __asm__ volatile("" : "+v"(columns[0]), "+v"(columns[1]));
#pragma GCC unroll 2
        for (unsigned i = 0; i < ROWS; i++)
#pragma GCC unroll 2
            for (unsigned j = 0; j < COLUMNS; j++)
                sums[i][j] = LANES(madd)(sums[i][j], factors[i], columns[j]);
    }
    for (unsigned i = 0; i < ROWS; i++)
        for (unsigned j = 0; j < COLUMNS; j++)
            LANES(store)(memory + (i * COLUMNS + j) * LANES(count), LANES(total)(sums[i][j]));
    return steps * ROWS * COLUMNS * LANES(count);
}

#undef LANES
#undef CEILING_PASTE
#undef CEILING_PASTE_
#undef CEILING_BITS
