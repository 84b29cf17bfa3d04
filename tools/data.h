/** @file
 * Images and labels from files: IDX (also gzip), NPY (also gzip) and PNG, told apart by content.
 *
 * Every file is hostile: sizes are checked before anything is allocated, a truncated, damaged or
 * oversized file is an error that names it.  Values become reals in the model's input range: bytes
 * map linearly (0 to the low end, 255 to the high end), floats are used as they are and refused
 * outside.
 */
#ifndef SONIC_TOOLS_DATA_H
#define SONIC_TOOLS_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "proto/model/graph.h"

typedef struct sonic_images sonic_images;

/** What to read: the images of `paths` one file after the other; of these `count` (0: all) from
 * number `first` on. */
typedef struct sonic_images_options {
    char *const *paths; /**< must outlive the images */
    size_t files;
    uint64_t first, count;
    sonic_shape shape; /**< the model's input; sizes of 1 may be missing or added, and a flat model
                            takes any image of its size */
    double low, high;  /**< the model's input range */
} sonic_images_options;

/** Looks at every file's header.  @return SONIC_E_SHAPE for images of another shape, SONIC_E_RANGE
 * for a selection beyond the end, SONIC_E_FILE, SONIC_E_FORMAT */
SONIC_MUST_CHECK sonic_status sonic_images_open(sonic_images **images,
                                                const sonic_images_options *options,
                                                sonic_error *error);
void sonic_images_free(sonic_images *images);

/** How many images were selected. */
uint64_t sonic_images_count(const sonic_images *images);

/** Reads the next n selected images into x, n * elements of the shape.  Having read the last one,
 * also checks what is left of its file.
 * @return SONIC_E_RANGE naming file and image for a value outside the range or not a number */
SONIC_MUST_CHECK sonic_status sonic_images_next(sonic_images *images, float *x, size_t n,
                                                sonic_error *error);

/** Reads labels `first` to first + n - 1 of an IDX or NPY file of integers; *labels is malloc'ed.
 */
SONIC_MUST_CHECK sonic_status sonic_labels_read(int64_t **labels, const char *path, uint64_t first,
                                                size_t n, sonic_error *error);

/** Writes float64 values as an NPY file of shape [count][shape]. */
SONIC_MUST_CHECK sonic_status sonic_npy_write(const char *path, const double *x, uint64_t count,
                                              const sonic_shape *shape, sonic_error *error);

#endif
