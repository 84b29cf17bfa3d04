/** @file
 * The operations that are linear and public, on ring elements: what a server does to its share
 * without a message, and what the plain reference does to the values themselves, by the same code.
 *
 * Data pointers may be secret: no branch or address depends on an element.  Graphs are validated.
 */
#ifndef SONIC_PROTO_MODEL_LOCAL_OPS_H
#define SONIC_PROTO_MODEL_LOCAL_OPS_H

#include "proto/model/graph.h"

/** The taps of one pooling window that fall inside the input plane: a grid of rows x cols. */
typedef struct sonic_grid {
    size_t row, rows, row_step; /**< first input row, how many rows, input rows between them */
    size_t col, cols, col_step;
} sonic_grid;

/** The window of output (y, x) over an input of shape C, H, W.  rows or cols is 0 when the window
 * lies in the padding altogether. */
sonic_grid sonic_window_grid(const sonic_shape *input, const sonic_window *window, size_t y,
                             size_t x);

/** Offset, in an input plane that is `width` wide, of tap 0 <= tap < rows * cols, row by row. */
static inline size_t sonic_grid_offset(const sonic_grid *grid, size_t width, size_t tap)
{
    return (grid->row + tap / grid->cols * grid->row_step) * width + grid->col
           + tap % grid->cols * grid->col_step;
}

/** Whether sonic_local_run() does an op: ADD, AVG_POOL, CONCAT, SCALE, PERMUTE, RESHAPE and PAD. */
bool sonic_op_is_local(sonic_op op);

/** Runs one local node on a batch.
 * @param[out] y  batch x sonic_node_elements() elements; overlaps no input
 * @param in      in[i]: the tensor of node->input[i]
 * @return SONIC_E_ARGUMENT for an op that is not local, SONIC_E_SHAPE for an average pool whose
 * counts have no common multiple that fits; y is unchanged then */
SONIC_MUST_CHECK sonic_status sonic_local_run(const sonic_graph *graph, uint32_t node, size_t batch,
                                              void *y, const void *const *in, sonic_error *error);

/** What an AVG_POOL node's integers are too large by: the window's size, or the least common
 * multiple of the windows' valid taps where padding is excluded (each sum is multiplied up to it).
 * 0 where some window has no valid tap or the multiple exceeds 2^62. */
uint64_t sonic_avg_pool_divisor(const sonic_graph *graph, uint32_t node);

/** y[i][c][p] += b[c] for batch images of `channels` x `plane` elements: a convolution's bias, and
 * with plane = 1 a BIAS node. */
void sonic_local_bias(sonic_ring ring, void *y, const void *b, size_t batch, size_t channels,
                      size_t plane);

#endif
