/** @file
 * One data file: a header that says what it holds, then items read in order.
 */
#ifndef SONIC_TOOLS_DATA_FILE_H
#define SONIC_TOOLS_DATA_FILE_H

#include "proto/model/graph.h"
#include "tools/data_source.h"

typedef enum sonic_element {
    SONIC_ELEMENT_U8,
    SONIC_ELEMENT_I32,
    SONIC_ELEMENT_I64,
    SONIC_ELEMENT_F32,
    SONIC_ELEMENT_F64,
} sonic_element;

typedef struct sonic_data_header {
    sonic_element element;
    bool big_endian;
    uint64_t count;   /**< items */
    sonic_shape item; /**< rank 0: single numbers */
} sonic_data_header;

typedef struct sonic_data_file {
    const char *path; /**< the caller's */
    sonic_data_source *source;
    sonic_data_header header;
    size_t elements; /**< of an item */
    uint64_t left;   /**< items not yet read */
    uint8_t *pixels; /**< a PNG, decoded */
} sonic_data_file;

/** Opens a file.  wanted: the shape that a PNG has to have, which decides between grey and colour
 * and the order of its values; NULL: PNG is refused. */
SONIC_MUST_CHECK sonic_status sonic_data_file_open(sonic_data_file *file, const char *path,
                                                   const sonic_shape *wanted, sonic_error *error);
void sonic_data_file_close(sonic_data_file *file);

/** Reads the next item: `elements` values as doubles. */
SONIC_MUST_CHECK sonic_status sonic_data_file_next(sonic_data_file *file, double *x,
                                                   sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_data_file_skip(sonic_data_file *file, uint64_t items,
                                                   sonic_error *error);
/** Reads what is left and requires that nothing follows. */
SONIC_MUST_CHECK sonic_status sonic_data_file_finish(sonic_data_file *file, sonic_error *error);

/** @name The formats: read a header, having recognised the first bytes */
/**@{*/
bool sonic_idx_recognise(const uint8_t *bytes, size_t n);
bool sonic_npy_recognise(const uint8_t *bytes, size_t n);
bool sonic_png_recognise(const uint8_t *bytes, size_t n);
SONIC_MUST_CHECK sonic_status sonic_idx_header(sonic_data_header *header, sonic_data_source *source,
                                               sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_npy_header(sonic_data_header *header, sonic_data_source *source,
                                               sonic_error *error);
/** Decodes a whole PNG of the wanted shape; *pixels is malloc'ed. */
SONIC_MUST_CHECK sonic_status sonic_png_read(sonic_data_header *header, uint8_t **pixels,
                                             const char *path, const sonic_shape *wanted,
                                             sonic_error *error);
/**@}*/

#endif
