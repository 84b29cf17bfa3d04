/* sonicnn info: what this machine can do, or what a file is; never a secret. */
#include "config.h"

#include <stdio.h>

#include "dispatch/cpu.h"
#include "tools/commands.h"
#include "tools/json.h"

typedef struct arguments {
    sonic_context_options context;
    bool json, check;
    const char *file;
} arguments;

static const char *const file_kinds[] = {
    "", "graph", "model share", "input share", "result share", "pool"
};

static int file_info(const arguments *args)
{
    sonic_error error = { 0 };
    sonic_reader *reader;
    uint32_t used = 0;
    if (sonic_reader_open(&reader, args->file, SONIC_FILE_ANY, &error) != SONIC_OK)
        return sonic_cli_report(&error);
    const sonic_file_header *h = sonic_reader_header(reader);
    if ((h->kind == SONIC_FILE_POOL && sonic_reader_used(reader, &used, &error) != SONIC_OK) ||
        (args->check && sonic_cli_check_data(reader, &error) != SONIC_OK)) {
        sonic_reader_free(reader);
        return sonic_cli_report(&error);
    }
    bool counted = h->count > 0, good = true;
    sonic_json *json = args->json ? sonic_json_object() : NULL;
    if (args->json) {
        sonic_json_put_string(json, "kind", file_kinds[h->kind]);
        if (h->party != SONIC_NO_PARTY)
            sonic_json_put_integer(json, "party", h->party);
        sonic_json_put_integer(json, "ring", h->ring);
        sonic_json_put_hex(json, "model", h->model, SONIC_ID_BYTES);
        if (h->party != SONIC_NO_PARTY)
            sonic_json_put_hex(json, "pair", h->pair, SONIC_ID_BYTES);
        if (counted) {
            sonic_json_put_integer(json, "batch", h->batch);
            sonic_json_put_integer(json, "count", h->count);
        }
        if (h->kind == SONIC_FILE_POOL)
            sonic_json_put_integer(json, "used", used);
        sonic_json_put_integer(json, "data_bytes", h->data_bytes);
        good = sonic_json_print(json);
    } else {
        char size[16];
        sonic_cli_bytes(size, (double)h->data_bytes);
        printf("file     %s\nkind     %s\n", args->file, file_kinds[h->kind]);
        if (h->party != SONIC_NO_PARTY)
            printf("party    %u\n", h->party);
        printf("ring     2^%u\nmodel    ", (unsigned)h->ring);
        for (size_t i = 0; i < SONIC_ID_BYTES; i++)
            printf("%02x", h->model[i]);
        putchar('\n');
        if (counted)
            printf("batch    %u image%s\n", h->batch, h->batch == 1 ? "" : "s");
        if (h->kind == SONIC_FILE_POOL)
            printf("count    %u inferences, %u used\n", h->count, used);
        else if (counted)
            printf("count    %u image%s\n", h->count, h->count == 1 ? "" : "s");
        printf("data     %s%s\n", size, args->check ? ", undamaged" : "");
    }
    sonic_reader_free(reader);
    return good ? SONIC_EXIT_OK : SONIC_EXIT_FAILURE;
}

static void put_tiers(sonic_json *array, char *text, size_t n, unsigned tiers)
{
    size_t used = 0;
    text[0] = 0;
    for (unsigned t = 0; t < SONIC_TIERS; t++)
        if (tiers >> t & 1 && used < n) {
            used += (size_t)snprintf(text + used, n - used, "%s%s", used ? " " : "",
                                     sonic_tier_name((sonic_tier)t));
            sonic_json_put_string(array, NULL, sonic_tier_name((sonic_tier)t));
        }
}

static int machine_info(const arguments *args)
{
    sonic_error error = { 0 };
    sonic_context *context;
    char name[128], features[256], tiers[128];
    if (sonic_context_create(&context, &args->context, &error) != SONIC_OK)
        return sonic_cli_report(&error);
    sonic_cpu_name(name, sizeof name);
    sonic_cpu_features(features, sizeof features);
    sonic_json *json = args->json ? sonic_json_object() : NULL;
    put_tiers(sonic_json_put_array(json, "tiers"), tiers, sizeof tiers, sonic_cpu_tiers());
    sonic_json_put_string(json, "version", PACKAGE_VERSION);
    sonic_json_put_string(json, "processor", name);
    sonic_json_put_string(json, "capabilities", features);
    sonic_json_put_string(json, "tier", sonic_context_tier(context));
    sonic_json_put_integer(json, "threads", (uint64_t)context->threads);
    sonic_json *kernels = sonic_json_put_object(json, "kernels");
    if (!args->json)
        printf("sonicnn       %s\nprocessor     %s\ncapabilities  %s\ntiers         %s\n"
               "threads       %d\n\nkernels\n",
               PACKAGE_VERSION, name, features, tiers, context->threads);
    for (unsigned p = 0; p < SONIC_PRIMITIVES; p++) {
        const char *primitive = sonic_primitive_name((sonic_primitive)p);
        const char *kernel = sonic_context_kernel(context, primitive);
        sonic_json_put_string(kernels, primitive, kernel);
        if (!args->json)
            printf("  %-10s  %s\n", primitive, kernel);
    }
    sonic_context_free(context);
    return !args->json || sonic_json_print(json) ? SONIC_EXIT_OK : SONIC_EXIT_FAILURE;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *args = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &args->context;
        state->child_inputs[1] = &args->json;
        return 0;
    case 'c': args->check = true; return 0;
    case ARGP_KEY_ARG:
        if (args->file)
            argp_error(state, "one FILE at a time");
        args->file = text;
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

int sonic_command_info(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "check", 'c', NULL, 0, "Read the whole FILE, to see whether it is damaged", 1 },
        { 0 },
    };
    static const struct argp_child children[] = { { &sonic_cli_context_argp, 0, NULL, 0 },
                                                  { &sonic_cli_json_argp, 0, NULL, 0 },
                                                  { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[FILE]",
        .doc = "Prints the processor, the tiers of kernels built for it and the kernel chosen for "
               "each "
               "primitive.  With a FILE of sonicnn's: what it is, whose, and how much of a pool is "
               "used; never what it hides."
               "\v  sonicnn info\n  sonicnn info pool.0\n\n" SONIC_CLI_EXIT_CODES,
        .children = children,
    };
    arguments args = { 0 };
    sonic_cli_parse(&argp, argc, argv, &args);
    return args.file ? file_info(&args) : machine_info(&args);
}
