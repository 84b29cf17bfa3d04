/* Aligned tables of text: cells are kept until the widths are known. */
#include "tools/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct sonic_table {
    char *align;
    size_t columns, cells, room;
    char **cell;
};

sonic_table *sonic_table_create(const char *align)
{
    sonic_table *table = calloc(1, sizeof *table);
    if (table && !(table->align = strdup(align))) {
        free(table);
        return NULL;
    }
    if (table)
        table->columns = strlen(align);
    return table;
}

void sonic_table_cell(sonic_table *table, const char *format, ...)
{
    char text[512];
    if (!table)
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (table->cells == table->room) {
        size_t room = 2 * table->room + 64;
        char **cell = realloc(table->cell, room * sizeof *cell);
        if (!cell)
            return;
        table->cell = cell;
        table->room = room;
    }
    char *copy = strdup(text);
    if (copy)
        table->cell[table->cells++] = copy;
}

static void print_row(const sonic_table *table, const size_t *width, size_t row, FILE *out)
{
    for (size_t c = 0; c < table->columns; c++) {
        const char *text = table->cell[row * table->columns + c];
        int pad = (int)width[c];
        int last = c + 1 == table->columns;
        if (table->align[c] == 'r')
            fprintf(out, "%*s", pad, text);
        else
            fprintf(out, "%-*s", last ? 0 : pad, text);
        fputs(last ? "\n" : "  ", out);
    }
}

void sonic_table_print(sonic_table *table, FILE *out)
{
    if (!table)
        return;
    size_t rows = table->cells / table->columns;
    size_t *width = calloc(table->columns, sizeof *width);
    for (size_t i = 0; width && i < rows * table->columns; i++) {
        size_t n = strlen(table->cell[i]);
        if (n > width[i % table->columns])
            width[i % table->columns] = n;
    }
    for (size_t r = 0; width && r < rows; r++) {
        print_row(table, width, r, out);
        for (size_t c = 0; r == 0 && c < table->columns; c++) {
            for (size_t i = 0; i < width[c]; i++)
                fputc('-', out);
            fputs(c + 1 == table->columns ? "\n" : "  ", out);
        }
    }
    for (size_t i = 0; i < table->cells; i++)
        free(table->cell[i]);
    free(width);
    free(table->cell);
    free(table->align);
    free(table);
}
