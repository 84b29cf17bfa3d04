/* The secure layers, network by network: where time and bytes go. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/report_sections.h"
#include "bench/report_write.h"

enum { WIDTH = 1240, NAMES = 280, TOP = 26, ROW = 20, BAR = 13, NUMBER = 78, NAME_MOST = 42 };

/* A column of bars, and of the table. */
typedef struct column {
    report_field field;
    const char *title;
    void (*text_of)(char *text, double value);
    bool adds; /* whether the layers' sum means something */
} column;

static const column columns[] = {
    {REPORT_TIME, "time", report_seconds, true},
    {REPORT_CPU_SECONDS, "processor time", report_seconds, true},
    {REPORT_ONLINE_BYTES, "online bytes", report_bytes, true},
    {REPORT_ONLINE_ROUNDS, "rounds", report_count, true},
    {REPORT_OFFLINE_BYTES, "offline bytes", report_bytes, true},
    {REPORT_SETUP_BYTES, "setup bytes", report_bytes, true},
    {REPORT_SHARE, "share of ceiling", report_percent, false},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* What a stretch of benches has in a column. */
typedef struct extent {
    bool shown;
    double most, sum;
} extent;

static void measure(const report_data *report, size_t from, size_t to, extent extents[COLUMNS])
{
    for (size_t c = 0; c < COLUMNS; c++) {
        extents[c] = (extent){false, columns[c].field == REPORT_SHARE ? 1 : 0, 0};
        for (size_t i = from; i < to; i++) {
            const double value = report->bench[i].value[columns[c].field];
            if (!isfinite(value))
                continue;
            extents[c].shown = true;
            extents[c].sum += value;
            extents[c].most = fmax(extents[c].most, value);
        }
        if (!(extents[c].most > 1e-30))
            extents[c].most = 1;
    }
}

/* What kind of work a layer is, as far as its name tells: the colours of the bars. */
static const char *kind_of(const char *layer)
{
    static const struct {
        const char *word, *colour;
    } words[] = {
        {"relu", "t0"}, {"max", "t0"},   {"conv", "t2"},   {"fc", "t2"},   {"gemm", "t2"},
        {"lin", "t2"},  {"dense", "t2"}, {"matmul", "t2"}, {"pool", "t3"}, {"add", "t3"},
    };
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        if (strstr(layer, words[w].word))
            return words[w].colour;
    return "other";
}

static const char *colour_of(const report_bench *layer)
{
    return kind_of(strcmp(kind_of(layer->shape), "other") == 0 ? layer->group : layer->shape);
}

static const char *label(const report_bench *layer)
{
    return *layer->shape ? layer->shape : layer->name;
}

/* Where the time goes: a stretch a layer, in the order of the network. */
static void stack(FILE *out, const report_data *report, size_t from, size_t to, double sum)
{
    char time[REPORT_NUMBER], part[REPORT_NUMBER];
    double x = 0;
    fprintf(out,
            "<figure><svg role=\"img\" viewBox=\"0 0 %d 30\" aria-label=\"the layers' parts of the "
            "time\">\n",
            WIDTH);
    for (size_t i = from; i < to; i++) {
        const double value = report->bench[i].value[REPORT_TIME], width = WIDTH * (value / sum);
        if (!(width > 0))
            continue;
        report_seconds(time, value);
        report_percent(part, value / sum);
        fprintf(out,
                "<rect class=\"point %s\" x=\"%.2f\" y=\"2\" width=\"%.2f\" height=\"26\"><title>",
                colour_of(&report->bench[i]), x, width);
        report_text(out, label(&report->bench[i]), 0);
        fprintf(out, ": %s, %s of the time</title></rect>\n", time, part);
        x += width;
    }
    fputs(
        "</svg><figcaption class=\"key\"><span><i class=\"t2\"></i>convolutions and products</span>"
        "<span><i class=\"t0\"></i>comparisons: ReLU, max-pool</span><span><i class=\"t3\"></i>"
        "sums and averages</span><span><i class=\"other\"></i>other</span></figcaption></figure>\n",
        out);
}

static void bars(FILE *out, const report_bench *layer, const extent extents[COLUMNS], double width,
                 int y)
{
    double x = NAMES + 12;
    for (size_t c = 0; c < COLUMNS; c++) {
        char text[REPORT_NUMBER];
        const double value = layer->value[columns[c].field];
        if (!extents[c].shown)
            continue;
        if (isfinite(value)) {
            columns[c].text_of(text, value);
            fprintf(out,
                    "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>"
                    "<text class=\"number\" x=\"%.1f\" y=\"%d\">%s</text>",
                    colour_of(layer), x, y - BAR / 2, (width - NUMBER) * (value / extents[c].most),
                    BAR, x + width - 14, y + 4, text);
        }
        x += width;
    }
}

static void chart(FILE *out, const report_data *report, size_t from, size_t to,
                  const extent extents[COLUMNS])
{
    const int height = TOP + ROW * (int)(to - from);
    size_t shown = 0;
    int y = TOP + ROW / 2;
    for (size_t c = 0; c < COLUMNS; c++)
        shown += extents[c].shown;
    const double width = (double)(WIDTH - NAMES - 12) / (double)(shown ? shown : 1);
    double x = NAMES + 12;
    fprintf(
        out,
        "<figure><svg role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"time, bytes and shares layer "
        "by layer; the table has the same numbers\">\n",
        WIDTH, height);
    for (size_t c = 0; c < COLUMNS; c++)
        if (extents[c].shown) {
            fprintf(out,
                    "<text class=\"note\" x=\"%.1f\" y=\"11\">%s</text><path class=\"grid\" "
                    "d=\"M%.1f 18V%d\"/>",
                    x, columns[c].title, x, height);
            x += width;
        }
    fputc('\n', out);
    for (size_t i = from; i < to; i++, y += ROW) {
        fprintf(out, "<g class=\"bar\"><title>");
        report_text(out, report->bench[i].name, 0);
        fprintf(out,
                "</title><rect class=\"hit\" x=\"0\" y=\"%d\" width=\"%d\" height=\"%d\"/><text "
                "class=\"name\" x=\"%d\" y=\"%d\">",
                y - ROW / 2, WIDTH, ROW, NAMES, y + 4);
        report_text(out, label(&report->bench[i]), NAME_MOST);
        fputs("</text>", out);
        bars(out, &report->bench[i], extents, width, y);
        fputs("</g>\n", out);
    }
    fputs("</svg></figure>\n", out);
}

static void table(FILE *out, const report_data *report, size_t from, size_t to,
                  const extent extents[COLUMNS])
{
    char text[REPORT_NUMBER];
    fputs("<details><summary>The same as a table</summary><div class=\"scroll\"><table><thead><tr>",
          out);
    report_head(out, "layer");
    for (size_t c = 0; c < COLUMNS; c++)
        if (extents[c].shown)
            report_head(out, columns[c].title);
    fputs("</tr></thead><tbody>\n", out);
    for (size_t i = from; i < to; i++) {
        fputs("<tr><th scope=\"row\">", out);
        report_text(out, label(&report->bench[i]), 0);
        fputs("</th>", out);
        for (size_t c = 0; c < COLUMNS; c++)
            if (extents[c].shown) {
                columns[c].text_of(text, report->bench[i].value[columns[c].field]);
                report_cell(out, text);
            }
        fputs("</tr>\n", out);
    }
    fputs("</tbody><tfoot>\n<tr><th scope=\"row\">sum</th>", out);
    for (size_t c = 0; c < COLUMNS; c++)
        if (extents[c].shown) {
            columns[c].text_of(text, columns[c].adds ? extents[c].sum : NAN);
            report_cell(out, columns[c].adds ? text : "");
        }
    fputs("</tr></tfoot></table></div></details>\n", out);
}

/* "21 layers: time 12.3 ms, online bytes 4.5 MB ..." */
static void totals(FILE *out, size_t layers, const extent extents[COLUMNS])
{
    char text[REPORT_NUMBER];
    const char *before = ": ";
    fprintf(out, "<p class=\"lead\">%zu %s", layers, layers == 1 ? "layer" : "layers together");
    for (size_t c = 0; c < COLUMNS; c++)
        if (extents[c].shown && columns[c].adds) {
            columns[c].text_of(text, extents[c].sum);
            fprintf(out, "%s%s %s", before, columns[c].title, text);
            before = ", ";
        }
    fputs("</p>\n", out);
}

void report_networks(FILE *out, const report_data *report)
{
    size_t i = 0, end;
    while (i < report->benches && report->bench[i].kind != REPORT_LAYER)
        i++;
    for (; i < report->benches; i = end) {
        extent extents[COLUMNS];
        end = report_op_end(report, i);
        if (report_new_group(report, i)) {
            fprintf(out, "<section id=\"n%zu\"><h2>Secure layers: ", report->bench[i].group_id);
            report_text(out, report->bench[i].group, 0);
            fputs("</h2>\n", out);
        }
        if (*report->bench[i].op) {
            fputs("<h3>", out);
            report_text(out, report->bench[i].op, 0);
            fputs("</h3>\n", out);
        }
        measure(report, i, end, extents);
        totals(out, end - i, extents);
        if (extents[0].sum > 1e-30 && isfinite(extents[0].sum))
            stack(out, report, i, end, extents[0].sum);
        chart(out, report, i, end, extents);
        table(out, report, i, end, extents);
        if (report_new_group(report, end))
            fputs("</section>\n", out);
    }
}
