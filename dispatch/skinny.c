/* Skinny products: the large operand is read once, where it lies. */
#include "dispatch/skinny.h"

#include "dispatch/threads.h"
#include "kernels/common/checked.h"

enum {
    ROW_DEPTH = 64,   /* rows of B that several rows of A share from the second-level cache */
    ROW_WIDTH = 2048, /* of a task: its part of C stays in the first-level cache */
    DOT_ROWS = 32,    /* of a task */
};

/* Few rows of A, rows of B contiguous. */
static void run_rows(int threads, const sonic_product *s)
{
    const size_t bytes = s->kernels->bytes,
                 width = sonic_size_pieces(s->n, sonic_size_pieces(s->n, ROW_WIDTH)),
                 tasks = sonic_size_pieces(s->n, width);
    const size_t depth = s->m == 1 ? s->k : ROW_DEPTH;
    threads = sonic_threads_for(threads, tasks, sonic_product_work(s->m, s->n, s->k),
                                SONIC_PRODUCT_LEAST);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t task = 0; task < tasks; task++) {
        size_t j = task * width, n = sonic_size_min(width, s->n - j);
        for (size_t p = 0; p < s->k; p += depth)
            for (size_t i = 0; i < s->m; i++)
                s->kernels->row(sonic_element_mutable(s->c, i * s->ldc + j, bytes),
                                sonic_element(s->a.data, i * s->a.row + p, bytes),
                                sonic_element(s->b.data, p * s->b.row + j, bytes), s->b.row,
                                sonic_size_min(depth, s->k - p), n, s->accumulate || p);
    }
}

/* c[i c_few + j c_many] (+)= the dot product of contiguous vectors x_i, few, and rows r_j. */
static void run_dots(int threads, const sonic_product *s, size_t few, size_t c_few, const void *x,
                     size_t x_row, size_t many, size_t c_many, const void *rows, size_t row)
{
    const size_t bytes = s->kernels->bytes, tasks = sonic_size_pieces(many, DOT_ROWS);
    threads = sonic_threads_for(threads, tasks, sonic_product_work(s->m, s->n, s->k),
                                SONIC_PRODUCT_LEAST);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t task = 0; task < tasks; task++) {
        size_t j = task * DOT_ROWS;
        for (size_t i = 0; i < few; i++)
            s->kernels->dot(sonic_element_mutable(s->c, i * c_few + j * c_many, bytes), c_many,
                            sonic_element(x, i * x_row, bytes), sonic_element(rows, j * row, bytes),
                            row, sonic_size_min(DOT_ROWS, many - j), s->k, s->accumulate);
    }
}

bool sonic_skinny_run(int threads, const sonic_product *s)
{
    const bool skinny = s->m <= SONIC_PRODUCT_SKINNY;
    if (s->groups != 1 || s->patches || s->a_packed || s->b_packed || s->a.column != 1)
        return false;
    if (s->n == 1 && s->b.row == 1)
        run_dots(threads, s, 1, 0, s->b.data, 0, s->m, s->ldc, s->a.data, s->a.row);
    else if (skinny && s->b.row == 1)
        run_dots(threads, s, s->m, s->ldc, s->a.data, s->a.row, s->n, 1, s->b.data, s->b.column);
    else if (skinny && s->b.column == 1)
        run_rows(threads, s);
    else
        return false;
    return true;
}
