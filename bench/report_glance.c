/* The summary: every operation's share of its ceiling in one chart. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/report_sections.h"
#include "bench/report_write.h"
#include "dispatch/kernels.h"

enum { WIDTH = 720, NAMES = 190, DOTS = 200, DOTS_WIDTH = 500, TOP = 20, ROW = 20, NAME_MOST = 30 };

/* What the fastest tier does at the shapes of one operation. */
typedef struct summary {
    size_t shapes;
    double low, high;   /* share */
    double least, most; /* times the best competitor */
} summary;

static summary summarise(const report_data *report, size_t from, size_t to)
{
    summary sum = {0, NAN, NAN, NAN, NAN};
    for (size_t i = from; i < to; i++) {
        const size_t best = report_new_shape(report, i) ? report_fastest(report, i) : to;
        if (best >= to)
            continue;
        const double share = report->bench[best].value[REPORT_SHARE];
        const double times = report_ahead(report, best);
        sum.shapes++;
        sum.low = fmin(sum.low, share); /* of a number and a NAN the number */
        sum.high = fmax(sum.high, share);
        sum.least = fmin(sum.least, times);
        sum.most = fmax(sum.most, times);
    }
    return sum;
}

static void dots(FILE *out, const report_data *report, size_t from, size_t to, int y)
{
    char text[REPORT_NUMBER];
    for (size_t i = from; i < to; i++) {
        const size_t best = report_new_shape(report, i) ? report_fastest(report, i) : to;
        const report_bench *one = &report->bench[best < to ? best : i];
        if (best >= to || !isfinite(one->value[REPORT_SHARE]))
            continue;
        report_percent(text, one->value[REPORT_SHARE]);
        fprintf(out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%d\" r=\"5\"><title>",
                report_colour(one), DOTS + DOTS_WIDTH * fmin(one->value[REPORT_SHARE], 1.2) / 1.2,
                y);
        report_text(out, one->name, 0);
        fprintf(out, ": %s of the ceiling</title></circle>", text);
    }
}

static void line(FILE *out, const report_data *report, size_t from, size_t to, int y)
{
    const report_bench *first = &report->bench[from];
    fprintf(out, "<path class=\"grid\" d=\"M%d %dh%d\"/><text class=\"name\" x=\"%d\" y=\"%d\">",
            DOTS, y, DOTS_WIDTH, NAMES, y + 4);
    report_text(out, first->group, NAME_MOST / 2);
    fputs(" ", out);
    report_op_title(out, report, from);
    fputs("</text>", out);
    dots(out, report, from, to, y);
    fputc('\n', out);
}

static void range(FILE *out, double low, double high, void text_of(char *text, double value))
{
    char a[REPORT_NUMBER], b[REPORT_NUMBER];
    text_of(a, low);
    text_of(b, high);
    if (strcmp(a, b) != 0)
        fprintf(out, "<td>%s to %s</td>", a, b);
    else
        fprintf(out, "<td>%s</td>", a);
}

static void row(FILE *out, const report_data *report, size_t from, const summary *sum)
{
    fputs("<tr><th scope=\"row\">", out);
    report_text(out, report->bench[from].group, 0);
    fputs(" ", out);
    report_op_title(out, report, from);
    fprintf(out, "</th><td>%zu</td>", sum->shapes);
    range(out, sum->low, sum->high, report_percent);
    range(out, sum->least, sum->most, report_times);
    fputs("</tr>\n", out);
}

static void ticks(FILE *out, int height)
{
    for (unsigned percent = 0; percent <= 120; percent += 20) {
        const double x = DOTS + DOTS_WIDTH * (percent / 120.0);
        fprintf(out,
                "<path class=\"%s\" d=\"M%.1f 16V%d\"/><text class=\"tick\" x=\"%.1f\" "
                "y=\"11\">%u%%</text>",
                percent == 100 ? "full" : "grid", x, height, x, percent);
    }
    fputc('\n', out);
}

/* The colours of the tiers in the report. */
static void legend(FILE *out, const report_data *report)
{
    bool rivals = false;
    fputs("<p class=\"key\">", out);
    for (unsigned t = 0; t < SONIC_TIERS; t++)
        for (size_t i = 0; i < report->benches; i++)
            if (report->bench[i].tier == (int)t) {
                fprintf(out, "<span><i class=\"%s\"></i>", report_colour(&report->bench[i]));
                report_text(out, sonic_tier_name((sonic_tier)t), 0);
                fputs("</span>", out);
                break;
            }
    for (size_t i = 0; i < report->benches; i++)
        rivals = rivals || report->bench[i].kind == REPORT_COMPETITOR;
    fprintf(out, "%s</p>\n", rivals ? "<span><i class=\"rival\"></i>competitors</span>" : "");
}

void report_glance(FILE *out, const report_data *report)
{
    size_t ops = 0;
    for (size_t i = 0; i < report->benches && report->bench[i].kind != REPORT_LAYER; i++)
        if (report_new_op(report, i))
            ops += summarise(report, i, report_op_end(report, i)).shapes > 0;
    if (ops == 0)
        return;
    const int height = TOP + ROW * (int)ops;
    fputs("<section id=\"glance\"><h2>At a glance</h2>\n<p>What the fastest tier of each operation "
          "reaches of its ceiling: a dot a shape.</p>\n",
          out);
    legend(out, report);
    fprintf(out,
            "<div class=\"pair\"><figure><svg role=\"img\" viewBox=\"0 0 %d %d\" "
            "aria-label=\"shares of the ceiling by operation; "
            "the table has their ranges\">\n",
            WIDTH, height);
    ticks(out, height);
    int y = TOP + ROW / 2;
    for (size_t i = 0, end; i < report->benches && report->bench[i].kind != REPORT_LAYER; i = end) {
        end = report_op_end(report, i);
        if (summarise(report, i, end).shapes == 0)
            continue;
        line(out, report, i, end, y);
        y += ROW;
    }
    fputs("</svg></figure>\n<div class=\"scroll\"><table><thead><tr>", out);
    report_head(out, "operation");
    report_head(out, "shapes");
    report_head(out, "share of the ceiling");
    report_head(out, "times the best competitor");
    fputs("</tr></thead><tbody>\n", out);
    for (size_t i = 0, end; i < report->benches && report->bench[i].kind != REPORT_LAYER; i = end) {
        end = report_op_end(report, i);
        const summary sum = summarise(report, i, end);
        if (sum.shapes > 0)
            row(out, report, i, &sum);
    }
    fputs("</tbody></table></div></div></section>\n", out);
}
