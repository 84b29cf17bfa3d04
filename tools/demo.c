/* sonicnn demo: every role on this machine, a process each, and what it cost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dispatch/error.h"
#include "proto/model/model.h"
#include "tools/budget.h"
#include "tools/commands.h"
#include "tools/data.h"
#include "tools/demo.h"
#include "tools/table.h"

enum { PICTURES_MAX = 5, DIR_BYTES = 4000 };

typedef struct arguments {
    sonic_plain_options
        plain; /* model, images, quantisation: what the reference needs, and the rest too */
    const char *labels, *names;
    uint32_t batch;
    sonic_methods methods;
    int timeout_ms;
    char dir[DIR_BYTES];
} arguments;

/* The results of one way to ask: all images, `batch` at a time. */
typedef struct outcome {
    uint32_t batch;
    sonic_scores scores;
    sonic_serve_summary books;
} outcome;

static sonic_status play_owner(void *arg, int out, sonic_error *error)
{
    arguments *args = arg;
    sonic_model model = {0};
    sonic_context *context;
    char base[DIR_BYTES + 8];
    (void)out;
    (void)snprintf(base, sizeof base, "%s/net", args->dir);
    sonic_status status = sonic_context_create(&context, &args->plain.context, error);
    if (status != SONIC_OK)
        return status;
    status = sonic_model_import(&model, args->plain.model, error);
    if (status == SONIC_OK)
        status = sonic_model_quantise(&model, &args->plain.quantise, error);
    if (status == SONIC_OK)
        status = sonic_model_split(&model, context, base, error);
    sonic_model_free(&model);
    sonic_context_free(context);
    return status;
}

/* The reference, in a process of its own: the servers must not even share memory with it. */
static sonic_status play_reference(void *arg, int out, sonic_error *error)
{
    const arguments *args = arg;
    sonic_scores scores = {0};
    sonic_status status = sonic_plain_run(&args->plain, &scores, error);
    const uint8_t *at = (const uint8_t *)scores.score;
    for (size_t n = status ? 0 : scores.count * scores.classes * sizeof *scores.score; n > 0;) {
        ssize_t wrote = write(out, at, n);
        if (wrote <= 0)
            return sonic_fail(error, SONIC_E_SYSTEM, "cannot report to the narrator");
        at += wrote;
        n -= (size_t)wrote;
    }
    sonic_scores_free(&scores);
    return status;
}

static sonic_status run_reference(arguments *args, const sonic_graph *graph, uint64_t count,
                                  sonic_scores *scores, sonic_error *error)
{
    sonic_role role;
    sonic_status status = sonic_scores_make(scores, graph, count, error);
    if (status == SONIC_OK)
        status = sonic_role_start(&role, "reference", play_reference, args, error);
    if (status != SONIC_OK)
        return status;
    status = sonic_role_read(&role, scores->score, count * scores->classes * sizeof *scores->score,
                             error);
    if (status == SONIC_OK)
        status = sonic_role_wait(&role, error);
    sonic_role_kill(&role, NULL);
    for (uint64_t i = 0; status == SONIC_OK && i < count; i++) {
        const double *score = scores->score + i * scores->classes;
        for (size_t c = 1; c < scores->classes; c++)
            if (score[c] > score[scores->top[i]])
                scores->top[i] = (uint32_t)c;
    }
    return status;
}

/* Class number `n` of a comma-separated list, or the number itself. */
static void class_name(char *text, size_t size, const char *names, int64_t n)
{
    for (int64_t i = 0; names && i < n; i++) {
        names = strchr(names, ',');
        names = names ? names + 1 : NULL;
    }
    if (names && *names)
        (void)snprintf(text, size, "%.*s", (int)strcspn(names, ","), names);
    else
        (void)snprintf(text, size, "%lld", (long long)n);
}

static sonic_status show_pictures(const arguments *args, const sonic_graph *graph,
                                  const sonic_scores *scores, const int64_t *labels,
                                  sonic_error *error)
{
    const sonic_shape *shape = &graph->node[0].shape;
    sonic_picture picture[PICTURES_MAX];
    size_t n = scores->count < PICTURES_MAX ? (size_t)scores->count : PICTURES_MAX;
    size_t elements = sonic_node_elements(graph, 0);
    if (shape->rank != 3 || (shape->dim[0] != 1 && shape->dim[0] != 3))
        return SONIC_OK;
    if (shape->dim[2] > 40)
        n = 1;
    sonic_images_options options = {.paths = args->plain.paths,
                                    .files = args->plain.files,
                                    .first = args->plain.first,
                                    .count = n,
                                    .shape = *shape,
                                    .low = graph->input_low,
                                    .high = graph->input_high};
    float *x = calloc(n, elements * sizeof *x);
    sonic_images *images = NULL;
    sonic_status status = x ? sonic_images_open(&images, &options, error)
                            : sonic_fail(error, SONIC_E_MEMORY, "no memory for the pictures");
    if (status == SONIC_OK)
        status = sonic_images_next(images, x, n, error);
    for (size_t i = 0; status == SONIC_OK && i < n; i++) {
        char said[32], is[32];
        class_name(said, sizeof said, args->names, scores->top[i]);
        class_name(is, sizeof is, args->names, labels ? labels[i] : -1);
        picture[i] = (sonic_picture){.x = x + i * elements,
                                     .channels = shape->dim[0],
                                     .height = shape->dim[1],
                                     .width = shape->dim[2],
                                     .low = graph->input_low,
                                     .high = graph->input_high};
        if (labels)
            (void)snprintf(picture[i].caption, sizeof picture[i].caption, "%.13s (is %.10s)", said,
                           is);
        else
            (void)snprintf(picture[i].caption, sizeof picture[i].caption, "%.31s", said);
    }
    if (status == SONIC_OK)
        sonic_pictures_draw(picture, n, isatty(STDOUT_FILENO));
    sonic_images_free(images);
    free(x);
    return status;
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void print_accuracy(const sonic_scores *plain, const outcome *ways, size_t n,
                           const int64_t *labels)
{
    uint64_t right = 0, same = 0, secure = 0, count = plain->count;
    const sonic_scores *scores = &ways[n - 1].scores;
    for (uint64_t i = 0; i < count; i++) {
        right += labels && plain->top[i] == (uint64_t)labels[i];
        secure += labels && scores->top[i] == (uint64_t)labels[i];
        same += plain->top[i] == scores->top[i];
    }
    if (labels)
        printf("accuracy: secure %.1f%%, plain %.1f%%; ", share(secure, count),
               share(right, count));
    printf("same class as the plain reference on %llu of %llu images\n\n", (unsigned long long)same,
           (unsigned long long)count);
}

static void print_ways(const outcome *ways, size_t n)
{
    static const char *const phases[SONIC_PHASES] = {"setup", "offline", "online"};
    sonic_table *table = sonic_table_create("lrrrrrr");
    static const char *const heads[] = {"asked",    "phase", "seconds", "a batch",
                                        "images/s", "bytes", "rounds"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        sonic_table_cell(table, "%s", heads[i]);
    for (size_t i = 0; i < n; i++)
        for (unsigned p = 0; p < SONIC_PHASES; p++) {
            const sonic_serve_phase *phase = &ways[i].books.phase[p];
            char bytes[16];
            bool every = p != SONIC_SETUP && phase->seconds > 0;
            sonic_cli_bytes(bytes, (double)(phase->sent + phase->received));
            if (p == SONIC_SETUP)
                sonic_table_cell(table, "%u at a time", ways[i].batch);
            else
                sonic_table_cell(table, "%s", "");
            sonic_table_cell(table, "%s", phases[p]);
            sonic_table_cell(table, "%.3f", phase->seconds);
            if (every) {
                sonic_table_cell(table, "%.4f s", phase->seconds / (double)ways[i].books.batches);
                sonic_table_cell(table, "%.1f", (double)ways[i].books.images / phase->seconds);
            } else {
                sonic_table_cell(table, "%s", "");
                sonic_table_cell(table, "%s", "");
            }
            sonic_table_cell(table, "%s", bytes);
            sonic_table_cell(table, "%llu", (unsigned long long)phase->rounds);
        }
    sonic_table_print(table, stdout);
}

/* What the servers made for themselves, where there was no dealer. */
static void print_made(const outcome *ways, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const sonic_serve_phase *offline = &ways[i].books.phase[SONIC_OFFLINE];
        char bytes[16];
        sonic_cli_bytes(bytes, (double)(offline->sent + offline->received));
        printf("no dealer: %u at a time, the servers made their material themselves, in %s between "
               "them and %.3f s\n",
               ways[i].batch, bytes, offline->seconds);
    }
    putchar('\n');
}

/* Everything after the owner has split the network. */
static sonic_status run_ways(arguments *args, const sonic_graph *graph, uint64_t count,
                             const int64_t *labels, sonic_error *error)
{
    outcome ways[2] = {{.batch = 1}, {.batch = args->batch ? args->batch : (uint32_t)count}};
    size_t n = ways[1].batch == 1 ? 1 : 2;
    sonic_scores plain = {0};
    sonic_pass pass = {.context = args->plain.context,
                       .dir = args->dir,
                       .paths = args->plain.paths,
                       .files = args->plain.files,
                       .first = args->plain.first,
                       .count = (uint32_t)count,
                       .methods = args->methods,
                       .timeout_ms = args->timeout_ms};
    sonic_status status = SONIC_OK;
    for (size_t i = 0; status == SONIC_OK && i < n; i++) {
        printf("%s, %u at a time: %sserver 0, server 1 and user on loopback\n",
               count == 1 ? "one image" : "all images", ways[i].batch,
               args->methods.source == SONIC_SOURCE_DEALER ? "dealer, " : "");
        (void)fflush(stdout);
        pass.batch = ways[i].batch;
        pass.report = i + 1 == n;
        status = sonic_pass_run(&pass, &ways[i].scores, &ways[i].books, error);
    }
    if (status == SONIC_OK)
        status = run_reference(args, graph, count, &plain, error);
    if (status == SONIC_OK) {
        putchar('\n');
        status = show_pictures(args, graph, &ways[n - 1].scores, labels, error);
    }
    if (status == SONIC_OK) {
        print_ways(ways, n);
        putchar('\n');
        if (args->methods.source != SONIC_SOURCE_DEALER)
            print_made(ways, n);
        print_accuracy(&plain, ways, n, labels);
    }
    for (size_t i = 0; i < n; i++)
        sonic_scores_free(&ways[i].scores);
    sonic_scores_free(&plain);
    return status;
}

static sonic_status count_images(const arguments *args, const sonic_graph *graph, uint64_t *count,
                                 sonic_error *error)
{
    sonic_images *images;
    sonic_images_options options = {.paths = args->plain.paths,
                                    .files = args->plain.files,
                                    .first = args->plain.first,
                                    .count = args->plain.count,
                                    .shape = graph->node[0].shape,
                                    .low = graph->input_low,
                                    .high = graph->input_high};
    sonic_status status = sonic_images_open(&images, &options, error);
    if (status == SONIC_OK) {
        *count = sonic_images_count(images);
        sonic_images_free(images);
    }
    return status;
}

static sonic_status demo(arguments *args, sonic_error *error)
{
    sonic_graph graph = {0};
    uint8_t id[SONIC_ID_BYTES];
    char path[DIR_BYTES + 16];
    int64_t *labels = NULL;
    uint64_t count = 0;
    sonic_role owner;
    sonic_status status = sonic_role_start(&owner, "owner", play_owner, args, error);
    if (status == SONIC_OK)
        status = sonic_role_wait(&owner, error);
    (void)snprintf(path, sizeof path, "%s/net.graph", args->dir);
    if (status == SONIC_OK)
        status = sonic_graph_load(&graph, id, path, error);
    if (status == SONIC_OK)
        status = count_images(args, &graph, &count, error);
    if (status == SONIC_OK)
        status = sonic_budget_fits(&graph, args->batch ? args->batch : (uint32_t)count,
                                   args->methods.source, 2, args->plain.model, error);
    if (status == SONIC_OK && args->labels)
        status = sonic_labels_read(&labels, args->labels, args->plain.first, (size_t)count, error);
    if (status == SONIC_OK) {
        printf("the owner has split %s for two servers: ring 2^%d, %u nodes\n", args->plain.model,
               (int)graph.ring, graph.nodes);
        printf("(one machine%s for both: this shows the protocol and protects nobody)\n\n",
               args->methods.source == SONIC_SOURCE_DEALER ? " and one dealer" : "");
        status = run_ways(args, &graph, count, labels, error);
    }
    free(labels);
    sonic_graph_free(&graph);
    return status;
}

/* Runs the demonstration in a private directory that does not survive it. */
static sonic_status demo_in_directory(arguments *args, sonic_error *error)
{
    const char *tmp = getenv("TMPDIR");
    int n =
        snprintf(args->dir, sizeof args->dir, "%s/sonicnn-demo.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (n < 0 || (size_t)n >= sizeof args->dir || !mkdtemp(args->dir))
        return sonic_fail(error, SONIC_E_FILE, "cannot make a directory in %s", tmp ? tmp : "/tmp");
    sonic_status status = demo(args, error);
    static const char *const names[] = {"net.graph", "net.0", "net.1"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[DIR_BYTES + 16];
        (void)snprintf(path, sizeof path, "%s/%s", args->dir, names[i]);
        (void)unlink(path);
    }
    if (rmdir(args->dir) != 0 && status == SONIC_OK)
        return sonic_fail(error, SONIC_E_FILE, "cannot remove %s", args->dir);
    return status;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *args = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &args->plain.quantise;
        state->child_inputs[1] = &args->plain.context;
        state->child_inputs[2] = &args->methods.relu;
        state->child_inputs[3] = &args->methods.source;
        return 0;
    case 'F': args->plain.first = sonic_cli_number(state, "--first", text, 0, UINT32_MAX); return 0;
    case 'n': args->plain.count = sonic_cli_number(state, "--count", text, 1, 100000); return 0;
    case 'b': args->batch = (uint32_t)sonic_cli_number(state, "--batch", text, 1, 100000); return 0;
    case 'l': args->labels = text; return 0;
    case 'N': args->names = text; return 0;
    case 's': args->timeout_ms = sonic_cli_seconds(state, "--timeout", text); return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num == 0)
            args->plain.model = text;
        else
            args->plain.paths[args->plain.files++] = text;
        return 0;
    case ARGP_KEY_END:
        if (args->plain.files == 0)
            argp_error(state, "MODEL.onnx and DATA are needed");
        sonic_cli_fit(state, args->methods);
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

int sonic_command_demo(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"first", 'F', "N", 0, "Begin with image (and label) number N, counted from 0", 1},
        {"count", 'n', "N", 0, "Take N images (default: all)", 1},
        {"batch", 'b', "N", 0, "The larger batch: N images at a time (default: all at once)", 1},
        {"labels", 'l', "FILE", 0, "True labels, IDX or NPY", 1},
        {"names", 'N', "A,B,...", 0, "Names of the classes", 1},
        {"timeout", 's', "SECONDS", 0, "Give a silent peer up after this long (default: 30)", 1},
        {0},
    };
    static const struct argp_child children[] = {{&sonic_cli_quantise_argp, 0, NULL, 0},
                                                 {&sonic_cli_context_argp, 0, NULL, 0},
                                                 {&sonic_cli_relu_argp, 0, NULL, 0},
                                                 {&sonic_cli_offline_argp, 0, NULL, 0},
                                                 {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "MODEL.onnx DATA...",
        .doc =
            "Plays every role on this machine, a process each, over loopback TCP: the owner splits "
            "the network, a dealer deals, two servers compute on shares, a user splits the images "
            "and joins the results.  First one image at a time, then in batches.  Then compares "
            "with the plain reference and prints what it cost: seconds, bytes and rounds by phase "
            "and layer.  With --offline ot there is no dealer: the servers make their material "
            "themselves."
            "\v  sonicnn demo net.onnx t10k-images-idx3-ubyte.gz --count 100 \\\n"
            "      --labels t10k-labels-idx1-ubyte.gz\n"
            "  sonicnn demo net.onnx images.idx --count 1 --relu fss\n"
            "  sonicnn demo net.onnx images.idx --count 1 --offline "
            "ot\n\n" SONIC_CLI_EXIT_CODES,
        .children = children,
    };
    arguments args = {.plain.paths = calloc((size_t)argc, sizeof(char *)), .timeout_ms = 30000};
    sonic_error error = {0};
    if (!args.plain.paths)
        return sonic_cli_report(&(sonic_error){.text = "out of memory"});
    sonic_cli_parse(&argp, argc, argv, &args);
    if (args.plain.context.threads == 0) {
        /* Two servers compute at the same time: each gets half of the processors. */
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        args.plain.context.threads = processors > 2 ? (int)(processors / 2) : 1;
    }
    int code =
        demo_in_directory(&args, &error) == SONIC_OK ? SONIC_EXIT_OK : sonic_cli_report(&error);
    free(args.plain.paths);
    return code;
}
