/* IDX files: what they hold is read exactly, and what is damaged or does not fit is refused. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "tests/data_sample.h"

TestSuite(data, .init = sample_make, .fini = sample_remove);

Test(data, idx_pixels_map_linearly)
{
    sonic_images_options options = sample_options(1, 5, 4);
    float *x;
    uint64_t count;
    sample_idx(0x08, 3, (uint32_t[]){7, 5, 4});
    sample_add_pixels(7 * 20);
    sample_save();
    cr_assert_eq(sample_read(&options, &x, &count), SONIC_OK, "%s", sample_error.text);
    cr_assert_eq(count, 7);
    for (size_t i = 0; i < 140; i++)
        cr_assert_float_eq(x[i], sample_pixel(i) / 255.0, 1e-7);
    free(x);

    /* Into another range, whose ends must be met exactly and never be left. */
    options.low = -2.1179039;
    options.high = 2.6400001;
    cr_assert_eq(sample_read(&options, &x, &count), SONIC_OK, "%s", sample_error.text);
    for (size_t i = 0; i < 140; i++) {
        cr_assert_float_eq(x[i], -2.1179039 + sample_pixel(i) / 255.0 * 4.757904, 1e-6,
                           "%zu: %.9g %u", i, x[i], sample_pixel(i));
        cr_assert((double)x[i] >= options.low && (double)x[i] <= options.high);
    }
    free(x);

    /* A selection, over several files: 3 x 7 images, from the 5th of the first to the 2nd of the
     * last. */
    options = sample_options(1, 5, 4);
    options.files = 3;
    options.first = 4;
    options.count = 12;
    cr_assert_eq(sample_read(&options, &x, &count), SONIC_OK, "%s", sample_error.text);
    cr_assert_eq(count, 12);
    for (size_t i = 0; i < 240; i++)
        cr_assert_float_eq(x[i], sample_pixel((i + 80) % 140) / 255.0, 1e-7);
    free(x);
    options.first = 10;
    cr_assert_eq(sample_read(&options, &x, &count), SONIC_E_RANGE);
    cr_assert(strstr(sample_error.text, "there are 21"), "%s", sample_error.text);

    /* The same images for a flat model, and for one that has more sizes of 1. */
    options = sample_options(1, 1, 1);
    options.shape = (sonic_shape){1, {20}};
    cr_assert_eq(sample_read(&options, &x, &count), SONIC_OK, "%s", sample_error.text);
    free(x);
    options.shape = (sonic_shape){4, {5, 1, 4, 1}};
    cr_assert_eq(sample_read(&options, &x, &count), SONIC_OK, "%s", sample_error.text);
    free(x);
}

Test(data, idx_hostile)
{
    sonic_images_options options = sample_options(1, 5, 4);
    sample_idx(0x08, 3, (uint32_t[]){3, 5, 4});
    sample_add_pixels(60);
    sample_bytes good = sample;
    for (size_t n = 0; n < good.n; n++) {
        sample.n = n;
        sample_refused(&options, SONIC_E_FORMAT, n < 4 ? "neither" : "ends after");
    }
    sample = good;
    sample_add("x", 1);
    sample_refused(&options, SONIC_E_FORMAT, "goes on after");
    /* Also where only the first image is wanted. */
    options.count = 1;
    sample_refused(&options, SONIC_E_FORMAT, "goes on after");
    sample = good;
    sample.n--;
    sample_refused(&options, SONIC_E_FORMAT, "ends after");
    options.count = 0;

    sample = good;
    sample.data[2] = 0x0b;
    sample_refused(&options, SONIC_E_UNSUPPORTED, "type 0x0b");
    sample.data[2] = 0x0c;
    sample_refused(&options, SONIC_E_UNSUPPORTED, "wide integers");
    sample = good;
    sample.data[3] = 0;
    sample_refused(&options, SONIC_E_FORMAT, "0 dimensions");
    sample.data[3] = 9;
    sample_refused(&options, SONIC_E_FORMAT, "9 dimensions");
    /* More than any memory: refused by arithmetic or by the file's end, never allocated. */
    sample_idx(0x08, 5, (uint32_t[]){0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff});
    sample_refused(&options, SONIC_E_SHAPE, "too large");
    sample_idx(0x0e, 3, (uint32_t[]){0xffffffff, 0xffffffff, 4});
    sample_refused(&options, SONIC_E_SHAPE, "announces too much");
    sample_idx(0x08, 3, (uint32_t[]){0xffffffff, 5, 4});
    options.count = 2;
    sample_refused(&options, SONIC_E_FORMAT, "too short for the 4294967295 items");
    sample_idx(0x08, 3, (uint32_t[]){3, 0, 4});
    sample_refused(&options, SONIC_E_SHAPE, "without values");
    sample_idx(0x08, 3, (uint32_t[]){3, 4, 5});
    sample_add_pixels(60);
    sample_refused(&options, SONIC_E_SHAPE, "holds images of 4x5, the model takes 1x5x4");
}
