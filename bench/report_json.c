/* From Google Benchmark's JSON to benches: every run is an entry of its own here. */
#include "config.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report.h"
#include "bench/report_write.h"
#include "dispatch/error.h"

enum { FACTS_MAX = 64 };

/* Where in the input an error is. */
typedef struct place {
    const char *path;
    const char *name; /* the bench */
    size_t number;    /* from 1 */
} place;

static const struct {
    report_field field;
    const char *key;
} counters[] = {
    {REPORT_TIME, "real_time"},
    {REPORT_CPU, "cpu_time"},
    {REPORT_CEILING, "ceiling"},
    {REPORT_SHARE, "share"},
    {REPORT_INTENSITY, "intensity"},
    {REPORT_COPY, "copy"},
    {REPORT_BEST_COMPETITOR, "best_competitor"},
    {REPORT_TIMES, "times"},
    {REPORT_ONLINE_BYTES, "online_bytes"},
    {REPORT_ONLINE_ROUNDS, "online_rounds"},
    {REPORT_OFFLINE_BYTES, "offline_bytes"},
    {REPORT_SETUP_BYTES, "setup_bytes"},
    {REPORT_MADDS, "madds/s"},
    {REPORT_ANDS, "ands/s"},
    {REPORT_PRODUCT_SHARE, "product_share"},
    {REPORT_CPU_SECONDS, "cpu_seconds"},
    {REPORT_OFFLINE_SECONDS, "offline_seconds"},
    {REPORT_SETUP_SECONDS, "setup_seconds"},
    {REPORT_DEAL_SECONDS, "deal_seconds"},
};

static sonic_status wrong(const place *at, const char *key, const char *what, sonic_error *error)
{
    return sonic_fail(error, SONIC_E_FORMAT, "%s: benchmark %zu (%.100s): '%.40s' %s", at->path,
                      at->number, at->name ? at->name : "no name", key, what);
}

static sonic_status number(double *value, json_t *in, const char *key, const place *at,
                           sonic_error *error)
{
    json_t *found = json_object_get(in, key);
    *value = NAN;
    if (!found || json_is_null(found))
        return SONIC_OK;
    if (!json_is_number(found))
        return wrong(at, key, "is not a number", error);
    if (json_number_value(found) < 0)
        return wrong(at, key, "is negative", error);
    *value = json_number_value(found);
    return SONIC_OK;
}

/* A string that may be missing: NULL then. */
static sonic_status string(const char **value, json_t *in, const char *key, const place *at,
                           sonic_error *error)
{
    json_t *found = json_object_get(in, key);
    *value = NULL;
    if (!found || json_is_null(found))
        return SONIC_OK;
    if (!json_is_string(found))
        return wrong(at, key, "is not a string", error);
    *value = json_string_value(found);
    return SONIC_OK;
}

/* The index of a network by name; the number of networks if there are too many. */
static size_t network(report_data *report, const char *name)
{
    size_t n = 0;
    while (n < report->networks && strcmp(report->network[n], name) != 0)
        n++;
    if (n == report->networks && n < REPORT_NETWORKS_MAX && (report->network[n] = strdup(name)))
        report->networks++;
    return n;
}

/* Counters "uses_NETWORK". */
static sonic_status uses(report_data *report, report_bench *bench, json_t *in, const place *at,
                         sonic_error *error)
{
    static const char prefix[] = "uses_";
    const char *key;
    json_t *unused;
    json_object_foreach(in, key, unused)
    {
        double count;
        if (strncmp(key, prefix, strlen(prefix)) != 0)
            continue;
        const sonic_status status = number(&count, in, key, at, error);
        if (status)
            return status;
        const size_t n = network(report, key + strlen(prefix));
        if (n == report->networks)
            return wrong(at, key, "is of one network too many", error);
        bench->uses[n] = count >= 0.5 ? (unsigned)fmin(count + 0.5, 1e6) : 0;
    }
    return SONIC_OK;
}

/* The first counter that ends in "/s": in the order that Google Benchmark writes them bytes come
 * before multiply-adds, and where both are there the ceiling is the bytes'.  AND gates come before
 * everything, but a layer's rate is its elements'. */
static sonic_status rate(report_bench *bench, json_t *in, const place *at, sonic_error *error)
{
    const char *key;
    json_t *unused;
    json_object_foreach(in, key, unused)
    {
        const size_t n = strlen(key);
        if (n < 3 || n - 2 >= sizeof bench->unit || strcmp(key + n - 2, "/s") != 0)
            continue;
        memcpy(bench->unit, key, n - 2);
        bench->unit[n - 2] = 0;
        const sonic_status status = number(&bench->value[REPORT_RATE], in, key, at, error);
        if (status || strcmp(bench->unit, "ands") != 0)
            return status;
    }
    return SONIC_OK;
}

static sonic_status scale_times(report_bench *bench, json_t *in, const place *at,
                                sonic_error *error)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}};
    const char *unit = NULL;
    sonic_status status = string(&unit, in, "time_unit", at, error);
    if (status)
        return status;
    for (size_t u = 0; u < sizeof units / sizeof *units; u++)
        if (strcmp(unit ? unit : "ns", units[u].name) == 0) {
            bench->value[REPORT_TIME] *= units[u].seconds;
            bench->value[REPORT_CPU] *= units[u].seconds;
            return SONIC_OK;
        }
    return wrong(at, "time_unit", "is none of ns, us, ms and s", error);
}

/* A new entry at the end of the report. */
static sonic_status append(report_bench **bench, report_data *report, const place *at,
                           const char *name, sonic_error *error)
{
    if (report->benches == REPORT_RUNS_MAX)
        return sonic_fail(error, SONIC_E_FORMAT, "%s has more than %d runs of benchmarks to show",
                          at->path, REPORT_RUNS_MAX);
    if (report->benches == report->room) {
        const size_t room = 2 * report->room + 64;
        report_bench *more = realloc(report->bench, room * sizeof *more);
        if (!more)
            return sonic_fail(error, SONIC_E_MEMORY, "out of memory");
        report->bench = more;
        report->room = room;
    }
    report_bench *made = &report->bench[report->benches];
    *made = (report_bench){.low = NAN, .high = NAN, .cv = NAN, .index = report->benches};
    for (size_t f = 0; f < REPORT_FIELDS; f++)
        made->value[f] = NAN;
    made->name = strdup(name);
    if (!made->name)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    report->benches++;
    *bench = made;
    return SONIC_OK;
}

/* What kind of line it is, and whether the report has a use for it. */
static sonic_status run_of(report_run *run, bool *use, json_t *in, const place *at,
                           sonic_error *error)
{
    const char *type = NULL, *aggregate = NULL;
    sonic_status status = string(&type, in, "run_type", at, error);
    if (!status)
        status = string(&aggregate, in, "aggregate_name", at, error);
    *run = REPORT_RUN;
    *use = true;
    if (status || !type || strcmp(type, "aggregate") != 0)
        return status;
    *run = aggregate && strcmp(aggregate, "cv") == 0 ? REPORT_CV : REPORT_MEDIAN;
    *use = *run == REPORT_CV || (aggregate && strcmp(aggregate, "median") == 0);
    return SONIC_OK;
}

static sonic_status load_bench(report_data *report, json_t *in, place *at, sonic_error *error)
{
    report_bench *bench = NULL;
    const char *name = NULL, *run_name = NULL, *why = NULL;
    report_run run = REPORT_RUN;
    bool use = false;
    if (!json_is_object(in))
        return sonic_fail(error, SONIC_E_FORMAT, "%s: benchmark %zu is not an object", at->path,
                          at->number);
    sonic_status status = string(&name, in, "name", at, error);
    at->name = name;
    if (!status && (!name || !*name))
        status = sonic_fail(error, SONIC_E_FORMAT, "%s: benchmark %zu has no name", at->path,
                            at->number);
    if (!status)
        status = string(&run_name, in, "run_name", at, error);
    if (!status)
        status = run_of(&run, &use, in, at, error);
    if (status || !use)
        return status;
    status = append(&bench, report, at, run_name && *run_name ? run_name : name, error);
    if (status)
        return status;
    bench->run = run;
    if (json_is_true(json_object_get(in, "error_occurred"))) {
        status = string(&why, in, "error_message", at, error);
        if (!status && !(bench->error = strdup(why && *why ? why : "it does not say why")))
            status = sonic_fail(error, SONIC_E_MEMORY, "out of memory");
        return status;
    }
    for (size_t c = 0; c < sizeof counters / sizeof *counters && !status; c++)
        status = number(&bench->value[counters[c].field], in, counters[c].key, at, error);
    if (!status)
        status = rate(bench, in, at, error);
    if (!status)
        status = uses(report, bench, in, at, error);
    if (!status && run != REPORT_CV)
        status = scale_times(bench, in, at, error);
    return status;
}

static sonic_status add_fact(report_data *report, const char *name, const char *text,
                             sonic_error *error)
{
    if (report->facts == FACTS_MAX || !*text)
        return SONIC_OK;
    report_fact *more = realloc(report->fact, (report->facts + 1) * sizeof *more);
    if (!more)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    report->fact = more;
    report_fact *fact = &report->fact[report->facts];
    fact->name = strdup(name);
    fact->text = strdup(text);
    if (!fact->name || !fact->text) {
        free(fact->name);
        free(fact->text);
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    }
    report->facts++;
    return SONIC_OK;
}

/* "L1 data 48 KiB, L2 1.25 MiB, L3 48 MiB"; what is not of that form is left out. */
static void cache_text(char *text, size_t room, json_t *caches)
{
    size_t i, used = 0;
    json_t *cache;
    json_array_foreach(caches, i, cache)
    {
        char size[REPORT_NUMBER];
        const char *type = json_string_value(json_object_get(cache, "type"));
        const double level = json_number_value(json_object_get(cache, "level"));
        const double bytes = json_number_value(json_object_get(cache, "size"));
        if (!type || !(level >= 1 && level <= 9) || !(bytes > 0) || used + 64 > room)
            continue;
        report_binary(size, bytes);
        used +=
            (size_t)snprintf(text + used, room - used, "%sL%d%s %s", used ? ", " : "", (int)level,
                             strcmp(type, "Data") == 0          ? " data"
                             : strcmp(type, "Instruction") == 0 ? " instructions"
                                                                : "",
                             size);
    }
}

static sonic_status load_facts(report_data *report, json_t *context, sonic_error *error)
{
    sonic_status status = SONIC_OK;
    const char *key;
    json_t *value;
    const char *copy = json_string_value(json_object_get(context, "copy"));
    report->processors = json_number_value(json_object_get(context, "num_cpus"));
    report->copy = copy ? strtod(copy, NULL) : 0;
    json_object_foreach(context, key, value)
    {
        char text[512] = "";
        const char *shown = text;
        if (strcmp(key, "caches") == 0)
            cache_text(text, sizeof text, value);
        else if (strcmp(key, "load_avg") == 0 && json_is_number(json_array_get(value, 0))) {
            report->load = json_number_value(json_array_get(value, 0));
            (void)snprintf(text, sizeof text, "%.3g when it began", report->load);
        } else if (json_is_string(value))
            shown = json_string_value(value);
        else if (json_is_boolean(value))
            shown = json_is_true(value) ? "yes" : "no";
        else if (json_is_number(value))
            (void)snprintf(text, sizeof text, "%.10g", json_number_value(value));
        status = add_fact(report, key, shown, error);
        if (status)
            break;
    }
    return status;
}

sonic_status report_parse(report_data *report, const char *path, const char *text, size_t bytes,
                          sonic_error *error)
{
    json_error_t why;
    json_t *root = json_loadb(text, bytes, 0, &why), *list, *one;
    const size_t before = report->benches;
    sonic_status status = SONIC_OK;
    size_t i;
    if (!root)
        return sonic_fail(error, SONIC_E_FORMAT, "%s is not JSON: line %d: %.120s", path, why.line,
                          why.text);
    list = json_object_get(root, "benchmarks");
    if (!json_is_array(list))
        status = sonic_fail(error, SONIC_E_FORMAT,
                            "%s is not of Google Benchmark: it has no array 'benchmarks'", path);
    if (!status && report->facts == 0)
        status = load_facts(report, json_object_get(root, "context"), error);
    if (!status)
        json_array_foreach(list, i, one)
        {
            place at = {path, NULL, i + 1};
            status = load_bench(report, one, &at, error);
            if (status)
                break;
        }
    if (!status && report->benches == before)
        status = sonic_fail(error, SONIC_E_FORMAT,
                            "%s has no benchmarks: did --benchmark_filter select any?", path);
    json_decref(root);
    return status;
}

void report_free(report_data *report)
{
    for (size_t i = 0; i < report->benches; i++) {
        free(report->bench[i].name);
        free(report->bench[i].parts);
        free(report->bench[i].error);
    }
    for (size_t i = 0; i < report->facts; i++) {
        free(report->fact[i].name);
        free(report->fact[i].text);
    }
    for (size_t n = 0; n < report->networks; n++)
        free(report->network[n]);
    free(report->bench);
    free(report->fact);
    *report = (report_data){0};
}
