/* From runs in the order of the files to benches in the order of the page. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report.h"
#include "dispatch/error.h"

/* What decides which of several runs is the middle one. */
static double primary(const report_bench *bench)
{
    return isfinite(bench->value[REPORT_RATE]) ? bench->value[REPORT_RATE]
                                               : bench->value[REPORT_TIME];
}

/* Runs of one name together: the plain ones first, by speed. */
static int by_name(const void *left, const void *right)
{
    const report_bench *a = left, *b = right;
    const int names = strcmp(a->name, b->name);
    if (names != 0)
        return names;
    if (a->run != b->run)
        return a->run < b->run ? -1 : 1;
    const double x = primary(a), y = primary(b);
    if (isfinite(x) && isfinite(y) && x < y)
        return -1;
    if (isfinite(x) && isfinite(y) && x > y)
        return 1;
    if (isfinite(x) != isfinite(y))
        return isfinite(x) ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

/* Puts what entries 0 ... n - 1 of one name say into the one that is kept, and frees the others;
 * false if none can be shown. */
static bool join_runs(report_bench *kept, report_bench *bench, size_t n)
{
    size_t runs = 0, measured = 0, chosen = 0, first = bench[0].index;
    double cv = NAN;
    for (size_t i = 0; i < n; i++) {
        runs += bench[i].run == REPORT_RUN;
        measured += bench[i].run == REPORT_RUN && isfinite(primary(&bench[i]));
        if (bench[i].index < first)
            first = bench[i].index;
    }
    if (measured > 0)
        chosen = (measured - 1) / 2;
    for (size_t i = runs; i < n; i++)
        if (bench[i].run == REPORT_MEDIAN)
            chosen = i;
        else
            cv = primary(&bench[i]);
    report_bench middle = bench[chosen];
    middle.low = measured > 0 ? primary(&bench[0]) : NAN;
    middle.high = measured > 0 ? primary(&bench[measured - 1]) : NAN;
    middle.cv = cv;
    middle.runs = runs;
    middle.index = first;
    for (size_t i = 0; i < n; i++)
        if (i != chosen) {
            free(bench[i].name);
            free(bench[i].error);
        }
    *kept = middle;
    if (middle.run != REPORT_CV)
        return true;
    free(middle.name);
    free(middle.error);
    return false;
}

static void join_all(report_data *report)
{
    size_t kept = 0;
    qsort(report->bench, report->benches, sizeof *report->bench, by_name);
    for (size_t i = 0, n; i < report->benches; i += n) {
        n = 1;
        while (i + n < report->benches &&
               strcmp(report->bench[i].name, report->bench[i + n].name) == 0)
            n++;
        kept += join_runs(&report->bench[kept], &report->bench[i], n);
    }
    report->benches = kept;
}

static int by_appearance(const void *left, const void *right)
{
    const report_bench *a = left, *b = right;
    return (a->index > b->index) - (a->index < b->index);
}

static int by_section(const void *left, const void *right)
{
    const report_bench *a = left, *b = right;
    const size_t x[] = {a->kind == REPORT_LAYER, a->group_id, a->op_id,
                        a->kind == REPORT_LAYER ? 0 : a->shape_id, a->kind == REPORT_COMPETITOR};
    const size_t y[] = {b->kind == REPORT_LAYER, b->group_id, b->op_id,
                        b->kind == REPORT_LAYER ? 0 : b->shape_id, b->kind == REPORT_COMPETITOR};
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    if (a->kind == REPORT_COMPETITOR && a->value[REPORT_RATE] > b->value[REPORT_RATE])
        return -1;
    if (a->kind == REPORT_COMPETITOR && a->value[REPORT_RATE] < b->value[REPORT_RATE])
        return 1;
    return by_appearance(left, right);
}

/* A competitor belongs to the primitive whose operation it has. */
static void adopt(report_data *report)
{
    for (size_t i = 0; i < report->benches; i++) {
        report_bench *one = &report->bench[i];
        for (size_t j = 0; j < report->benches && one->kind == REPORT_COMPETITOR; j++)
            if (report->bench[j].kind == REPORT_KERNEL &&
                strcmp(report->bench[j].op, one->op) == 0) {
                one->group = report->bench[j].group;
                break;
            }
        if (one->kind == REPORT_COMPETITOR && !*one->group)
            one->group = "competitor";
    }
}

/* Numbers each string by the first bench that has it.  Of kernels, an operation in another unit is
 * another operation: its rates are on another scale. */
static void number(report_data *report, size_t i)
{
    report_bench *one = &report->bench[i];
    one->group_id = one->op_id = one->shape_id = i;
    for (size_t j = i; j-- > 0;) {
        const report_bench *other = &report->bench[j];
        if (strcmp(other->group, one->group) == 0)
            one->group_id = other->group_id;
        if (strcmp(other->op, one->op) == 0 &&
            (one->kind == REPORT_LAYER || strcmp(other->unit, one->unit) == 0))
            one->op_id = other->op_id;
        if (strcmp(other->shape, one->shape) == 0)
            one->shape_id = other->shape_id;
    }
}

/* Numbers the competitors of each shape, and gives them the intensity of the kernels before them.
 */
static void rank(report_data *report)
{
    for (size_t i = 1; i < report->benches; i++) {
        const report_bench *before = &report->bench[i - 1];
        report_bench *one = &report->bench[i];
        if (one->kind != REPORT_COMPETITOR || report_new_shape(report, i))
            continue;
        one->rank = before->kind == REPORT_COMPETITOR ? before->rank + 1 : 0;
        if (!isfinite(one->value[REPORT_INTENSITY]))
            one->value[REPORT_INTENSITY] = before->value[REPORT_INTENSITY];
    }
}

sonic_status report_arrange(report_data *report, sonic_error *error)
{
    sonic_status status = SONIC_OK;
    join_all(report);
    if (report->benches == 0)
        return sonic_fail(error, SONIC_E_FORMAT,
                          "there are neither runs nor medians of benchmarks to show");
    if (report->benches > REPORT_BENCHES_MAX)
        return sonic_fail(error, SONIC_E_FORMAT, "there are %zu benchmarks to show, more than %d",
                          report->benches, REPORT_BENCHES_MAX);
    qsort(report->bench, report->benches, sizeof *report->bench, by_appearance);
    for (size_t i = 0; i < report->benches && !status; i++)
        status = report_name(&report->bench[i], error);
    if (status)
        return status;
    adopt(report);
    for (size_t i = 0; i < report->benches; i++)
        number(report, i);
    qsort(report->bench, report->benches, sizeof *report->bench, by_section);
    rank(report);
    return SONIC_OK;
}

/* The floor on which benches i - 1 and i part: 1 group, 2 operation, 3 shape; 4 none. */
static unsigned parting(const report_data *report, size_t i)
{
    if (i == 0 || i >= report->benches)
        return 1;
    const report_bench *a = &report->bench[i - 1], *b = &report->bench[i];
    if (a->group_id != b->group_id || (a->kind == REPORT_LAYER) != (b->kind == REPORT_LAYER))
        return 1;
    return a->op_id != b->op_id ? 2 : a->shape_id != b->shape_id ? 3 : 4;
}

bool report_new_group(const report_data *report, size_t i)
{
    return parting(report, i) <= 1;
}

bool report_new_op(const report_data *report, size_t i)
{
    return parting(report, i) <= 2;
}

bool report_new_shape(const report_data *report, size_t i)
{
    return parting(report, i) <= 3;
}
