/** @file
 * A data file made by hand, byte for byte, for tests of what reads it: as it should be, or as it
 * should be refused.
 */
#ifndef SONIC_TESTS_DATA_SAMPLE_H
#define SONIC_TESTS_DATA_SAMPLE_H

#include "tools/data.h"

/** A test's fixture: makes an empty file, and removes it. */
void sample_make(void);
void sample_remove(void);
const char *sample_path(void);

typedef struct sample_bytes {
    uint8_t data[1 << 16];
    size_t n;
} sample_bytes;

/** What the file is to hold, and what went wrong last.  One of each is enough: every test is a
 * process of its own. */
extern sample_bytes sample;
extern sonic_error sample_error;

/** The file becomes the sample; the sample becomes the file. */
void sample_save(void);
void sample_load(void);

/** Starts the sample with an IDX header of a type and dimensions. */
void sample_idx(uint8_t type, uint8_t rank, const uint32_t *dim);
/** Starts it with an NPY header with a dictionary as given. */
void sample_npy(const char *dictionary);
void sample_add(const void *data, size_t n);

/** Element i of made-up pixels, and the first n of them. */
uint8_t sample_pixel(size_t i);
void sample_add_pixels(size_t n);

/** Options for all images of the file, of c x h x w pixels in 0 .. 1. */
sonic_images_options sample_options(uint32_t c, uint32_t h, uint32_t w);

/** Opens and reads everything: the status, and on success *x, malloc'ed. */
sonic_status sample_read(const sonic_images_options *options, float **x, uint64_t *count);

/** Saves the sample, which has to be refused with a sentence that contains `says` and names the
 * file. */
void sample_refused(const sonic_images_options *options, sonic_status expected, const char *says);

#endif
