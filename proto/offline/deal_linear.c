/* Corrections of linear layers, C = conv(A, B), and of stochastic truncations. */
#include <stdlib.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/offline/deal_elements.h"
#include "proto/offline/deal_run.h"
#include "proto/offline/streams.h"
#include "proto/share/secret.h"

/* Products of fewer multiplications stay on one thread: at most some hundredths of a second, and
 * where cores are busy waiting for a second thread costs a multiple (7 s instead of 0.14 s for 100
 * inferences of f3, two cores under load). */
#define THREADED_WORK ((size_t)1 << 26)

_Static_assert((int)SONIC_TRUNC_BLOCK * 8 <= (int)SONIC_DEAL_BUFFER, "a block fits a buffer");

/* out = the sum of both parties' elements 0 .. bytes of a stream. */
static void expand_sum(const sonic_dealer *dealer, const sonic_material view[2], uint64_t stream,
                       uint8_t *out, size_t bytes)
{
    sonic_ring ring = dealer->graph->ring;
    const sonic_vec_kernels *vec = &dealer->context->kernels.vec[sonic_ring_index(ring)];
    uint64_t *scratch = sonic_deal_buffer(dealer, 0);
    sonic_material_random(&view[0], stream, 0, out, bytes);
    for (size_t done = 0; done < bytes; done += SONIC_DEAL_BUFFER) {
        size_t n = bytes - done < SONIC_DEAL_BUFFER ? bytes - done : SONIC_DEAL_BUFFER;
        sonic_material_random(&view[1], stream, done, scratch, n);
        vec->add(out + done, out + done, scratch, n / sonic_ring_bytes(ring));
    }
}

static sonic_status weight_mask(sonic_dealer *dealer, uint32_t i, sonic_error *error)
{
    const sonic_graph *graph = dealer->graph;
    size_t bytes = (size_t)dealer->plan->step[i].setup_bytes;
    void *mask = malloc(bytes + 1);
    if (mask == NULL)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for the weight mask of node %u (%s)", i,
                          graph->node[i].name);
    sonic_material view[2] = {{.context = dealer->context},
                              {.context = dealer->context, .party = 1}};
    for (unsigned party = 0; party < 2; party++)
        sonic_material_key(dealer->context, &view[party].key, dealer->seed[party], SONIC_SLOT_SETUP,
                           i);
    expand_sum(dealer, view, SONIC_STREAM_WEIGHT_MASK, mask, bytes);
    sodium_memzero(view, sizeof view);
    return sonic_weights_take(&dealer->weight_mask[i], dealer->context, graph, i,
                              dealer->plan->batch, mask, error);
}

sonic_status sonic_deal_linear_begin(sonic_dealer *dealer, sonic_error *error)
{
    const sonic_graph *graph = dealer->graph;
    dealer->weight_mask = calloc(graph->nodes, sizeof *dealer->weight_mask);
    if (dealer->weight_mask == NULL)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory to deal %u nodes", graph->nodes);
    for (uint32_t i = 0; i < graph->nodes; i++) {
        const sonic_step *step = &dealer->plan->step[i];
        if (graph->node[i].op != SONIC_OP_CONV)
            continue;
        if (step->online_bytes > dealer->input_bytes)
            dealer->input_bytes = (size_t)step->online_bytes;
        if (step->offline_bytes > dealer->output_bytes)
            dealer->output_bytes = (size_t)step->offline_bytes;
        sonic_status status = weight_mask(dealer, i, error);
        if (status != SONIC_OK)
            return status;
    }
    dealer->input = malloc(dealer->input_bytes + 1);
    dealer->output = malloc(dealer->output_bytes + 1);
    if (dealer->input == NULL || dealer->output == NULL)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for the largest layer of a batch of %u",
                          dealer->plan->batch);
    return SONIC_OK;
}

void sonic_deal_linear_free(sonic_dealer *dealer)
{
    if (dealer->weight_mask != NULL) {
        for (uint32_t i = 0; i < dealer->graph->nodes; i++)
            sonic_weights_free(&dealer->weight_mask[i]);
    }
    free(dealer->weight_mask);
    sonic_secret_free(dealer->input, dealer->input_bytes);
    sonic_secret_free(dealer->output, dealer->output_bytes);
    dealer->weight_mask = NULL;
    dealer->input = dealer->output = NULL;
}

/* Multiplications of a convolution, or SIZE_MAX. */
static size_t conv_work(const sonic_conv_shape *shape, size_t outputs)
{
    size_t work;
    if (!sonic_size_mul(&work, outputs, shape->c / shape->groups) ||
        !sonic_size_mul(&work, work, shape->kh) || !sonic_size_mul(&work, work, shape->kw))
        return SIZE_MAX;
    return work;
}

sonic_status sonic_deal_conv(const sonic_deal_node *node, sonic_error *error)
{
    sonic_dealer *dealer = node->dealer;
    sonic_ring ring = dealer->graph->ring;
    const sonic_step *step = &dealer->plan->step[node->node];
    const sonic_vec_kernels *vec = &dealer->context->kernels.vec[sonic_ring_index(ring)];
    sonic_conv_shape shape = sonic_node_conv(dealer->graph, node->node, dealer->plan->batch);
    size_t bytes = (size_t)step->offline_bytes;
    uint8_t *c = dealer->output;
    uint64_t *share = sonic_deal_buffer(dealer, 0);

    expand_sum(dealer, node->view, SONIC_STREAM_INPUT_MASK, dealer->input,
               (size_t)step->online_bytes);
    struct sonic_context context = *dealer->context;
    if (conv_work(&shape, bytes / sonic_ring_bytes(ring)) < THREADED_WORK)
        context.threads = 1;
    sonic_status status =
        sonic_weights_conv(&dealer->weight_mask[node->node], &context, dealer->graph, node->node,
                           dealer->plan->batch, c, dealer->input, false, error);
    if (status != SONIC_OK)
        return status;
    for (size_t done = 0; done < bytes; done += SONIC_DEAL_BUFFER) {
        size_t n = bytes - done < SONIC_DEAL_BUFFER ? bytes - done : SONIC_DEAL_BUFFER;
        sonic_material_random(&node->view[0], SONIC_STREAM_PRODUCT, done, share, n);
        vec->sub(c + done, c + done, share, n / sonic_ring_bytes(ring));
    }
    return sonic_writer_write(dealer->writer[1], c, bytes, error);
}

sonic_status sonic_deal_trunc(const sonic_deal_node *node, sonic_error *error)
{
    sonic_dealer *dealer = node->dealer;
    sonic_ring ring = dealer->graph->ring;
    const sonic_vec_kernels *vec = &dealer->context->kernels.vec[sonic_ring_index(ring)];
    size_t size = sonic_ring_bytes(ring);
    size_t n = (size_t)dealer->plan->step[node->node].offline_bytes / (2 * size);
    uint64_t *u = sonic_deal_buffer(dealer, 0), *scratch = sonic_deal_buffer(dealer, 1);
    uint64_t *dealt = sonic_deal_buffer(dealer, 2); /* and the buffer behind it: two arrays */

    for (size_t done = 0; done < n; done += SONIC_TRUNC_BLOCK) {
        size_t rows = n - done < SONIC_TRUNC_BLOCK ? n - done : SONIC_TRUNC_BLOCK;
        sonic_material_random(&node->view[0], SONIC_STREAM_TRUNC_MASK, done * size, u, rows * size);
        sonic_material_random(&node->view[1], SONIC_STREAM_TRUNC_MASK, done * size, scratch,
                              rows * size);
        vec->add(u, u, scratch, rows);
        sonic_material_random(&node->view[0], SONIC_STREAM_TRUNC_DEALT, 2 * done * size, dealt,
                              2 * rows * size);
        sonic_deal_trunc_elements(ring, dealt, u, dealer->graph->node[node->node].shift, rows);
        sonic_status status = sonic_writer_write(dealer->writer[1], dealt, 2 * rows * size, error);
        if (status != SONIC_OK)
            return status;
    }
    return SONIC_OK;
}
