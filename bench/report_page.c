/* The page around the sections: head, facts about the machine, how to read it, contents. */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report_sections.h"
#include "bench/report_write.h"
#include "dispatch/error.h"

static const char how_to_read[] =
    "<section id=\"reading\"><h2>How to read this</h2><ul>\n"
    "<li><b>Rate</b>: how much a second, on one thread unless a name ends in -2t. A multiply-add "
    "is one product and one sum in the ring.</li>\n"
    "<li><b>Ceiling</b> (the upright mark): what this processor did in the same run when nothing "
    "but "
    "the arithmetic itself was left, or, where memory is the limit, when it only copied. "
    "<b>Share</b>: the rate over the ceiling. Ceilings are measured, too, so a share can pass 100% "
    "by "
    "a little.</li>\n"
    "<li><b>Spread</b> (the whisker): from the slowest to the fastest run; in the tables the "
    "standard "
    "deviation, or half that range, over the rate. Numbers are medians where there were several "
    "runs.</li>\n"
    "<li><b>Ahead</b>: the rate over that of the fastest competitor with the same instructions at "
    "this shape. Of many competitors the charts have the fastest four.</li>\n"
    "<li><b>Layers</b> are both servers of an inference in one process: <b>time</b> is by the "
    "clock, "
    "<b>processor time</b> both servers' together, over which rates and shares of layers "
    "are.</li>\n"
    "<li>Ratios travel between machines; absolute numbers do not. Point at a bar or a dot for its "
    "full "
    "name and numbers.</li></ul></section>\n";

/* A custom fact's name may have underscores for spaces. */
static void fact_name(FILE *out, const char *name)
{
    static const char *const known[][2] = {
        {"host_name", "host"},
        {"num_cpus", "processors"},
        {"mhz_per_cpu", "MHz"},
        {"cpu_scaling_enabled", "frequency scaling"},
        {"load_avg", "load"},
        {"copy", "copying"},
        {"library_build_type", "build of Google Benchmark"},
    };
    char shown[64];
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (strcmp(name, known[k][0]) == 0) {
            fputs(known[k][1], out);
            return;
        }
    if (strlen(name) >= sizeof shown) {
        report_text(out, name, 60);
        return;
    }
    memcpy(shown, name, strlen(name) + 1);
    for (char *at = shown; *at; at++)
        if (*at == '_' || *at == '/')
            *at = ' ';
    report_text(out, shown, 0);
}

static const char *fact(const report_data *report, const char *name)
{
    for (size_t i = 0; i < report->facts; i++)
        if (strcmp(report->fact[i].name, name) == 0)
            return report->fact[i].text;
    return NULL;
}

/* Rates that were measured before everything else: "ceiling/ring64/avx2", "copy". */
static bool is_rate(const report_fact *fact)
{
    char *end;
    const bool named = strncmp(fact->name, "ceiling/", 8) == 0 || strcmp(fact->name, "copy") == 0;
    return named && isfinite(strtod(fact->text, &end)) && end != fact->text && !*end;
}

static void fact_list(FILE *out, const report_data *report, bool rates)
{
    bool any = false;
    for (size_t i = 0; i < report->facts; i++) {
        const report_fact *one = &report->fact[i];
        char text[REPORT_NUMBER];
        if (is_rate(one) != rates)
            continue;
        fputs(any ? "" : "<dl class=\"facts\">\n", out);
        any = true;
        fputs("<div><dt>", out);
        fact_name(out, one->name);
        fputs("</dt><dd>", out);
        if (rates) {
            report_si(text, strtod(one->text, NULL));
            fprintf(out, "%s%s/s", text, strcmp(one->name, "copy") == 0 ? "B" : "");
        } else
            report_text(out, one->text, 400);
        fputs("</dd></div>\n", out);
    }
    fputs(any ? "</dl>\n" : "", out);
}

static void facts(FILE *out, const report_data *report)
{
    fact_list(out, report, false);
    fact_list(out, report, true);
    if (report->processors > 0 && report->load > report->processors / 2)
        fprintf(
            out,
            "<p class=\"warn\">The machine was busy when this ran: load %.3g on %.4g processors. "
            "Trust the ratios more than the numbers.</p>\n",
            report->load, report->processors);
    const char *scaling = fact(report, "cpu_scaling_enabled");
    if (scaling && strcmp(scaling, "yes") == 0)
        fputs(
            "<p class=\"warn\">The processor's frequency was free to change while this ran: expect "
            "spread.</p>\n",
            out);
}

static void contents(FILE *out, const report_data *report)
{
    fputs("<nav><a href=\"#reading\">How to read this</a>", out);
    if (report_has_roofs(report))
        fputs("<a href=\"#roofs\">rooflines</a>", out);
    for (size_t n = 0; n < report->networks; n++) {
        fprintf(out, "<a href=\"#u%zu\">", n);
        report_text(out, report->network[n], 40);
        fputs("</a>", out);
    }
    for (size_t i = 0; i < report->benches; i++)
        if (report_new_group(report, i)) {
            const bool layer = report->bench[i].kind == REPORT_LAYER;
            fprintf(out, "<a href=\"#%c%zu\">%s", layer ? 'n' : 'g', report->bench[i].group_id,
                    layer ? "layers: " : "");
            report_text(out, report->bench[i].group, 40);
            fputs("</a>", out);
        }
    fputs("</nav>\n", out);
}

static void failures(FILE *out, const report_data *report)
{
    bool any = false;
    for (size_t i = 0; i < report->benches; i++) {
        const report_bench *one = &report->bench[i];
        if (!one->error)
            continue;
        fputs(any ? "" : "<section id=\"failed\"><h2>Failed</h2><ul>\n", out);
        any = true;
        fputs("<li><b>", out);
        report_text(out, one->name, 0);
        fputs("</b>: ", out);
        report_text(out, one->error, 400);
        fputs("</li>\n", out);
    }
    fputs(any ? "</ul></section>\n" : "", out);
}

static void write_page(FILE *out, const report_data *report)
{
    const char *host = fact(report, "host_name"), *date = fact(report, "date");
    fprintf(out,
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
            "<title>sonicnn: microbenchmarks</title>\n<style>\n%s</style></head>\n<body>\n"
            "<header><h1>sonicnn: microbenchmarks</h1>\n<p class=\"lead\">%zu benches",
            report_style, report->benches);
    if (host) {
        fputs(" on ", out);
        report_text(out, host, 80);
    }
    if (date) {
        fputs(", ", out);
        report_text(out, date, 40);
    }
    fputs("</p>\n", out);
    contents(out, report);
    facts(out, report);
    fputs("</header>\n<main>\n", out);
    failures(out, report);
    report_glance(out, report);
    fputs(how_to_read, out);
    report_roofs(out, report);
    report_kernels(out, report);
    report_networks(out, report);
    fputs("</main></body></html>\n", out);
}

sonic_status report_page(const report_data *report, char **html, size_t *bytes, sonic_error *error)
{
    char *made = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&made, &length);
    if (!out)
        return sonic_fail_errno(error, SONIC_E_MEMORY, errno, "cannot make the page");
    write_page(out, report);
    const bool failed = ferror(out);
    if (fclose(out) || failed) {
        free(made);
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    }
    *html = made;
    *bytes = length;
    return SONIC_OK;
}
