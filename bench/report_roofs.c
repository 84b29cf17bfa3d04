/* Rooflines: rate over operations a byte, both logarithmic, under the arithmetic's and the memory's
 * roof. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/report_sections.h"
#include "bench/report_write.h"
#include "dispatch/kernels.h"

enum { WIDTH = 720, HEIGHT = 440, LEFT = 64, RIGHT = 700, UPPER = 16, LOWER = 396, LINE = 16 };
/* One for benches without a tier. */
enum { FLATS = SONIC_TIERS + 1 };

/* One chart: the benches of a unit and a ring. */
typedef struct roof {
    const char *unit;
    unsigned bits;
    struct {
        double ceiling;
        const char *name;
    } flat[FLATS];                       /* each tier's, the highest first */
    double copy, ceiling;                /* the highest of each */
    double low_x, high_x, low_y, high_y; /* ends of the axes, powers of ten's logarithms */
} roof;

/* "...-2t" is on two threads, under a roof of its own. */
static bool one_thread(const char *shape)
{
    const size_t n = strlen(shape);
    return n < 3 || shape[n - 1] != 't' || shape[n - 2] < '0' || shape[n - 2] > '9' ||
           strcmp(shape + n - 3, "-1t") == 0;
}

/* What is counted in multiply-adds, too, is drawn by them. */
static double rate_of(const report_bench *one)
{
    return isfinite(one->value[REPORT_MADDS]) ? one->value[REPORT_MADDS] : one->value[REPORT_RATE];
}

static const char *unit_of(const report_bench *one)
{
    return isfinite(one->value[REPORT_MADDS]) ? "madds" : one->unit;
}

/* NAN where the ceiling is one of memory. */
static double ceiling_of(const report_bench *one)
{
    return strcmp(unit_of(one), one->unit) == 0 ? one->value[REPORT_CEILING] : NAN;
}

static bool has_point(const report_bench *one)
{
    return one->kind != REPORT_LAYER && one->rank == 0 && one->value[REPORT_INTENSITY] > 1e-12 &&
           one->value[REPORT_INTENSITY] < 1e12 && rate_of(one) > 1e-3 && rate_of(one) < 1e18 &&
           one_thread(one->shape);
}

static bool belongs(const report_bench *one, const roof *to)
{
    return has_point(one) && one->bits == to->bits && strcmp(unit_of(one), to->unit) == 0;
}

/* What the roofs allow at an intensity. */
static double limit(const roof *under, double intensity, double ceiling)
{
    return fmin(ceiling, under->copy * intensity);
}

static double x_of(const roof *in, double intensity)
{
    return LEFT + (RIGHT - LEFT) * (log10(intensity) - in->low_x) / (in->high_x - in->low_x);
}

static double y_of(const roof *in, double rate)
{
    return LOWER - (LOWER - UPPER) * (log10(rate) - in->low_y) / (in->high_y - in->low_y);
}

static void raise_flat(roof *made, const report_bench *one)
{
    const unsigned t = (unsigned)(one->tier + 1);
    if (one->kind == REPORT_KERNEL && ceiling_of(one) > made->flat[t].ceiling) {
        made->flat[t].ceiling = ceiling_of(one);
        made->flat[t].name = one->variant;
    }
}

static void sort_flats(roof *made)
{
    for (unsigned i = 1; i < FLATS; i++)
        for (unsigned j = i; j > 0 && made->flat[j].ceiling > made->flat[j - 1].ceiling; j--) {
            const roof old = *made;
            made->flat[j] = old.flat[j - 1];
            made->flat[j - 1] = old.flat[j];
        }
}

static bool measure(roof *made, const report_data *report)
{
    double least_x = INFINITY, most_x = 0, least_y = INFINITY, most_y = 0;
    for (size_t i = 0; i < report->benches; i++) {
        const double *value = report->bench[i].value;
        if (!belongs(&report->bench[i], made))
            continue;
        raise_flat(made, &report->bench[i]);
        made->copy = fmax(made->copy, value[REPORT_COPY]);
        made->ceiling = fmax(made->ceiling, ceiling_of(&report->bench[i]));
        least_x = fmin(least_x, value[REPORT_INTENSITY]);
        most_x = fmax(most_x, value[REPORT_INTENSITY]);
        least_y = fmin(least_y, rate_of(&report->bench[i]));
        most_y = fmax(most_y, rate_of(&report->bench[i]));
    }
    if (!(made->copy > 0))
        made->copy = report->copy;
    if (!(made->copy > 1e-3 && made->copy < 1e18 && made->ceiling > 1e-3 && made->ceiling < 1e18))
        return false;
    sort_flats(made);
    const double ridge = made->ceiling / made->copy;
    made->low_x = floor(log10(fmin(least_x, ridge)) * 2) / 2;
    made->high_x = ceil(log10(fmax(most_x, ridge) * 1.2) * 2) / 2;
    made->low_y = floor(log10(least_y) * 2) / 2;
    made->high_y = ceil(log10(fmax(most_y, made->ceiling) * 1.1) * 2) / 2;
    return true;
}

/* Lines at 1, 2 and 5 times the powers of ten. */
static void axes(FILE *out, const roof *in)
{
    static const double within[] = {1, 2, 5};
    char text[REPORT_NUMBER];
    for (int power = (int)in->low_x - 1; power <= (int)in->high_x; power++)
        for (size_t w = 0; w < 3; w++) {
            const double value = within[w] * pow(10, power), x = x_of(in, value);
            if (x < LEFT - 0.1 || x > RIGHT + 0.1)
                continue;
            report_tick(text, value);
            fprintf(out,
                    "<path class=\"grid\" d=\"M%.1f %dV%d\"/><text class=\"tick\" x=\"%.1f\" "
                    "y=\"%d\">%s</text>",
                    x, UPPER, LOWER, x, LOWER + 16, text);
        }
    for (int power = (int)in->low_y - 1; power <= (int)in->high_y; power++)
        for (size_t w = 0; w < 3; w++) {
            const double value = within[w] * pow(10, power), y = y_of(in, value);
            if (y < UPPER - 0.1 || y > LOWER + 0.1)
                continue;
            report_tick(text, value);
            fprintf(out,
                    "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"axis\" x=\"%d\" "
                    "y=\"%.1f\">%s</text>",
                    LEFT, y, RIGHT, LEFT - 6, y + 4, text);
        }
    fprintf(out, "<text class=\"tick\" x=\"%d\" y=\"%d\">", (LEFT + RIGHT) / 2, HEIGHT - 8);
    report_text(out, report_unit(in->unit), 40);
    fputs(" a byte of operands and results</text>\n", out);
}

/* Writes the names of the tiers whose roofs are not told apart in the drawing, from the t-th on. */
static void flat_roof(FILE *out, const roof *in, unsigned t)
{
    char text[REPORT_NUMBER];
    const double y = y_of(in, in->flat[t].ceiling);
    report_si(text, in->flat[t].ceiling);
    fprintf(out,
            "<path class=\"roof\" d=\"M%.1f %.1fH%d\"/><text class=\"note end\" x=\"%d\" "
            "y=\"%.1f\">",
            x_of(in, in->flat[t].ceiling / in->copy), y, RIGHT, RIGHT, y - 5);
    report_text(out, in->flat[t].name, 12);
    for (t++; t < FLATS && y_of(in, in->flat[t].ceiling) - y < LINE; t++) {
        fputs(", ", out);
        report_text(out, in->flat[t].name, 12);
    }
    fprintf(out, " %s</text>\n", text);
}

/* The slanted roof up to the highest ceiling, and a flat one a tier. */
static void roofs(FILE *out, const roof *in)
{
    char text[REPORT_NUMBER];
    const double left = pow(10, in->low_x), floor_x = pow(10, in->low_y) / in->copy;
    const double start = fmax(left, floor_x), ridge = in->ceiling / in->copy;
    report_bytes(text, in->copy);
    fprintf(out,
            "<path class=\"roof\" d=\"M%.1f %.1fL%.1f %.1f\"><title>copying: %s/s</title></path>\n",
            x_of(in, start), y_of(in, start * in->copy), x_of(in, ridge), y_of(in, in->ceiling),
            text);
    double above = -LINE;
    for (unsigned t = 0; t < FLATS && in->flat[t].ceiling > pow(10, in->low_y); t++)
        if (y_of(in, in->flat[t].ceiling) - above >= LINE) {
            above = y_of(in, in->flat[t].ceiling);
            flat_roof(out, in, t);
        }
}

/* Circles for products, squares for convolutions, diamonds for the rest. */
static void point(FILE *out, const roof *in, const report_bench *one)
{
    char rate[REPORT_NUMBER];
    const double x = x_of(in, one->value[REPORT_INTENSITY]), y = y_of(in, rate_of(one));
    if (strncmp(one->op, "matmul", 6) == 0)
        fprintf(out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"5.5\">", report_colour(one),
                x, y);
    else if (strncmp(one->op, "conv", 4) == 0)
        fprintf(out, "<path class=\"point %s\" d=\"M%.1f %.1fh10v10h-10z\">", report_colour(one),
                x - 5, y - 5);
    else
        fprintf(out, "<path class=\"point %s\" d=\"M%.1f %.1fl6 6l-6 6l-6 -6z\">",
                report_colour(one), x, y - 6);
    report_si(rate, rate_of(one));
    fputs("<title>", out);
    report_text(out, one->name, 0);
    fprintf(out, ": %s/s at %.3g a byte</title>%s\n", rate, one->value[REPORT_INTENSITY],
            strncmp(one->op, "matmul", 6) == 0 ? "</circle>" : "</path>");
}

static void chart(FILE *out, const report_data *report, const roof *in)
{
    fprintf(
        out,
        "<figure><svg role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"roofline; the table has the "
        "points\">\n",
        WIDTH, HEIGHT);
    axes(out, in);
    roofs(out, in);
    for (size_t i = 0; i < report->benches; i++)
        if (belongs(&report->bench[i], in))
            point(out, in, &report->bench[i]);
    fputs("</svg><figcaption>Circles are products, squares convolutions, grey ones the fastest "
          "competitor's. The slanted roof is "
          "copying, "
          "the flat ones are each tier's arithmetic.</figcaption></figure>\n",
          out);
}

static void table(FILE *out, const report_data *report, const roof *in)
{
    char text[REPORT_NUMBER];
    fputs("<div class=\"scroll fit\" style=\"--fit:470px\"><table><thead><tr>", out);
    report_head(out, "point");
    report_head(out, "a byte");
    report_head(out, "rate");
    report_head(out, "of its roof");
    fputs("</tr></thead><tbody>\n", out);
    for (size_t i = 0; i < report->benches; i++) {
        const report_bench *one = &report->bench[i];
        const double *value = one->value;
        if (!belongs(one, in))
            continue;
        fprintf(out, "<tr><th scope=\"row\"><i class=\"%s\"></i>", report_colour(one));
        report_text(out, one->name, 0);
        fputs("</th>", out);
        report_si(text, value[REPORT_INTENSITY]);
        report_cell(out, text);
        report_si(text, rate_of(one));
        report_cell(out, text);
        const double ceiling = ceiling_of(one) > 0 ? ceiling_of(one) : in->ceiling;
        report_percent(text, rate_of(one) / limit(in, value[REPORT_INTENSITY], ceiling));
        report_cell(out, text);
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

/* Whether an earlier bench has the same unit and ring. */
static bool seen(const report_data *report, size_t i)
{
    const roof same = {.unit = unit_of(&report->bench[i]), .bits = report->bench[i].bits};
    while (i-- > 0)
        if (belongs(&report->bench[i], &same))
            return true;
    return false;
}

/* The chart that bench i is the first point of; false if it is none's. */
static bool begins(roof *made, const report_data *report, size_t i)
{
    *made = (roof){.unit = unit_of(&report->bench[i]), .bits = report->bench[i].bits};
    return has_point(&report->bench[i]) && !seen(report, i) && measure(made, report);
}

bool report_has_roofs(const report_data *report)
{
    roof made;
    size_t i = 0;
    while (i < report->benches && !begins(&made, report, i))
        i++;
    return i < report->benches;
}

void report_roofs(FILE *out, const report_data *report)
{
    roof made;
    if (!report_has_roofs(report))
        return;
    fputs("<section id=\"roofs\"><h2>Rooflines</h2>\n", out);
    for (size_t i = 0; i < report->benches; i++) {
        if (!begins(&made, report, i))
            continue;
        fputs("<h3>", out);
        report_text(out, report_unit(made.unit), 40);
        if (made.bits)
            fprintf(out, " mod 2<sup>%u</sup>", made.bits);
        fputs("</h3><div class=\"pair\">\n", out);
        chart(out, report, &made);
        table(out, report, &made);
        fputs("</div>\n", out);
    }
    fputs("</section>\n", out);
}
