/* The kernels: rates and shares of the ceiling, by shape and tier. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/report_sections.h"
#include "bench/report_write.h"

/* Coordinates of a chart: names, bars of rates, rates, bars of shares, shares. */
enum {
    WIDTH = 720,
    NAMES = 172,
    BARS = 180,
    BARS_WIDTH = 250,
    RATES = 492,
    SHARES = 510,
    SHARES_WIDTH = 152,
    PERCENTS = 712,
    TOP = 22,
    HEADING = 26,
    ROW = 20,
    BAR = 13,
    NAME_MOST = 28,
    SHAPE_MOST = 60,
    RIVALS = 4
};

typedef struct scales {
    double rate, share; /* what the ends of the axes stand for */
} scales;

size_t report_op_end(const report_data *report, size_t i)
{
    do
        i++;
    while (!report_new_op(report, i));
    return i;
}

double report_ahead(const report_data *report, size_t i)
{
    const report_bench *one = &report->bench[i];
    double best = 0;
    size_t at = i;
    /* Measured right beside it, against those that have the same instructions. */
    if (one->kind != REPORT_KERNEL || isfinite(one->value[REPORT_TIMES]))
        return one->value[REPORT_TIMES];
    while (!report_new_shape(report, at))
        at--;
    do {
        const report_bench *rival = &report->bench[at++];
        if (rival->kind == REPORT_COMPETITOR && isfinite(rival->value[REPORT_RATE]))
            best = fmax(best, rival->value[REPORT_RATE]);
    } while (!report_new_shape(report, at));
    return best > 0 ? one->value[REPORT_RATE] / best : NAN;
}

void report_op_title(FILE *out, const report_data *report, size_t i)
{
    report_text(out, report->bench[i].op, 0);
    if (i > 0 && !report_new_group(report, i) &&
        strcmp(report->bench[i - 1].op, report->bench[i].op) == 0) {
        fputs(" (", out);
        report_text(out, *report->bench[i].unit ? report->bench[i].unit : "no rate", 0);
        fputs(")", out);
    }
}

size_t report_fastest(const report_data *report, size_t i)
{
    size_t best = report->benches;
    do {
        const report_bench *one = &report->bench[i];
        if (one->kind == REPORT_KERNEL && isfinite(one->value[REPORT_RATE]) &&
            (best == report->benches ||
             one->value[REPORT_RATE] > report->bench[best].value[REPORT_RATE]))
            best = i;
        i++;
    } while (!report_new_shape(report, i));
    return best;
}

/* "avx2: 10.2 G multiply-adds a second, 96% of ..." for those who point at a bar. */
static void hover(FILE *out, const report_bench *one)
{
    char text[REPORT_NUMBER];
    fputs("<title>", out);
    report_text(out, one->name, 0);
    report_rate(text, one, one->value[REPORT_RATE]);
    fprintf(out, ": %s ", text);
    report_text(out, report_unit(one->unit), 0);
    fputs(" a second", out);
    if (isfinite(one->value[REPORT_SHARE])) {
        report_percent(text, one->value[REPORT_SHARE]);
        fprintf(out, ", %s of the ceiling", text);
        report_rate(text, one, one->value[REPORT_CEILING]);
        fprintf(out, " (%s)", text);
    }
    fputs("</title>", out);
}

static void whisker(FILE *out, double low, double high, int y)
{
    if (isfinite(low) && isfinite(high) && high - low >= 1)
        fprintf(out, "<path class=\"spread\" d=\"M%.1f %dH%.1fM%.1f %dv6M%.1f %dv6\"/>", low, y,
                high, low, y - 3, high, y - 3);
}

/* One bench's line of the chart, y its middle. */
static void bar(FILE *out, const report_bench *one, const scales *to, int y)
{
    char text[REPORT_NUMBER];
    const double per = BARS_WIDTH / to->rate, rate = one->value[REPORT_RATE];
    const double share = one->value[REPORT_SHARE], ceiling = one->value[REPORT_CEILING];
    fputs("<g class=\"bar\">", out);
    hover(out, one);
    fprintf(out, "<rect class=\"hit\" x=\"0\" y=\"%d\" width=\"%d\" height=\"%d\"/>", y - ROW / 2,
            WIDTH, ROW);
    fprintf(out, "<text class=\"name\" x=\"%d\" y=\"%d\">", NAMES, y + 4);
    report_text(out, *one->variant ? one->variant : one->op, NAME_MOST);
    fputs("</text>", out);
    if (isfinite(rate))
        fprintf(out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>",
                report_colour(one), BARS, y - BAR / 2, rate * per, BAR);
    if (one->runs > 1)
        whisker(out, BARS + one->low * per, BARS + one->high * per, y);
    if (isfinite(ceiling))
        fprintf(out, "<path class=\"ceiling\" d=\"M%.1f %dv%d\"/>", BARS + ceiling * per,
                y - ROW / 2, ROW);
    report_rate(text, one, rate);
    fprintf(out, "<text class=\"number\" x=\"%d\" y=\"%d\">%s</text>", RATES, y + 4, text);
    if (isfinite(share)) {
        report_percent(text, share);
        fprintf(out,
                "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>"
                "<text class=\"number\" x=\"%d\" y=\"%d\">%s</text>",
                report_colour(one), SHARES, y - BAR / 2, SHARES_WIDTH * fmin(1, share / to->share),
                BAR, PERCENTS, y + 4, text);
    }
    fputs("</g>\n", out);
}

static scales measure(const report_data *report, size_t from, size_t to, bool *shares)
{
    scales most = {0, 1};
    *shares = false;
    for (size_t i = from; i < to; i++) {
        const double *value = report->bench[i].value;
        most.rate = fmax(most.rate, fmax(value[REPORT_RATE], value[REPORT_CEILING]));
        if (report->bench[i].runs > 1 && isfinite(value[REPORT_RATE]))
            most.rate = fmax(most.rate, report->bench[i].high);
        most.share = fmax(most.share, value[REPORT_SHARE]);
        *shares = *shares || isfinite(value[REPORT_SHARE]);
    }
    if (!(most.rate > 1e-30))
        most.rate = 1;
    most.share = fmin(most.share, 1.25);
    return most;
}

/* Ticks and lines behind the bars. */
static void axes(FILE *out, const report_bench *first, const scales *to, bool shares, int height)
{
    const double step = report_step(to->rate, 6);
    char text[REPORT_NUMBER];
    fprintf(out, "<text class=\"axis\" x=\"%d\" y=\"11\">", NAMES);
    report_text(out, report_unit(first->unit), 16);
    fputs("/s</text>", out);
    for (unsigned tick = 0; tick <= 6 && tick * step <= to->rate; tick++) {
        const double x = BARS + BARS_WIDTH * (tick * step / to->rate);
        report_tick(text, tick * step);
        fprintf(out,
                "<path class=\"grid\" d=\"M%.1f 18V%d\"/><text class=\"tick\" x=\"%.1f\" "
                "y=\"11\">%s</text>",
                x, height, x, text);
    }
    for (unsigned tick = 0; shares && tick <= 2; tick++) {
        const double x = SHARES + SHARES_WIDTH * (0.5 * tick / to->share);
        fprintf(out,
                "<path class=\"%s\" d=\"M%.1f 18V%d\"/><text class=\"tick\" x=\"%.1f\" "
                "y=\"11\">%u%%</text>",
                tick == 2 ? "full" : "grid", x, height, x, 50 * tick);
    }
    fputc('\n', out);
}

/* Of many competitors the chart has the fastest; the table has all. */
static bool drawn(const report_bench *one)
{
    return one->rank < RIVALS;
}

static int chart_height(const report_data *report, size_t from, size_t to)
{
    int height = TOP;
    for (size_t i = from; i < to; i++)
        height +=
            (drawn(&report->bench[i]) ? ROW : 0) + (report_new_shape(report, i) ? HEADING : 0);
    return height;
}

static void chart(FILE *out, const report_data *report, size_t from, size_t to)
{
    const report_bench *first = &report->bench[from];
    const int height = chart_height(report, from, to);
    int y = TOP;
    bool shares;
    const scales most = measure(report, from, to, &shares);
    fprintf(out, "<figure><svg role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"", WIDTH,
            height + 4);
    report_text(out, first->op, 0);
    fputs(": bars of rates and shares of the ceiling; the table has the same numbers\">\n", out);
    axes(out, first, &most, shares, height);
    for (size_t i = from; i < to; i++) {
        if (report_new_shape(report, i)) {
            y += HEADING;
            fprintf(out, "<text class=\"shape\" x=\"0\" y=\"%d\">", y - 6);
            report_text(out, *report->bench[i].shape ? report->bench[i].shape : first->op,
                        SHAPE_MOST);
            fputs("</text>\n", out);
        }
        if (!drawn(&report->bench[i]))
            continue;
        bar(out, &report->bench[i], &most, y + ROW / 2);
        y += ROW;
    }
    fputs("</svg></figure>\n", out);
}

enum { RATE, CEILING, SHARE, SPREAD, TIME, PRODUCT, AHEAD, COLUMNS };

/* A cell of the table; false, and "–", if there is nothing to say. */
static bool cell(char text[REPORT_NUMBER], const report_data *report, size_t i, unsigned column)
{
    const report_bench *one = &report->bench[i];
    const double *value = one->value;
    double shown = NAN;
    switch (column) {
    case RATE:
        report_rate(text, one, shown = value[REPORT_RATE]);
        break;
    case CEILING:
        report_rate(text, one, shown = value[REPORT_CEILING]);
        break;
    case SHARE:
        report_percent(text, shown = value[REPORT_SHARE]);
        break;
    case SPREAD:
        shown = isfinite(one->cv) ? one->cv
                : one->runs > 1   ? (one->high - one->low) / (one->high + one->low)
                                  : NAN;
        report_percent(text, shown);
        break;
    case TIME:
        report_seconds(text, shown = value[REPORT_TIME]);
        break;
    case PRODUCT:
        report_percent(text, shown = value[REPORT_PRODUCT_SHARE]);
        break;
    default:
        report_times(text, shown = report_ahead(report, i));
    }
    return isfinite(shown);
}

static void table(FILE *out, const report_data *report, size_t from, size_t to)
{
    static const char *const heads[] = {"rate", "ceiling",    "share", "spread",
                                        "time", "of product", "ahead"};
    char text[REPORT_NUMBER];
    bool shown[COLUMNS] = {false};
    for (size_t i = from; i < to; i++)
        for (unsigned c = 0; c < COLUMNS; c++)
            shown[c] = cell(text, report, i, c) || shown[c];
    fputs("<table><thead><tr>", out);
    report_head(out, "");
    for (unsigned c = 0; c < COLUMNS; c++)
        if (shown[c])
            report_head(out, heads[c]);
    fputs("</tr></thead>\n", out);
    for (size_t i = from; i < to; i++) {
        const report_bench *one = &report->bench[i];
        if (report_new_shape(report, i)) {
            fputs("<tbody><tr><th class=\"shape\" colspan=\"8\" scope=\"rowgroup\">", out);
            report_text(out, *one->shape ? one->shape : one->op, 0);
            fputs("</th></tr>\n", out);
        }
        fprintf(out, "<tr><th scope=\"row\"><i class=\"%s\"></i>", report_colour(one));
        report_text(out, *one->variant ? one->variant : one->op, 0);
        fputs("</th>", out);
        for (unsigned c = 0; c < COLUMNS; c++)
            if (shown[c]) {
                (void)cell(text, report, i, c);
                report_cell(out, text);
            }
        fprintf(out, "</tr>\n%s", report_new_shape(report, i + 1) ? "</tbody>\n" : "");
    }
    fputs("</table>\n", out);
}

static bool rated(const report_data *report, size_t from, size_t to)
{
    while (from < to && !isfinite(report->bench[from].value[REPORT_RATE]))
        from++;
    return from < to;
}

void report_kernels(FILE *out, const report_data *report)
{
    for (size_t i = 0, end; i < report->benches && report->bench[i].kind != REPORT_LAYER; i = end) {
        const report_bench *first = &report->bench[i];
        end = report_op_end(report, i);
        if (report_new_group(report, i)) {
            fprintf(out, "%s<section id=\"g%zu\"><h2>", i ? "</section>\n" : "", first->group_id);
            report_text(out, first->group, 0);
            fputs("</h2>\n", out);
        }
        fputs("<h3>", out);
        report_op_title(out, report, i);
        fputs("</h3>\n<div class=\"pair\">", out);
        if (rated(report, i, end))
            chart(out, report, i, end);
        fprintf(out, "<div class=\"scroll fit\" style=\"--fit:%dpx\">",
                chart_height(report, i, end) + 2 * ROW);
        table(out, report, i, end);
        fputs("</div></div>\n", out);
        if (end == report->benches || report->bench[end].kind == REPORT_LAYER)
            fputs("</section>\n", out);
    }
}
