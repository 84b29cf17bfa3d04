/* The dealer: two seeds, every inference's corrections for party 1, and keys for both, node by
 * node. */
#include "proto/offline/deal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/offline/deal_run.h"
#include "proto/share/random.h"
#include "proto/share/secret.h"

static sonic_status deal_relu(const sonic_deal_node *node, sonic_error *error)
{
    const sonic_dealer *dealer = node->dealer;
    sonic_relu_calls calls = {.methods = dealer->plan->methods,
                              .graph = dealer->graph,
                              .node = node->node,
                              .batch = dealer->plan->batch};
    sonic_status status = SONIC_OK;
    while (status == SONIC_OK && sonic_relu_next(&calls))
        status = calls.methods.relu == SONIC_RELU_FSS
                     ? sonic_deal_fss(node, SONIC_FSS_RELU, &calls.call, error)
                     : sonic_deal_ppa(node, &calls.call, error);
    return status;
}

static sonic_status deal_trunc(const sonic_deal_node *node, sonic_error *error)
{
    const sonic_dealer *dealer = node->dealer;
    if (dealer->plan->methods.relu != SONIC_RELU_FSS)
        return sonic_deal_trunc(node, error);
    const sonic_relu_call call = {.n = (size_t)sonic_node_elements(dealer->graph, node->node) *
                                       dealer->plan->batch,
                                  .shift = dealer->graph->node[node->node].shift};
    return sonic_deal_fss(node, SONIC_FSS_TRUNC, &call, error);
}

static sonic_status deal_node(sonic_dealer *dealer, uint32_t slot, uint32_t i, sonic_error *error)
{
    const sonic_node *of = &dealer->graph->node[i];
    if (dealer->plan->step[i].offline_bytes == 0)
        return SONIC_OK;

    sonic_deal_node node = {.dealer = dealer, .node = i};
    for (unsigned party = 0; party < 2; party++) {
        node.view[party].context = dealer->context;
        node.view[party].party = party;
        sonic_material_key(dealer->context, &node.view[party].key, dealer->seed[party], slot, i);
        sonic_material_key(dealer->context, &node.view[party].common_key, dealer->pair, slot, i);
    }
    sonic_status status = SONIC_OK;
    switch (of->op) {
    case SONIC_OP_CONV:
        status = sonic_deal_conv(&node, error);
        break;
    case SONIC_OP_RELU:
    case SONIC_OP_MAX_POOL:
        status = deal_relu(&node, error);
        break;
    case SONIC_OP_TRUNC:
        status = deal_trunc(&node, error);
        break;
    default:
        break;
    }
    sodium_memzero(node.view, sizeof node.view);
    return status;
}

static sonic_status deal_slots(sonic_dealer *dealer, uint32_t count, sonic_progress progress,
                               void *arg, sonic_error *error)
{
    for (uint32_t slot = 0; slot < count; slot++) {
        for (uint32_t i = 0; i < dealer->graph->nodes; i++) {
            sonic_status status = deal_node(dealer, slot, i, error);
            if (status != SONIC_OK)
                return status;
        }
        if (progress != NULL && progress(arg, (uint64_t)slot + 1, count) != 0)
            return sonic_fail(error, SONIC_E_CLOSED,
                              "dealing was stopped after %u of %u inferences", slot + 1, count);
    }
    return SONIC_OK;
}

/* Where the pools go: a file of that name, or a descriptor of the caller's that the name is for. */
typedef struct target {
    const char *name[2];
    const int *fd; /* [2], or NULL */
} target;

/* Starts one party's file; its metadata is the seed and the plan's digest. */
static sonic_status create_file(sonic_dealer *dealer, unsigned party, sonic_file_header header,
                                const target *to, sonic_error *error)
{
    const uint64_t slot_bytes = sonic_plan_pool_bytes(dealer->plan, party);
    uint8_t meta[SONIC_POOL_META_BYTES];
    size_t data;
    if (!sonic_size_mul(&data, (size_t)slot_bytes, header.count) || data > INT64_MAX)
        return sonic_fail(error, SONIC_E_SHAPE, "%u inferences of %llu bytes each are too many",
                          header.count, (unsigned long long)slot_bytes);
    header.party = party;
    header.data_bytes = data;
    sonic_pool_encode_meta(meta, dealer->seed[party], dealer->plan->digest);
    sonic_writer **writer = &dealer->writer[party];
    sonic_status status =
        to->fd
            ? sonic_writer_create_fd(writer, to->fd[party], to->name[party], &header, meta, error)
            : sonic_writer_create(writer, to->name[party], &header, meta, error);
    sodium_memzero(meta, sizeof meta);
    return status;
}

/* Both files, or none. */
static sonic_status deal_files(sonic_dealer *dealer, const sonic_file_header *header,
                               const target *to, sonic_progress progress, void *arg,
                               sonic_error *error)
{
    sonic_status status = create_file(dealer, 0, *header, to, error);
    if (status != SONIC_OK)
        return status;
    status = create_file(dealer, 1, *header, to, error);
    if (status != SONIC_OK)
        goto abort_writer0;
    status = deal_slots(dealer, header->count, progress, arg, error);
    if (status != SONIC_OK)
        goto abort_writer1;

    status = sonic_writer_commit(dealer->writer[1], error);
    if (status != SONIC_OK)
        goto abort_writer0;
    status = sonic_writer_commit(dealer->writer[0], error);
    if (status != SONIC_OK && !to->fd)
        (void)unlink(to->name[1]);
    return status;

abort_writer1:
    sonic_writer_abort(dealer->writer[1]);
abort_writer0:
    sonic_writer_abort(dealer->writer[0]);
    return status;
}

static sonic_status deal(const sonic_context *context, const sonic_graph *graph,
                         const uint8_t model[SONIC_ID_BYTES], sonic_relu relu, uint32_t batch,
                         uint32_t count, const target *to, sonic_progress progress, void *arg,
                         sonic_error *error)
{
    sonic_plan plan;
    if (count == 0)
        return sonic_fail(error, SONIC_E_ARGUMENT, "a pool must hold at least one inference");
    const sonic_methods methods = {.relu = relu, .source = SONIC_SOURCE_DEALER};
    sonic_status status = sonic_plan_make(&plan, graph, batch, methods, error);
    if (status != SONIC_OK)
        return status;

    sonic_dealer dealer = {.context = context, .graph = graph, .plan = &plan};
    size_t buffers = (size_t)SONIC_DEAL_BUFFER * SONIC_DEAL_BUFFERS;
    dealer.buffer = aligned_alloc(64, buffers);
    if (dealer.buffer == NULL) {
        status = sonic_fail(error, SONIC_E_MEMORY, "no memory for the dealer's buffers");
        goto free_plan;
    }
    memset(dealer.buffer, 0, buffers);

    sonic_file_header header = {
        .kind = SONIC_FILE_POOL,
        .ring = graph->ring,
        .batch = batch,
        .count = count,
        .meta_bytes = SONIC_POOL_META_BYTES,
    };
    memcpy(header.model, model, SONIC_ID_BYTES);
    sonic_random_bytes(header.pair, sizeof header.pair);
    memcpy(dealer.pair, header.pair, sizeof dealer.pair);
    sonic_random_bytes(dealer.seed[0], sizeof dealer.seed[0]);
    sonic_random_bytes(dealer.seed[1], sizeof dealer.seed[1]);
    status = sonic_deal_linear_begin(&dealer, error);
    if (status == SONIC_OK)
        status = deal_files(&dealer, &header, to, progress, arg, error);
    sonic_deal_linear_free(&dealer);
    sonic_secret_free(dealer.buffer, buffers);
    sodium_memzero(&dealer, sizeof dealer);
free_plan:
    sonic_plan_free(&plan);
    return status;
}

sonic_status sonic_deal(const sonic_context *context, const sonic_graph *graph,
                        const uint8_t model[SONIC_ID_BYTES], sonic_relu relu, uint32_t batch,
                        uint32_t count, const char *path0, const char *path1,
                        sonic_progress progress, void *arg, sonic_error *error)
{
    const target to = {{path0, path1}, NULL};
    if (strcmp(path0, path1) == 0)
        return sonic_fail(error, SONIC_E_ARGUMENT, "both parties' pools would be written to %s",
                          path0);
    return deal(context, graph, model, relu, batch, count, &to, progress, arg, error);
}

sonic_status sonic_deal_anonymous(const sonic_context *context, const sonic_graph *graph,
                                  const uint8_t model[SONIC_ID_BYTES], sonic_relu relu,
                                  uint32_t batch, uint32_t count, const int fd[2],
                                  sonic_progress progress, void *arg, sonic_error *error)
{
    const target to = {{"the pool of server 0", "the pool of server 1"}, fd};
    return deal(context, graph, model, relu, batch, count, &to, progress, arg, error);
}
