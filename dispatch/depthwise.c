/* Depthwise convolutions: tasks are runs of channels of one image, or strips of rows where channels
 * are few. */
#include "dispatch/depthwise.h"

#include "dispatch/error.h"
#include "dispatch/product.h"
#include "dispatch/threads.h"
#include "kernels/common/checked.h"

enum {
    LEAST = 16 << 10, /* outputs of a task: some 10 us */
    ROWS = 3,         /* output rows that the kernels make at once */
};

sonic_status sonic_depthwise_run(const sonic_depthwise *d, sonic_error *error)
{
    const sonic_conv_shape *s = d->shape;
    const sonic_conv_geometry *g = d->geometry;
    const size_t bytes = d->bytes, positions = g->oh * g->ow, outputs = s->o * positions;
    const size_t planes = LEAST / positions + 1; /* of a task */
    size_t strip = g->oh, size = SONIC_DEPTHWISE_SCRATCH;
    if (positions > LEAST)
        strip = (LEAST / g->ow + ROWS) / ROWS * ROWS;
    const size_t runs = sonic_size_pieces(s->o, planes), strips = sonic_size_pieces(g->oh, strip);
    const size_t tasks = s->n * runs * strips;
    const int threads = sonic_threads_for(d->threads, tasks,
                                          sonic_product_work(s->n * s->o, positions, g->kh * g->kw),
                                          SONIC_PRODUCT_LEAST);
    uint8_t *scratch = sonic_scratch_take((size_t)threads, &size);
    if (!scratch)
        return sonic_fail(error, SONIC_E_MEMORY,
                          "a depthwise convolution cannot have %zu bytes for each of %d threads",
                          size, threads);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t task = 0; task < tasks; task++) {
        size_t image = task / strips / runs, first = task / strips % runs * planes,
               row = task % strips * strip;
        const sonic_depthwise_part part = {
            .first = first,
            .planes = sonic_size_min(planes, s->o - first),
            .multiplier = s->o / s->groups,
            .row = row,
            .rows = sonic_size_min(strip, g->oh - row),
            .accumulate = d->accumulate,
        };
        d->kernels->depthwise(scratch + sonic_thread_index() * size,
                              sonic_element_mutable(d->y, image * outputs, bytes),
                              sonic_element(d->x, image * s->c * g->h * g->w, bytes), d->w, g,
                              &part);
    }
    sonic_scratch_free(scratch, (size_t)threads, size);
    return SONIC_OK;
}
