/* Where time and bytes go, layer by layer. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/report_layers.h"
#include "bench/report_write.h"

enum { WIDTH = 1240, NAMES = 280, TOP = 26, ROW = 20, BAR = 13, NUMBER = 82, NAME_MOST = 36 };

/* A column of the table, and of bars. */
typedef struct column {
    report_field field;
    const char *title;
    void (*text_of)(char *text, double value);
    bool adds;  /* the layers' sum means something */
    bool drawn; /* has bars */
} column;

static const column columns[] = {
    {REPORT_TIME, "time", report_seconds, true, true},
    {REPORT_CPU_SECONDS, "processor time", report_seconds, true, true},
    {REPORT_ONLINE_BYTES, "online bytes", report_bytes, true, true},
    {REPORT_ONLINE_ROUNDS, "rounds", report_count, true, true},
    {REPORT_OFFLINE_BYTES, "offline bytes", report_bytes, true, true},
    {REPORT_SHARE, "share of ceiling", report_percent, false, true},
    {REPORT_RATE, "rate", report_si, false, false},
    {REPORT_ANDS, "AND gates/s", report_si, false, false},
    {REPORT_DEAL_SECONDS, "dealing", report_seconds, true, false},
    {REPORT_OFFLINE_SECONDS, "offline time", report_seconds, true, false},
    {REPORT_SETUP_SECONDS, "setup time", report_seconds, true, false},
    {REPORT_SETUP_BYTES, "setup bytes", report_bytes, true, false},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* What a selection has in a column. */
typedef struct extent {
    bool shown;
    double most, sum;
} extent;

unsigned report_uses(const report_selection *from, size_t i)
{
    const report_bench *layer = &from->report->bench[i];
    if (i < from->from || i >= from->to)
        return 0;
    if (from->network < 0)
        return 1;
    return layer->op_id == from->op_id ? layer->uses[from->network] : 0;
}

/* Whether the layers are those of one network: of a kind's layers a sum says nothing. */
static bool sums(const report_selection *from)
{
    return from->network >= 0 || from->report->networks == 0;
}

/* NAN if the bench has no such number. */
static double value_of(const report_selection *from, size_t i, size_t c)
{
    const double value = from->report->bench[i].value[columns[c].field];
    return columns[c].adds ? value * report_uses(from, i) : value;
}

static void measure(const report_selection *from, extent extents[COLUMNS])
{
    for (size_t c = 0; c < COLUMNS; c++) {
        extents[c] = (extent){false, columns[c].field == REPORT_SHARE ? 1 : 0, 0};
        for (size_t i = from->from; i < from->to; i++) {
            const double value = value_of(from, i, c);
            if (report_uses(from, i) == 0 || !isfinite(value))
                continue;
            extents[c].shown = true;
            extents[c].sum += value;
            extents[c].most = fmax(extents[c].most, value);
        }
        if (!(extents[c].most > 1e-30))
            extents[c].most = 1;
    }
}

/* What kind of work a layer is, as far as a name tells: the colours of the bars. */
static const char *kind_of(const char *name)
{
    static const struct {
        const char *word, *colour;
    } words[] = {
        {"relu", "t0"}, {"max", "t0"},   {"conv", "t2"},   {"fc", "t2"},   {"gemm", "t2"},
        {"lin", "t2"},  {"dense", "t2"}, {"matmul", "t2"}, {"pool", "t3"}, {"add", "t3"},
    };
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        if (strstr(name, words[w].word))
            return words[w].colour;
    return "other";
}

static const char *colour_of(const report_bench *layer)
{
    const char *own = kind_of(layer->shape);
    return strcmp(own, "other") == 0 ? kind_of(layer->group) : own;
}

/* "conv/64x56x56-256-1x1 ×4" of a network, the shape alone of a kind. */
static void label(FILE *out, const report_selection *from, size_t i, size_t most)
{
    const report_bench *layer = &from->report->bench[i];
    if (from->network >= 0) {
        report_text(out, layer->group, most);
        fputs(" ", out);
    }
    report_text(out, *layer->shape ? layer->shape : layer->name, most);
    if (report_uses(from, i) > 1)
        fprintf(out, " ×%u", report_uses(from, i));
}

void report_layer_totals(FILE *out, const report_selection *from)
{
    extent extents[COLUMNS];
    char text[REPORT_NUMBER];
    unsigned long layers = 0;
    measure(from, extents);
    for (size_t i = from->from; i < from->to; i++)
        layers += report_uses(from, i);
    fprintf(out, ": %lu layer%s", layers, layers == 1 ? "" : "s");
    for (size_t c = 0; c < COLUMNS; c++)
        if (sums(from) && extents[c].shown && columns[c].adds && columns[c].drawn) {
            columns[c].text_of(text, extents[c].sum);
            fprintf(out, ", %s %s", columns[c].title, text);
        }
}

/* Where the time goes: a stretch a layer. */
static void stack(FILE *out, const report_selection *from, double sum)
{
    char time[REPORT_NUMBER], part[REPORT_NUMBER];
    double x = 0;
    fprintf(out,
            "<figure><svg role=\"img\" viewBox=\"0 0 %d 30\" aria-label=\"the layers' parts of the "
            "time; the table has their times\">\n",
            WIDTH);
    for (size_t i = from->from; i < from->to; i++) {
        const double value = value_of(from, i, 0), width = WIDTH * (value / sum);
        if (report_uses(from, i) == 0 || !(width > 0))
            continue;
        report_seconds(time, value);
        report_percent(part, value / sum);
        fprintf(out,
                "<rect class=\"point %s\" x=\"%.2f\" y=\"2\" width=\"%.2f\" height=\"26\"><title>",
                colour_of(&from->report->bench[i]), x, width);
        label(out, from, i, 0);
        fprintf(out, ": %s, %s of the time</title></rect>\n", time, part);
        x += width;
    }
    fputs(
        "</svg><figcaption class=\"key\">Time by layer: <span><i class=\"t2\"></i>convolutions and "
        "products</span><span><i class=\"t0\"></i>comparisons (ReLU, max-pool)</span><span><i "
        "class=\"t3\"></i>sums and averages</span><span><i class=\"other\"></i>other</span>"
        "</figcaption></figure>\n",
        out);
}

static void bars(FILE *out, const report_selection *from, size_t i, const extent extents[COLUMNS],
                 double width, int y)
{
    double x = NAMES + 12;
    for (size_t c = 0; c < COLUMNS; c++) {
        char text[REPORT_NUMBER];
        const double value = value_of(from, i, c);
        if (!extents[c].shown || !columns[c].drawn)
            continue;
        if (isfinite(value)) {
            columns[c].text_of(text, value);
            fprintf(out,
                    "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>"
                    "<text class=\"number\" x=\"%.1f\" y=\"%d\">%s</text>",
                    colour_of(&from->report->bench[i]), x, y - BAR / 2,
                    (width - NUMBER) * (value / extents[c].most), BAR, x + width - 14, y + 4, text);
        }
        x += width;
    }
}

static void titles(FILE *out, const extent extents[COLUMNS], double width, int height)
{
    double x = NAMES + 12;
    for (size_t c = 0; c < COLUMNS; c++)
        if (extents[c].shown && columns[c].drawn) {
            fprintf(out,
                    "<text class=\"note\" x=\"%.1f\" y=\"11\">%s</text><path class=\"grid\" "
                    "d=\"M%.1f 18V%d\"/>",
                    x, columns[c].title, x, height);
            x += width;
        }
    fputc('\n', out);
}

void report_layer_charts(FILE *out, const report_selection *from)
{
    extent extents[COLUMNS];
    int height = TOP, y = TOP + ROW / 2;
    unsigned shown = 0;
    measure(from, extents);
    for (size_t i = from->from; i < from->to; i++)
        height += report_uses(from, i) ? ROW : 0;
    for (size_t c = 0; c < COLUMNS; c++)
        shown += extents[c].shown && columns[c].drawn;
    const double width = (double)(WIDTH - NAMES - 12) / (shown ? shown : 1);
    if (sums(from) && isfinite(extents[0].sum) && extents[0].sum > 1e-30)
        stack(out, from, extents[0].sum);
    fprintf(out,
            "<figure><svg role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"time, bytes, rounds and "
            "shares layer by layer; the table has the same numbers\">\n",
            WIDTH, height);
    titles(out, extents, width, height);
    for (size_t i = from->from; i < from->to; i++) {
        if (report_uses(from, i) == 0)
            continue;
        fputs("<g class=\"bar\"><title>", out);
        report_text(out, from->report->bench[i].name, 0);
        fprintf(out,
                "</title><rect class=\"hit\" x=\"0\" y=\"%d\" width=\"%d\" height=\"%d\"/><text "
                "class=\"name\" x=\"%d\" y=\"%d\">",
                y - ROW / 2, WIDTH, ROW, NAMES, y + 4);
        label(out, from, i, NAME_MOST);
        fputs("</text>", out);
        bars(out, from, i, extents, width, y);
        fputs("</g>\n", out);
        y += ROW;
    }
    fputs("</svg></figure>\n", out);
}

static void row(FILE *out, const report_selection *from, size_t i, const extent extents[COLUMNS])
{
    char text[REPORT_NUMBER];
    fputs("<tr><th scope=\"row\">", out);
    label(out, from, i, 0);
    fputs("</th>", out);
    for (size_t c = 0; c < COLUMNS; c++) {
        if (!extents[c].shown)
            continue;
        columns[c].text_of(text, value_of(from, i, c));
        if (columns[c].field == REPORT_RATE && *from->report->bench[i].unit) {
            fprintf(out, "<td>%s ", text);
            report_text(out, from->report->bench[i].unit, 0);
            fputs("/s</td>", out);
        } else
            report_cell(out, text);
    }
    fputs("</tr>\n", out);
}

static void sum_row(FILE *out, const extent extents[COLUMNS])
{
    char text[REPORT_NUMBER];
    fputs("<tfoot>\n<tr><th scope=\"row\">sum</th>", out);
    for (size_t c = 0; c < COLUMNS; c++)
        if (extents[c].shown) {
            columns[c].text_of(text, columns[c].adds ? extents[c].sum : NAN);
            report_cell(out, columns[c].adds ? text : "");
        }
    fputs("</tr></tfoot>", out);
}

void report_layer_table(FILE *out, const report_selection *from)
{
    extent extents[COLUMNS];
    measure(from, extents);
    fputs("<details><summary>All numbers as a table</summary><div "
          "class=\"scroll\"><table><thead><tr>",
          out);
    report_head(out, "layer");
    for (size_t c = 0; c < COLUMNS; c++)
        if (extents[c].shown)
            report_head(out, columns[c].title);
    fputs("</tr></thead><tbody>\n", out);
    for (size_t i = from->from; i < from->to; i++)
        if (report_uses(from, i) > 0)
            row(out, from, i, extents);
    fputs("</tbody>", out);
    if (sums(from))
        sum_row(out, extents);
    fputs("</table></div></details>\n", out);
}
