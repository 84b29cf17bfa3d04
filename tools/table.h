/** @file
 * Aligned tables of text.
 */
#ifndef SONIC_TOOLS_TABLE_H
#define SONIC_TOOLS_TABLE_H

#include <stdio.h>

#include <sonicnn/status.h>

typedef struct sonic_table sonic_table;

/** Starts a table; `align` has one letter a column, 'l' or 'r'.  NULL when out of memory, which the
 * other functions take without harm. */
sonic_table *sonic_table_create(const char *align);
/** Adds the next cell, row by row; the first row is the heading. */
void sonic_table_cell(sonic_table *table, const char *format, ...) SONIC_PRINTF(2, 3);
/** Prints and frees.  A last row that is not full is not printed. */
void sonic_table_print(sonic_table *table, FILE *out);

#endif
