/* Data files of any format: compressed ones, values outside of the range, labels, and what is no
 * file at all. */
#include "config.h"

#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/data_sample.h"

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

TestSuite(data, .init = sample_make, .fini = sample_remove);

#ifdef HAVE_ZLIB
static void pack(const void *data, size_t n, const char *mode)
{
    gzFile out = gzopen(sample_path(), mode);
    cr_assert(out && gzwrite(out, data, (unsigned)n) == (int)n && gzclose(out) == Z_OK);
}

Test(data, gzip)
{
    sonic_images_options options = sample_options(1, 5, 4);
    float *x;
    uint64_t count;
    sample_idx(0x08, 3, (uint32_t[]){500, 5, 4});
    sample_add_pixels(500 * 20);
    sample_bytes plain = sample;
    pack(plain.data, plain.n, "wb");
    cr_assert_eq(sample_read(&options, &x, &count), SONIC_OK, "%s", sample_error.text);
    cr_assert_eq(count, 500);
    for (size_t i = 0; i < 10000; i++)
        cr_assert_float_eq(x[i], sample_pixel(i) / 255.0, 1e-7);
    free(x);
    sample_load();
    sample_bytes good = sample;
    for (size_t n = 3; n < good.n; n += n < 100 ? 1 : 97) {
        sample.n = n;
        sample_refused(&options, SONIC_E_FORMAT, "too early");
    }
    /* Every bit from behind the header on is under the checksum; one image wanted, all are checked.
     */
    options.count = 1;
    for (size_t at = 10; at < good.n; at += at < 30 || at + 12 > good.n ? 1 : 101) {
        sample = good;
        sample.data[at] ^= 0x10;
        sample_refused(&options, SONIC_E_FORMAT, "damaged");
    }
    sample = good;
    sample_add("\x1f\x8b", 2);
    sample_refused(&options, SONIC_E_FORMAT, "too early");
    sample = good;
    sample_add("??", 2);
    sample_refused(&options, SONIC_E_FORMAT, "damaged");

    /* Two members, as gzip allows. */
    options.count = 0;
    pack(plain.data, 100, "wb");
    pack(plain.data + 100, plain.n - 100, "ab");
    cr_assert_eq(sample_read(&options, &x, &count), SONIC_OK, "%s", sample_error.text);
    free(x);
}
#endif

Test(data, floats_outside_of_the_range)
{
    static const float bad[] = {1.25f, -0.001f, NAN, INFINITY, -INFINITY};
    sonic_images_options options = sample_options(1, 2, 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        float x[4] = {0, 1, 0.5f, bad[i]};
        sample_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 1), }");
        sample_add(x, sizeof x);
        sample_refused(&options, SONIC_E_RANGE, "image 1 has the value");
    }
    /* The ends of a range that no float meets are inside. */
    float *x, ends[2] = {-2.1179039f, 2.64f};
    uint64_t count;
    options.low = -2.1179039;
    options.high = 2.64;
    sample_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 1), }");
    sample_add(ends, sizeof ends);
    sample_save();
    cr_assert_eq(sample_read(&options, &x, &count), SONIC_OK, "%s", sample_error.text);
    cr_assert((double)x[0] >= options.low && (double)x[1] <= options.high);
    cr_assert_float_eq(x[1], 2.64, 1e-6);
    free(x);
}

Test(data, labels)
{
    int64_t *labels;
    sample_idx(0x08, 1, (uint32_t[]){5});
    sample_add("\x09\x02\x01\x01\x06", 5);
    sample_save();
    cr_assert_eq(sonic_labels_read(&labels, sample_path(), 1, 3, &sample_error), SONIC_OK, "%s",
                 sample_error.text);
    cr_assert(labels[0] == 2 && labels[1] == 1 && labels[2] == 1);
    free(labels);
    cr_assert_eq(sonic_labels_read(&labels, sample_path(), 3, 3, &sample_error), SONIC_E_RANGE);
    cr_assert(strstr(sample_error.text, "holds 5 labels"), "%s", sample_error.text);
    cr_assert_eq(sonic_labels_read(&labels, sample_path(), UINT64_MAX, 3, &sample_error),
                 SONIC_E_RANGE);
    cr_assert_eq(sonic_labels_read(&labels, "/nowhere", 0, 3, &sample_error), SONIC_E_FILE);

    sample_npy("{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }");
    sample_add((int64_t[]){7, -1, INT64_C(1) << 40}, 24);
    sample_save();
    cr_assert_eq(sonic_labels_read(&labels, sample_path(), 0, 3, &sample_error), SONIC_OK, "%s",
                 sample_error.text);
    cr_assert(labels[0] == 7 && labels[1] == -1 && labels[2] == INT64_C(1) << 40);
    free(labels);
    sample.n--;
    sample_save();
    cr_assert_eq(sonic_labels_read(&labels, sample_path(), 0, 1, &sample_error), SONIC_E_FORMAT,
                 "%s", sample_error.text);
    sample_idx(0x08, 2, (uint32_t[]){2, 3});
    sample_add_pixels(6);
    sample_save();
    cr_assert_eq(sonic_labels_read(&labels, sample_path(), 0, 2, &sample_error), SONIC_E_SHAPE,
                 "%s", sample_error.text);
}

Test(data, not_files)
{
    sonic_images_options options = sample_options(1, 2, 2);
    float *x;
    uint64_t count;
    char *nowhere[] = {"/nowhere/images"}, *folder[] = {"/tmp"}, *device[] = {"/dev/zero"};
    options.paths = nowhere;
    cr_assert_eq(sample_read(&options, &x, &count), SONIC_E_FILE);
    cr_assert(strstr(sample_error.text, "cannot open /nowhere/images"), "%s", sample_error.text);
    options.paths = folder;
    cr_assert_eq(sample_read(&options, &x, &count), SONIC_E_FILE);
    cr_assert(strstr(sample_error.text, "/tmp is not a regular file"), "%s", sample_error.text);
    options.paths = device;
    cr_assert_eq(sample_read(&options, &x, &count), SONIC_E_FILE);
}
