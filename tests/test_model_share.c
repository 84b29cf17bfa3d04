/* Models as files: what is written can be read, the shares add up, damage is found, nothing is left
 * behind. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/nets.h"
#include "tests/random_test.h"

static char folder[64];
static sonic_context *context;

static void set_up(void)
{
    (void)snprintf(folder, sizeof folder, "%s", "/tmp/sonic-model-share-XXXXXX");
    cr_assert(mkdtemp(folder));
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    sonic_test_seed(7);
}

/* Removes all but sub-folders and returns how many files there were. */
static size_t clear(void)
{
    size_t n = 0;
    DIR *dir = opendir(folder);
    cr_assert(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        char path[400];
        (void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] != '.' || strlen(e->d_name) > 2)
            n += unlink(path) == 0;
    }
    (void)closedir(dir);
    return n;
}

static void tear_down(void)
{
    (void)clear();
    (void)rmdir(folder);
    sonic_context_free(context);
}

TestSuite(model_share, .init = set_up, .fini = tear_down);

static const char *path_of(char path[128], const char *name)
{
    (void)snprintf(path, 128, "%s/%s", folder, name);
    return path;
}

static void make(sonic_model *model, uint64_t seed, sonic_ring ring)
{
    const sonic_quantise_options o = {.ring = ring};
    sonic_error error;
    for (;; seed += 1000) {
        sonic_test_net_random(model, seed);
        if (!sonic_model_quantise(model, &o, &error))
            return;
        sonic_model_free(model);
    }
}

static uint64_t element(const void *a, size_t i, sonic_ring ring)
{
    return ring == SONIC_RING_64 ? ((const uint64_t *)a)[i] : ((const uint32_t *)a)[i];
}

static size_t check_sum(const sonic_graph *graph, const int64_t *q, const void *a, const void *b,
                        size_t n)
{
    size_t plain = 0;
    cr_assert_eq(!a, n == 0);
    cr_assert_eq(!b, n == 0);
    for (size_t i = 0; i < n; i++) {
        const uint64_t sum = element(a, i, graph->ring) + element(b, i, graph->ring);
        const uint64_t mask = UINT64_MAX >> (64 - (unsigned)graph->ring);
        cr_assert_eq(sum & mask, (uint64_t)q[i] & mask);
        plain += element(b, i, graph->ring) == ((uint64_t)q[i] & mask);
    }
    return plain;
}

Test(model_share, shares_add_up)
{
    char p[128];
    for (uint64_t seed = 1; seed <= 12; seed++) {
        sonic_model model;
        sonic_error error;
        sonic_model_share share[2];
        sonic_graph graph;
        uint8_t id[SONIC_ID_BYTES];
        make(&model, seed, seed % 2 ? SONIC_RING_64 : SONIC_RING_32);
        cr_assert_eq(sonic_model_split(&model, context, path_of(p, "net"), &error), SONIC_OK, "%s",
                     error.text);
        cr_assert_eq(sonic_model_share_load(&share[0], path_of(p, "net.0"), &error), SONIC_OK, "%s",
                     error.text);
        cr_assert_eq(sonic_model_share_load(&share[1], path_of(p, "net.1"), &error), SONIC_OK, "%s",
                     error.text);
        cr_assert_eq(sonic_graph_load(&graph, id, path_of(p, "net.graph"), &error), SONIC_OK, "%s",
                     error.text);
        cr_assert(share[0].party == 0 && share[1].party == 1);
        cr_assert_eq(memcmp(share[0].id, id, sizeof id), 0);
        cr_assert_eq(memcmp(share[1].id, id, sizeof id), 0);
        uint8_t *bytes[4];
        size_t n[4], plain = 0, weights = 0;
        const sonic_graph *graphs[4] = {&model.graph, &share[0].graph, &share[1].graph, &graph};
        for (int i = 0; i < 4; i++) {
            cr_assert_eq(sonic_graph_write(graphs[i], &bytes[i], &n[i], &error), SONIC_OK);
            cr_assert(n[i] == n[0] && !memcmp(bytes[i], bytes[0], n[0]));
        }
        for (uint32_t i = 0; i < model.graph.nodes; i++) {
            const size_t w = sonic_node_weights(&graph, i), b = sonic_node_biases(&graph, i);
            plain += check_sum(&graph, model.constants[i].wq, share[0].w[i], share[1].w[i], w);
            plain += check_sum(&graph, model.constants[i].bq, share[0].b[i], share[1].b[i], b);
            weights += w + b;
        }
        cr_assert_lt(plain, weights / 8 + 2, "share 1 is the weights themselves");
        struct stat info;
        cr_assert(stat(path_of(p, "net.0"), &info) == 0 && (info.st_mode & 077) == 0);
        for (int i = 0; i < 4; i++)
            free(bytes[i]);
        sonic_model_share_free(&share[0]);
        sonic_model_share_free(&share[1]);
        sonic_model_share_free(&share[1]);
        sonic_graph_free(&graph);
        sonic_model_free(&model);
        cr_assert_eq(clear(), 3);
    }
}

static uint8_t *slurp(const char *name, size_t *n)
{
    char p[128];
    FILE *file = fopen(path_of(p, name), "rb");
    cr_assert(file && fseek(file, 0, SEEK_END) == 0);
    *n = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*n + 1);
    cr_assert_eq(fread(bytes, 1, *n, file), *n);
    (void)fclose(file);
    return bytes;
}

static void spill(const char *name, const uint8_t *bytes, size_t n)
{
    char p[128];
    FILE *file = fopen(path_of(p, name), "wb");
    cr_assert(file && fwrite(bytes, 1, n, file) == n);
    cr_assert_eq(fclose(file), 0);
}

/* A file in the wrong state: refused in one sentence that names it, nothing to free. */
static void expect_refusal(const char *name, bool graph)
{
    char p[128];
    sonic_error error = {0};
    sonic_model_share share;
    sonic_graph loaded;
    uint8_t id[SONIC_ID_BYTES];
    path_of(p, name);
    const sonic_status status = graph ? sonic_graph_load(&loaded, id, p, &error)
                                      : sonic_model_share_load(&share, p, &error);
    cr_assert(status <= SONIC_E_FILE, "%s: %d %s", name, status, error.text);
    cr_assert(strstr(error.text, name), "'%s' does not name %s", error.text, name);
    if (graph)
        cr_assert(!loaded.node && !loaded.nodes);
    else
        cr_assert(!share.w && !share.b && !share.graph.node);
}

Test(model_share, damage_is_refused)
{
    static const char *const names[3] = {"net.0", "net.1", "net.graph"};
    char p[128];
    sonic_model model;
    uint64_t state = 3;
    make(&model, 3, SONIC_RING_32);
    cr_assert_eq(sonic_model_split(&model, context, path_of(p, "net"), NULL), SONIC_OK);
    for (int i = 0; i < 3; i++) {
        size_t n;
        const bool graph = i == 2;
        uint8_t *bytes = slurp(names[i], &n);
        for (int round = 0; round < 60; round++) {
            const size_t at = round < 2 ? round * (n - 1) : sonic_test_next(&state) % n;
            bytes[at] ^= (uint8_t)(1u << sonic_test_below(&state, 8));
            spill("bad", bytes, n);
            sonic_model_share share;
            sonic_graph loaded;
            uint8_t id[SONIC_ID_BYTES];
            sonic_error error = {0};
            path_of(p, "bad");
            /* Padding that nobody reads may be accepted; what is read may not differ. */
            const sonic_status status = graph ? sonic_graph_load(&loaded, id, p, &error)
                                              : sonic_model_share_load(&share, p, &error);
            cr_assert(status <= SONIC_E_FILE, "a flip at byte %zu of %s went unseen", at, names[i]);
            size_t whole;
            free(bytes);
            bytes = slurp(names[i], &whole);
        }
        for (size_t cut = 0; cut < n; cut += 1 + n / 20) {
            spill("bad", bytes, cut);
            expect_refusal("bad", graph);
        }
        spill("bad", bytes, n);
        expect_refusal("bad", !graph); /* the other kind of file */
        free(bytes);
    }
    expect_refusal("absent", false);
    expect_refusal("absent", true);
    sonic_model_free(&model);
}

/* A whole, undamaged file whose weights are too few or too many for its graph. */
Test(model_share, sizes_must_fit_the_graph)
{
    sonic_model model;
    make(&model, 5, SONIC_RING_64);
    uint8_t *meta;
    size_t meta_bytes, elements = 0;
    char p[128];
    cr_assert_eq(sonic_graph_write(&model.graph, &meta, &meta_bytes, NULL), SONIC_OK);
    for (uint32_t i = 0; i < model.graph.nodes; i++)
        elements += sonic_node_weights(&model.graph, i) + sonic_node_biases(&model.graph, i);
    for (int round = 0; round < 4; round++) {
        const size_t n = round == 0 ? elements - 1 : round == 1 ? elements + 1 : elements;
        sonic_file_header header = {.kind = SONIC_FILE_MODEL,
                                    .ring = SONIC_RING_64,
                                    .meta_bytes = meta_bytes,
                                    .data_bytes = n * 8};
        uint8_t *data = calloc(n, 8);
        sonic_writer *writer;
        sonic_error error;
        header.party = round == 2 ? SONIC_NO_PARTY : 0;
        header.ring = round == 3 ? SONIC_RING_32 : SONIC_RING_64;
        if (!sonic_writer_create(&writer, path_of(p, "odd"), &header, meta, &error)) {
            cr_assert_eq(sonic_writer_write(writer, data, n * 8, &error), SONIC_OK, "%s",
                         error.text);
            cr_assert_eq(sonic_writer_commit(writer, &error), SONIC_OK, "%s", error.text);
            expect_refusal("odd", false);
        }
        free(data);
    }
    free(meta);
    sonic_model_free(&model);
}

Test(model_share, all_three_files_or_none)
{
    static const char *const names[3] = {"net.0", "net.1", "net.graph"};
    sonic_model model;
    char p[128];
    sonic_error error = {0};
    make(&model, 8, SONIC_RING_64);
    /* A folder that cannot be replaced by a file stands in the way of each in turn. */
    for (int i = 0; i < 3; i++) {
        char in_the_way[160];
        (void)snprintf(in_the_way, sizeof in_the_way, "%s/%s", folder, names[i]);
        cr_assert_eq(mkdir(in_the_way, 0700), 0);
        const sonic_status status = sonic_model_split(&model, context, path_of(p, "net"), &error);
        cr_assert(status, "%s was written over a folder", names[i]);
        cr_assert(strstr(error.text, names[i]), "'%s' does not name %s", error.text, names[i]);
        cr_assert_eq(rmdir(in_the_way), 0);
        cr_assert_eq(clear(), 0, "something was left behind when %s failed", names[i]);
    }
    cr_assert_neq(sonic_model_split(&model, context, path_of(p, "no/such/folder"), &error),
                  SONIC_OK);
    cr_assert_eq(clear(), 0);
    char *length = malloc(6000);
    memset(length, 'a', 5999);
    length[5999] = 0;
    cr_assert_neq(sonic_model_split(&model, context, length, &error), SONIC_OK);
    free(length);
    sonic_model_free(&model);
    uint64_t state = 1;
    sonic_test_net_begin(&model, 1, 4, 0, 0);
    (void)sonic_test_net_conv(&model, 0, 2, (sonic_window){1, 1, 1, 1, 1, 1, 0, 0, 0, 0}, 1, 1,
                              &state);
    cr_assert_eq(sonic_model_split(&model, context, path_of(p, "net"), &error), SONIC_E_ARGUMENT);
    cr_assert_eq(clear(), 0);
    sonic_model_free(&model);
}
