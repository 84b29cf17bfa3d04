/* Max-pool: a tournament over the valid candidates of every window, all windows at once.
 *
 * The candidates that are left after a level are kept by planes: plane j holds candidate j of every
 * window that has so many, in the order of the windows.  Planes lie in bit-reversed order of j, so
 * that at every level the odd planes come last, in one piece: it takes the differences to the even
 * ones and is compared in place; then the even planes are planes 0, 1, ... of the next level, again
 * in order. */
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/compare/compare.h"
#include "proto/layer/layer.h"
#include "proto/model/local_ops.h"

struct tournament {
    const sonic_layer *layer;
    const uint8_t *x;
    uint8_t *left;          /* the candidates left, plane by plane */
    size_t element;         /* bytes */
    size_t images;          /* batch times channels */
    size_t area, width;     /* of an image of the input */
    sonic_grid *grid;       /* the valid taps of every window of an image */
    size_t windows;         /* of an image */
    sonic_relu_calls calls; /* the levels' comparisons */
    uint32_t level;         /* levels done */
};

static inline uint64_t get(const uint8_t *at, size_t i, size_t element)
{
    uint32_t narrow;
    uint64_t wide;
    if (element == sizeof narrow) {
        memcpy(&narrow, at + i * sizeof narrow, sizeof narrow);
        return narrow;
    }
    memcpy(&wide, at + i * sizeof wide, sizeof wide);
    return wide;
}

static inline void put(uint8_t *at, size_t i, size_t element, uint64_t value)
{
    uint32_t narrow = (uint32_t)value;
    if (element == sizeof narrow)
        memcpy(at + i * sizeof narrow, &narrow, sizeof narrow);
    else
        memcpy(at + i * sizeof value, &value, sizeof value);
}

/* Candidates left in a window when `level` levels are done: ceil(valid taps / 2^level). */
static inline size_t left_of(const struct tournament *t, size_t window, uint32_t level)
{
    return ((t->grid[window].rows * t->grid[window].cols - 1) >> level) + 1;
}

/* Candidate j of a window of an image of the input. */
static inline uint64_t candidate(const struct tournament *t, size_t image, size_t window, size_t j)
{
    size_t at = image * t->area + sonic_grid_offset(&t->grid[window], t->width, j);
    return get(t->x, at, t->element);
}

/* Candidate numbers below `count` in bit-reversed order: order[place] = j. */
static void reverse_order(size_t *order, size_t count)
{
    size_t bits = 0, place = 0;
    while (((size_t)1 << bits) < count)
        bits++;
    for (size_t p = 0; p < (size_t)1 << bits; p++) {
        size_t j = 0;
        for (size_t b = 0; b < bits; b++)
            j |= (p >> b & 1) << (bits - 1 - b);
        if (j < count)
            order[place++] = j;
    }
}

/* Elements of plane j when `level` levels are done. */
static size_t plane_size(const struct tournament *t, size_t j, uint32_t level)
{
    size_t size = 0;
    for (size_t w = 0; w < t->windows; w++)
        size += left_of(t, w, level) > j;
    return size * t->images;
}

/* Compares what lies at `d`, and checks that it is as much as was dealt for. */
static sonic_status compare(struct tournament *t, uint8_t *d, size_t n, sonic_error *error)
{
    const sonic_layer *layer = t->layer;
    if (!sonic_relu_next(&t->calls) || t->calls.call.n != n)
        return sonic_fail(error, SONIC_E_SHAPE, "level %u compares %zu elements, not as planned",
                          t->level, n);
    t->level++;
    return sonic_compare_relu(&layer->compare, layer->context, layer->channel, &layer->material,
                              layer->graph->ring, &t->calls.call, d, error);
}

/* Level 0, from the input: the differences of candidates 2j + 1 and 2j, packed. */
static size_t first_differences(struct tournament *t, const size_t *order, size_t planes)
{
    size_t n = 0;
    for (size_t p = 0; p < planes; p++)
        for (size_t i = 0; i < t->images; i++)
            for (size_t w = 0; w < t->windows; w++) {
                size_t j = 2 * order[p];
                if (left_of(t, w, 0) <= j + 1)
                    continue;
                uint64_t a = candidate(t, i, w, j), b = candidate(t, i, w, j + 1);
                put(t->left, n++, t->element, b - a);
            }
    return n;
}

/* From the n compared differences to all winners, backwards, because unpaired candidates that join
 * in move the others up. */
static void first_winners(struct tournament *t, const size_t *order, size_t planes, size_t n,
                          size_t all)
{
    for (size_t p = planes; p-- > 0;)
        for (size_t i = t->images; i-- > 0;)
            for (size_t w = t->windows; w-- > 0;) {
                size_t j = 2 * order[p], k = left_of(t, w, 0);
                if (k <= j)
                    continue;
                uint64_t winner = candidate(t, i, w, j);
                if (k > j + 1)
                    winner += get(t->left, --n, t->element);
                put(t->left, --all, t->element, winner);
            }
}

/* Walks the pairs of planes 2j (from element `even`) and 2j + 1 (from `odd`) over all windows.
 * Before the comparison the odd plane takes the difference, after it the even one the winner. */
static void pair_planes(struct tournament *t, size_t j, uint32_t level, size_t even, size_t odd,
                        bool compared)
{
    for (size_t i = 0; i < t->images; i++)
        for (size_t w = 0; w < t->windows; w++) {
            size_t k = left_of(t, w, level);
            if (k > 2 * j + 1) {
                uint64_t a = get(t->left, even, t->element), b = get(t->left, odd, t->element);
                if (compared)
                    put(t->left, even, t->element, a + b);
                else
                    put(t->left, odd, t->element, b - a);
                odd++;
            }
            even += k > 2 * j;
        }
}

/* One level after the first, on `count` planes whose starts are start[j]; elements from `end` of
 * the even planes on are the odd ones. */
static sonic_status next_level(struct tournament *t, const size_t *start, size_t count, size_t end,
                               size_t all, sonic_error *error)
{
    uint32_t level = t->level;
    for (size_t j = 0; 2 * j + 1 < count; j++)
        pair_planes(t, j, level, start[2 * j], start[2 * j + 1], false);
    sonic_status status = compare(t, t->left + end * t->element, all - end, error);
    for (size_t j = 0; !status && 2 * j + 1 < count; j++)
        pair_planes(t, j, level, start[2 * j], start[2 * j + 1], true);
    return status;
}

/* All levels.  `order` and `start` have room for `planes` entries. */
static sonic_status play(struct tournament *t, size_t *order, size_t *start, size_t planes,
                         size_t all, sonic_error *error)
{
    sonic_status status = SONIC_OK;
    reverse_order(order, planes);
    size_t n = first_differences(t, order, planes);
    if (n)
        status = compare(t, t->left, n, error);
    if (!status)
        first_winners(t, order, planes, n, all);
    while (!status && planes > 1) {
        size_t at = 0, odd = 0;
        reverse_order(order, planes);
        for (size_t p = 0; p < planes; p++) {
            start[order[p]] = at;
            at += plane_size(t, order[p], t->level);
            if (order[p] % 2 == 0)
                odd = at;
        }
        status = next_level(t, start, planes, odd, at, error);
        planes = planes / 2 + planes % 2;
    }
    return status;
}

static sonic_status tournament_run(struct tournament *t, void *y, size_t most, sonic_error *error)
{
    sonic_ring ring = t->layer->graph->ring;
    size_t planes = most / 2 + most % 2, all = 0;
    size_t *order = calloc(planes, sizeof *order), *start = calloc(planes, sizeof *start);
    void *left = NULL;
    sonic_status status = SONIC_OK;
    if (!order || !start)
        status =
            sonic_fail(error, SONIC_E_MEMORY, "out of memory for windows of %zu elements", most);
    for (size_t j = 0; !status && j < planes; j++)
        if (!sonic_size_add(&all, all, plane_size(t, j, 1)))
            status = sonic_fail(error, SONIC_E_SHAPE, "the windows do not fit in memory");
    if (!status)
        status = sonic_layer_alloc(&left, ring, all, error);
    t->left = left;
    if (!status)
        status = play(t, order, start, planes, all, error);
    if (!status)
        memcpy(y, left, t->images * t->windows * t->element);
    sonic_layer_free(left, ring, all);
    free(order);
    free(start);
    return status;
}

/* Fills the grids of an image's windows; *most: the candidates of the largest. */
static sonic_status fill_grids(struct tournament *t, size_t *most, sonic_error *error)
{
    const sonic_node *node = &t->layer->graph->node[t->layer->node];
    const sonic_shape *in = &t->layer->graph->node[node->input[0]].shape;
    t->grid = calloc(t->windows, sizeof *t->grid);
    if (!t->grid)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for %zu windows", t->windows);
    for (size_t w = 0; w < t->windows; w++) {
        sonic_grid grid =
            sonic_window_grid(in, &node->window, w / node->shape.dim[2], w % node->shape.dim[2]);
        size_t taps = grid.rows * grid.cols;
        if (taps == 0)
            return sonic_fail(error, SONIC_E_SHAPE, "a window lies wholly in the padding");
        if (taps > *most)
            *most = taps;
        t->grid[w] = grid;
    }
    return SONIC_OK;
}

sonic_status sonic_max_pool_run(const sonic_layer *layer, void *y, const void *x,
                                sonic_error *error)
{
    const sonic_node *node = &layer->graph->node[layer->node];
    const sonic_shape *in = &layer->graph->node[node->input[0]].shape;
    struct tournament t = {.layer = layer,
                           .calls = sonic_layer_calls(layer),
                           .x = x,
                           .element = sonic_ring_bytes(layer->graph->ring),
                           .area = (size_t)in->dim[1] * in->dim[2],
                           .width = in->dim[2],
                           .windows = (size_t)node->shape.dim[1] * node->shape.dim[2]};
    size_t outputs, most = 0;
    sonic_status status = sonic_layer_elements(layer, layer->node, &outputs, error);
    if (status)
        return status;
    t.images = outputs / t.windows;
    status = fill_grids(&t, &most, error);
    if (!status)
        status = tournament_run(&t, y, most, error);
    free(t.grid);
    return status;
}
