/* The secure layers: each kind of layer, and networks as the sums of their layers. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/report_layers.h"
#include "bench/report_sections.h"
#include "bench/report_write.h"

/* Most ways in which a network is shown: rings, channels and batches are a few. */
enum { MANNERS_MAX = 32 };

static size_t first_layer(const report_data *report)
{
    size_t i = 0;
    while (i < report->benches && report->bench[i].kind != REPORT_LAYER)
        i++;
    return i;
}

/* The next selection of a network: its layers as they were run in the way that bench i was, the
 * first such one; false if i is not it. */
static bool begins(report_selection *made, const report_data *report, size_t network, size_t i)
{
    *made = (report_selection){report, first_layer(report), report->benches, (int)network,
                               report->bench[i].op_id};
    if (report_uses(made, i) == 0)
        return false;
    for (size_t j = made->from; j < i; j++)
        if (report_uses(made, j) > 0)
            return false;
    return true;
}

/* One way in which a network or a kind of layer was run; further ones are closed at first. */
static void manner(FILE *out, const report_selection *from, const char *name, bool first)
{
    fprintf(out, "<details%s><summary><b>", first ? " open=\"open\"" : "");
    report_text(out, *name ? name : "all", 0);
    fputs("</b>", out);
    report_layer_totals(out, from);
    fputs("</summary>\n", out);
    report_layer_charts(out, from);
    report_layer_table(out, from);
    fputs("</details>\n", out);
}

static void network(FILE *out, const report_data *report, size_t n)
{
    unsigned shown = 0;
    for (size_t i = first_layer(report); i < report->benches && shown < MANNERS_MAX; i++) {
        report_selection made;
        if (!begins(&made, report, n, i))
            continue;
        if (shown == 0) {
            fprintf(out, "<section id=\"u%zu\"><h2>Network ", n);
            report_text(out, report->network[n], 0);
            fputs("</h2>\n<p>The layers in this file, each as often as the network has it: times "
                  "and bytes are those of one run, times the count.</p>\n",
                  out);
        }
        manner(out, &made, report->bench[i].op, shown == 0);
        shown++;
    }
    fputs(shown ? "</section>\n" : "", out);
}

void report_networks(FILE *out, const report_data *report)
{
    for (size_t n = 0; n < report->networks; n++)
        network(out, report, n);
    for (size_t i = first_layer(report), end; i < report->benches; i = end) {
        const bool first = report_new_group(report, i);
        end = report_op_end(report, i);
        if (first) {
            fprintf(out, "<section id=\"n%zu\"><h2>Secure layers: ", report->bench[i].group_id);
            report_text(out, report->bench[i].group, 0);
            fputs("</h2>\n", out);
        }
        const report_selection all = {report, i, end, -1, 0};
        manner(out, &all, report->bench[i].op, first);
        if (report_new_group(report, end))
            fputs("</section>\n", out);
    }
}
