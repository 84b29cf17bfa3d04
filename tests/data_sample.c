/* A data file made by hand; see the header. */
#include "tests/data_sample.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/sonicnn-data-XXXXXX";
static char *paths[] = {path, path, path};
sample_bytes sample;
sonic_error sample_error;

void sample_make(void)
{
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
}

void sample_remove(void)
{
    unlink(path);
}

const char *sample_path(void)
{
    return path;
}

void sample_save(void)
{
    FILE *out = fopen(path, "wb");
    cr_assert(out && fwrite(sample.data, 1, sample.n, out) == sample.n && fclose(out) == 0);
}

void sample_load(void)
{
    FILE *in = fopen(path, "rb");
    cr_assert(in);
    sample.n = fread(sample.data, 1, sizeof sample.data, in);
    fclose(in);
}

void sample_add(const void *data, size_t n)
{
    cr_assert(sample.n + n <= sizeof sample.data);
    memcpy(sample.data + sample.n, data, n);
    sample.n += n;
}

static void add_big(uint32_t value)
{
    uint8_t b[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                    (uint8_t)value};
    sample_add(b, 4);
}

void sample_idx(uint8_t type, uint8_t rank, const uint32_t *dim)
{
    uint8_t head[4] = {0, 0, type, rank};
    sample.n = 0;
    sample_add(head, 4);
    for (unsigned i = 0; i < rank; i++)
        add_big(dim[i]);
}

void sample_npy(const char *dictionary)
{
    size_t n = strlen(dictionary);
    uint8_t length[2] = {(uint8_t)n, (uint8_t)(n >> 8)};
    sample.n = 0;
    sample_add("\x93NUMPY\x01\x00", 8);
    sample_add(length, 2);
    sample_add(dictionary, n);
}

uint8_t sample_pixel(size_t i)
{
    return (uint8_t)(i * 37 + 11 * (i / 7));
}

void sample_add_pixels(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t p = sample_pixel(i);
        sample_add(&p, 1);
    }
}

sonic_images_options sample_options(uint32_t c, uint32_t h, uint32_t w)
{
    return (sonic_images_options){
        .paths = paths, .files = 1, .shape = {3, {c, h, w, 0}}, .low = 0, .high = 1};
}

sonic_status sample_read(const sonic_images_options *options, float **x, uint64_t *count)
{
    sonic_images *images;
    size_t elements;
    memset(&sample_error, 0, sizeof sample_error);
    cr_assert_eq(sonic_shape_elements(&options->shape, &elements, &sample_error), SONIC_OK);
    sonic_status status = sonic_images_open(&images, options, &sample_error);
    if (status != SONIC_OK)
        return status;
    *count = sonic_images_count(images);
    *x = malloc((*count ? *count : 1) * elements * sizeof **x);
    cr_assert(*x);
    /* In two parts, so that a reader's state between calls is tried, too. */
    size_t half = *count / 2;
    status = sonic_images_next(images, *x, half, &sample_error);
    if (status == SONIC_OK)
        status = sonic_images_next(images, *x + half * elements, *count - half, &sample_error);
    if (status == SONIC_OK)
        cr_expect_eq(sonic_images_next(images, *x, 1, NULL), SONIC_E_RANGE, "nothing is left");
    else
        free(*x);
    sonic_images_free(images);
    return status;
}

void sample_refused(const sonic_images_options *options, sonic_status expected, const char *says)
{
    float *x = NULL;
    uint64_t count = 0;
    sample_save();
    sonic_status status = sample_read(options, &x, &count);
    cr_assert_eq(status, expected, "%d instead of %d: %s", status, expected, sample_error.text);
    cr_assert(strstr(sample_error.text, says), "'%s' instead of '%s'", sample_error.text, says);
    cr_assert(strstr(sample_error.text, path), "'%s' does not name the file", sample_error.text);
}
