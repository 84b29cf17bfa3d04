/* Half gates on four labels a register. */
#include "kernels/garble/garble.h"

#include "kernels/aes/lanes_avx512.h"

/* Of two registers, 64-bit halves 0 to 7 and 8 to 15. */
#define PICK(x, y, ...) _mm512_permutex2var_epi64(x, _mm512_setr_epi64(__VA_ARGS__), y)
#define DEAL(first, second, g, e)                                                                  \
    ((first) = PICK(g, e, 0, 1, 8, 9, 2, 3, 10, 11),                                               \
     (second) = PICK(g, e, 4, 5, 12, 13, 6, 7, 14, 15))
#define GATHER(g, e, first, second)                                                                \
    ((g) = PICK(first, second, 0, 1, 4, 5, 8, 9, 12, 13),                                          \
     (e) = PICK(first, second, 2, 3, 6, 7, 10, 11, 14, 15))
#include "kernels/garble/garble_tmpl.h"

void sonic_garble_select_avx512(sonic_garble_kernels *table)
{
    fill(table);
}
