/* Multiply-adds on registers, included with CEILING_BITS and CEILING_ROWS, how many factors two
 * vectors are multiplied by, over the tier's lane vocabulary; both are undefined at the end. */

#define CEILING_PASTE_(a, bits, b) a##bits##_##b
#define CEILING_PASTE(a, bits, b) CEILING_PASTE_(a, bits, b)
#define CEILING_NAME_(bits, rows) ring##bits##_rows##rows##_ceiling
#define CEILING_NAME(bits, rows) CEILING_NAME_(bits, rows)
#define LANES(name) CEILING_PASTE(lanes, CEILING_BITS, name)

static uint64_t CEILING_NAME(CEILING_BITS, CEILING_ROWS)(uint64_t steps, void *sink)
{
    enum { ROWS = CEILING_ROWS, COLUMNS = 2 };
    LANES(sum) sums[ROWS][COLUMNS];
    LANES(factor) factors[ROWS];
    LANES(vec) columns[COLUMNS];
    LANES(element) *memory = sink;
    for (unsigned j = 0; j < COLUMNS; j++)
        columns[j] = LANES(load)(memory + j * LANES(count));
    for (unsigned i = 0; i < ROWS; i++) {
        factors[i] = LANES(factor_of)(LANES(load)(memory + (COLUMNS + i) * LANES(count)));
        for (unsigned j = 0; j < COLUMNS; j++)
            sums[i][j] = LANES(zero)();
    }
    for (uint64_t s = 0; s < steps; s++) {
        /* Hidden from the compiler, or it would multiply once and for all. */
        __asm__ volatile("" : "+v"(columns[0]), "+v"(columns[1]));
#pragma GCC unroll 4
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
#undef CEILING_NAME
#undef CEILING_NAME_
#undef CEILING_PASTE
#undef CEILING_PASTE_
#undef CEILING_BITS
#undef CEILING_ROWS
