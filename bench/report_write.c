/* Escaped text and numbers for people. */
#include "config.h"

#include "bench/report_write.h"

#include <math.h>
#include <string.h>

#include "dispatch/kernels.h"

/* The code point at text, whose UTF-8 was checked when the JSON was read; its bytes into *n. */
static unsigned long decode(const unsigned char *text, size_t *n)
{
    const size_t length = text[0] < 0x80 ? 1 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
    unsigned long point = length == 1 ? text[0] : text[0] & (0x7fu >> length);
    for (*n = 1; *n < length && text[*n]; ++*n)
        point = point << 6 | (text[*n] & 0x3f);
    return point;
}

static bool harmless(unsigned long point)
{
    return point >= ' ' && point != 0x7f && !(point >= 0x80 && point < 0xa0) &&
           !(point >= 0x200e && point <= 0x200f) && !(point >= 0x2028 && point <= 0x202e) &&
           !(point >= 0x2066 && point <= 0x2069) && point != 0xfffe && point != 0xffff;
}

static void put_point(FILE *out, const char *text, size_t n)
{
    switch (*text) {
    case '&':
        fputs("&amp;", out);
        break;
    case '<':
        fputs("&lt;", out);
        break;
    case '>':
        fputs("&gt;", out);
        break;
    case '"':
        fputs("&quot;", out);
        break;
    case '\'':
        fputs("&#39;", out);
        break;
    default:
        fwrite(text, 1, n, out);
    }
}

static size_t points(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

void report_text(FILE *out, const char *text, size_t most)
{
    const bool cut = most > 0 && points(text) > most;
    size_t n;
    for (size_t shown = 0; *text && !(cut && shown + 1 == most); text += n, shown++) {
        if (harmless(decode((const unsigned char *)text, &n)))
            put_point(out, text, n);
        else
            fputs("\xef\xbf\xbd", out);
    }
    if (cut)
        fputs("…", out);
}

/* Three digits of value / base^k with the k-th prefix. */
static void scaled(char text[REPORT_NUMBER], double value, double base, const char *const *prefix,
                   size_t prefixes, const char *unit)
{
    size_t p = 0;
    if (!isfinite(value)) {
        (void)snprintf(text, REPORT_NUMBER, "–");
        return;
    }
    while (p + 1 < prefixes && value >= base * 0.9995) {
        value /= base;
        p++;
    }
    const int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    if (value >= 1e6 || (value > 0 && value < 0.005))
        (void)snprintf(text, REPORT_NUMBER, "%.2e %s%s", value, prefix[p], unit);
    else
        (void)snprintf(text, REPORT_NUMBER, "%.*f %s%s",
                       p == 0 && value == floor(value) ? 0 : digits, value, prefix[p], unit);
    const size_t n = strlen(text);
    if (n > 0 && text[n - 1] == ' ')
        text[n - 1] = 0;
}

static const char *const decimal[] = {"", "k", "M", "G", "T", "P"};

void report_si(char text[REPORT_NUMBER], double value)
{
    scaled(text, value, 1000, decimal, sizeof decimal / sizeof *decimal, "");
}

void report_bytes(char text[REPORT_NUMBER], double bytes)
{
    scaled(text, bytes, 1000, decimal, sizeof decimal / sizeof *decimal, "B");
}

/* 48 KiB, not 48.0 KiB. */
static void strip_zeros(char *text)
{
    char *dot = strchr(text, '.'), *space = text + strcspn(text, " "), *end = space;
    if (!dot || dot > space)
        return;
    while (end[-1] == '0')
        end--;
    if (end[-1] == '.')
        end--;
    memmove(end, space, strlen(space) + 1);
}

void report_binary(char text[REPORT_NUMBER], double bytes)
{
    static const char *const prefix[] = {"", "Ki", "Mi", "Gi", "Ti"};
    scaled(text, bytes, 1024, prefix, sizeof prefix / sizeof *prefix, "B");
    strip_zeros(text);
}

void report_tick(char text[REPORT_NUMBER], double value)
{
    report_si(text, value);
    strip_zeros(text);
}

void report_rate(char text[REPORT_NUMBER], const report_bench *bench, double rate)
{
    if (strcmp(bench->unit, "bytes") == 0)
        report_bytes(text, rate);
    else
        report_si(text, rate);
}

void report_seconds(char text[REPORT_NUMBER], double seconds)
{
    static const char *const prefix[] = {"n", "µ", "m", ""};
    if (seconds >= 0.9995)
        scaled(text, seconds, 1000, prefix + 3, 1, "s");
    else
        scaled(text, seconds * 1e9, 1000, prefix, 3, "s");
}

void report_percent(char text[REPORT_NUMBER], double share)
{
    const double percent = 100 * share;
    if (!isfinite(percent))
        (void)snprintf(text, REPORT_NUMBER, "–");
    else if (percent >= 1e6)
        (void)snprintf(text, REPORT_NUMBER, "%.1e%%", percent);
    else
        (void)snprintf(text, REPORT_NUMBER, percent < 9.95 ? "%.1f%%" : "%.0f%%", percent);
}

void report_times(char text[REPORT_NUMBER], double ratio)
{
    if (!isfinite(ratio))
        (void)snprintf(text, REPORT_NUMBER, "–");
    else if (ratio >= 1e6)
        (void)snprintf(text, REPORT_NUMBER, "%.1e×", ratio);
    else
        (void)snprintf(text, REPORT_NUMBER, ratio < 9.995 ? "%.2f×" : "%.1f×", ratio);
}

void report_count(char text[REPORT_NUMBER], double count)
{
    if (!isfinite(count))
        (void)snprintf(text, REPORT_NUMBER, "–");
    else
        (void)snprintf(text, REPORT_NUMBER, "%.6g", count);
}

const char *report_unit(const char *unit)
{
    static const char *const known[][2] = {{"madds", "multiply-adds"},
                                           {"blocks", "AES blocks"},
                                           {"ands", "AND gates"},
                                           {"activations", "activations"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(unit, known[i][0]) == 0)
            return known[i][1];
    return unit;
}

const char *report_colour(const report_bench *bench)
{
    static const char *const tiers[] = {"t0", "t1", "t2", "t3", "t4", "t5"};
    if (bench->kind == REPORT_COMPETITOR)
        return "rival";
    return bench->tier < 0 ? "other" : tiers[(size_t)bench->tier % (sizeof tiers / sizeof *tiers)];
}

void report_cell(FILE *out, const char *number)
{
    fputs("<td>", out);
    report_text(out, number, 0);
    fputs("</td>", out);
}

void report_head(FILE *out, const char *text)
{
    fputs("<th scope=\"col\">", out);
    report_text(out, text, 0);
    fputs("</th>", out);
}

double report_step(double most, unsigned ticks)
{
    const double least = most / ticks, power = pow(10, floor(log10(least)));
    return least <= power       ? power
           : least <= 2 * power ? 2 * power
           : least <= 5 * power ? 5 * power
                                : 10 * power;
}
