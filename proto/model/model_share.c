/* A quantised model as files: the public graph, and one share of the weights a server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>
#include <sonicnn/share.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/model/model.h"
#include "proto/share/random.h"
#include "proto/share/secret.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "shares are written in the machine's byte order, which files fix as little-endian"
#endif

enum { FILES = 3 }; /* share 0, share 1, the graph */

typedef struct files {
    char path[FILES][4096];
    sonic_writer *writer[FILES];
} files;

/* Writes the shares of n integers to the two share files. */
static sonic_status write_split(files *f, const sonic_graph *graph, const sonic_context *context,
                                const int64_t *q, size_t n, sonic_error *error)
{
    const size_t element = sonic_ring_bytes(graph->ring);
    size_t bytes;
    if (!sonic_size_mul(&bytes, n, element))
        return sonic_fail(error, SONIC_E_SHAPE, "the weights overflow a size");
    uint8_t *share0 = malloc(bytes + 1), *share1 = malloc(bytes + 1);
    sonic_status status = SONIC_OK;
    if (!share0 || !share1) {
        status = sonic_fail(error, SONIC_E_MEMORY, "no memory to split %zu weights", n);
    } else {
        /* On a little-endian machine an element is the low bytes of the integer. */
        for (size_t i = 0; i < n; i++)
            memcpy(share1 + i * element, &q[i], element);
        sonic_share_split(context, graph->ring, share0, share1, share1, n);
        status = sonic_writer_write(f->writer[0], share0, bytes, error);
        if (!status)
            status = sonic_writer_write(f->writer[1], share1, bytes, error);
        sodium_memzero(share0, bytes);
        sodium_memzero(share1, bytes);
    }
    free(share0);
    free(share1);
    return status;
}

/* Elements of a share: all weights and biases. */
static bool constants_bytes(const sonic_graph *graph, uint64_t *bytes)
{
    size_t n = 0, all;
    for (uint32_t i = 0; i < graph->nodes; i++)
        if (!sonic_size_add(&n, n, sonic_node_weights(graph, i))
            || !sonic_size_add(&n, n, sonic_node_biases(graph, i)))
            return false;
    if (!sonic_size_mul(&all, n, sonic_ring_bytes(graph->ring)))
        return false;
    *bytes = all;
    return true;
}

static sonic_status create(files *f, const sonic_graph *graph, const char *base, sonic_error *error)
{
    static const char *const suffix[FILES] = {".0", ".1", ".graph"};
    uint8_t *meta = NULL;
    size_t meta_bytes;
    sonic_file_header header = {.ring = graph->ring};
    sonic_random_bytes(header.model, sizeof header.model);
    sonic_random_bytes(header.pair, sizeof header.pair);
    uint64_t data_bytes;
    if (!constants_bytes(graph, &data_bytes))
        return sonic_fail(error, SONIC_E_SHAPE, "the weights overflow a size");
    sonic_status status = sonic_graph_write(graph, &meta, &meta_bytes, error);
    for (int i = 0; i < FILES && !status; i++) {
        const bool share = i < 2;
        const int length = snprintf(f->path[i], sizeof f->path[i], "%s%s", base, suffix[i]);
        if (length < 0 || (size_t)length >= sizeof f->path[i]) {
            status =
                sonic_fail(error, SONIC_E_ARGUMENT, "the path of the model's files is too long");
            break;
        }
        header.kind = share ? SONIC_FILE_MODEL : SONIC_FILE_GRAPH;
        header.party = share ? (unsigned)i : SONIC_NO_PARTY;
        header.meta_bytes = meta_bytes;
        header.data_bytes = share ? data_bytes : 0;
        status = sonic_writer_create(&f->writer[i], f->path[i], &header, meta, error);
    }
    free(meta);
    return status;
}

sonic_status sonic_model_split(const sonic_model *model, const sonic_context *context,
                               const char *base, sonic_error *error)
{
    const sonic_graph *graph = &model->graph;
    if (!graph->ring)
        return sonic_fail(error, SONIC_E_ARGUMENT, "the model is not quantised");
    files *f = calloc(1, sizeof *f);
    if (!f)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory to write the model");
    sonic_status status = create(f, graph, base, error);
    for (uint32_t i = 0; i < graph->nodes && !status; i++) {
        status = write_split(f, graph, context, model->constants[i].wq,
                             sonic_node_weights(graph, i), error);
        if (!status)
            status = write_split(f, graph, context, model->constants[i].bq,
                                 sonic_node_biases(graph, i), error);
    }
    int committed = 0;
    while (!status && committed < FILES) {
        status = sonic_writer_commit(f->writer[committed], error);
        f->writer[committed] = NULL; /* freed, either way */
        committed += !status;
    }
    for (int i = 0; i < FILES; i++)
        sonic_writer_abort(f->writer[i]);
    for (int i = 0; i < committed && status; i++)
        (void)unlink(f->path[i]);
    free(f);
    return status;
}

/* Reads the graph in the metadata of an open file. */
static sonic_status read_graph(const sonic_reader *reader, sonic_graph *graph, sonic_error *error)
{
    const sonic_file_header *header = sonic_reader_header(reader);
    const char *name = sonic_reader_name(reader);
    if (sonic_graph_read(graph, sonic_reader_meta(reader), header->meta_bytes, error))
        return sonic_fail_in(error, SONIC_E_FORMAT, name);
    if (graph->ring == header->ring)
        return SONIC_OK;
    sonic_graph_free(graph);
    return sonic_fail(error, SONIC_E_FORMAT, "%s: its header says ring %d, its graph another", name,
                      (int)header->ring);
}

sonic_status sonic_graph_load(sonic_graph *graph, uint8_t id[SONIC_ID_BYTES], const char *path,
                              sonic_error *error)
{
    sonic_reader *reader;
    *graph = (sonic_graph){0};
    sonic_status status = sonic_reader_open(&reader, path, SONIC_FILE_GRAPH, error);
    if (status)
        return status;
    status = read_graph(reader, graph, error);
    if (!status)
        memcpy(id, sonic_reader_header(reader)->model, SONIC_ID_BYTES);
    sonic_reader_free(reader);
    return status;
}

/* The next `n` elements of a share, NULL for none. */
static sonic_status read_elements(sonic_reader *reader, size_t element, size_t n, uint64_t *offset,
                                  void **out, sonic_error *error)
{
    if (!n)
        return SONIC_OK;
    const size_t bytes = n * element; /* part of data_bytes, which did not overflow */
    *out = malloc(bytes);
    if (!*out)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for the %zu bytes of a layer of %s",
                          bytes, sonic_reader_name(reader));
    const sonic_status status = sonic_reader_read_at(reader, *offset, *out, bytes, error);
    *offset += bytes;
    return status;
}

static sonic_status read_share(sonic_reader *reader, sonic_model_share *share, sonic_error *error)
{
    const sonic_file_header *header = sonic_reader_header(reader);
    const char *name = sonic_reader_name(reader);
    sonic_status status = read_graph(reader, &share->graph, error);
    if (status)
        return status;
    const sonic_graph *graph = &share->graph;
    uint64_t bytes, offset = 0;
    if (header->party > 1)
        return sonic_fail(error, SONIC_E_FORMAT, "%s belongs to neither server", name);
    if (!constants_bytes(graph, &bytes) || bytes != header->data_bytes)
        return sonic_fail(error, SONIC_E_FORMAT, "%s: its weights are not those of its graph",
                          name);
    share->party = header->party;
    memcpy(share->id, header->model, SONIC_ID_BYTES);
    share->w = calloc(graph->nodes, sizeof *share->w);
    share->b = calloc(graph->nodes, sizeof *share->b);
    if (!share->w || !share->b)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for the model %s", name);
    const size_t element = sonic_ring_bytes(graph->ring);
    for (uint32_t i = 0; i < graph->nodes && !status; i++) {
        status = read_elements(reader, element, sonic_node_weights(graph, i), &offset, &share->w[i],
                               error);
        if (!status)
            status = read_elements(reader, element, sonic_node_biases(graph, i), &offset,
                                   &share->b[i], error);
    }
    return status;
}

sonic_status sonic_model_share_load(sonic_model_share *share, const char *path, sonic_error *error)
{
    sonic_reader *reader;
    *share = (sonic_model_share){0};
    sonic_status status = sonic_reader_open(&reader, path, SONIC_FILE_MODEL, error);
    if (status)
        return status;
    status = read_share(reader, share, error);
    if (status)
        sonic_model_share_free(share);
    sonic_reader_free(reader);
    return status;
}

/* Wipes and frees one node's constants. */
void sonic_model_share_free(sonic_model_share *share)
{
    if (!share)
        return;
    const sonic_graph *graph = &share->graph;
    for (uint32_t i = 0; i < graph->nodes; i++) {
        const size_t element = sonic_ring_bytes(graph->ring);
        if (share->w)
            sonic_secret_free(share->w[i], sonic_node_weights(graph, i) * element);
        if (share->b)
            sonic_secret_free(share->b[i], sonic_node_biases(graph, i) * element);
    }
    free(share->w);
    free(share->b);
    sonic_graph_free(&share->graph);
    *share = (sonic_model_share){0};
}
