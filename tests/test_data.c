/* Data files: what IDX, NPY and PNG hold is read exactly, and what is damaged or does not fit is
 * refused with a sentence that names the file. */
#include "config.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/data.h"

#ifdef HAVE_PNG
#include <png.h>
#endif
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

static char path[] = "/tmp/sonicnn-data-XXXXXX";
static char *paths[] = { path, path, path };
static sonic_error error;

static void make_file(void)
{
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
}

static void remove_file(void)
{
    unlink(path);
}

static void put(const void *bytes, size_t n)
{
    FILE *out = fopen(path, "wb");
    cr_assert(out && fwrite(bytes, 1, n, out) == n && fclose(out) == 0);
}

typedef struct bytes {
    uint8_t data[1 << 16];
    size_t n;
} bytes;

static bytes file; /* one is enough: every test is a process of its own */

static void add(const void *data, size_t n)
{
    cr_assert(file.n + n <= sizeof file.data);
    memcpy(file.data + file.n, data, n);
    file.n += n;
}

static void add_big(uint32_t value)
{
    uint8_t b[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                     (uint8_t)value };
    add(b, 4);
}

/* An IDX header of a type and dimensions. */
static void idx(uint8_t type, uint8_t rank, const uint32_t *dim)
{
    uint8_t head[4] = { 0, 0, type, rank };
    file.n = 0;
    add(head, 4);
    for (unsigned i = 0; i < rank; i++)
        add_big(dim[i]);
}

/* An NPY header with a dictionary as given. */
static void npy(const char *dictionary)
{
    size_t n = strlen(dictionary);
    uint8_t length[2] = { (uint8_t)n, (uint8_t)(n >> 8) };
    file.n = 0;
    add("\x93NUMPY\x01\x00", 8);
    add(length, 2);
    add(dictionary, n);
}

static uint8_t pixel(size_t i)
{
    return (uint8_t)(i * 37 + 11 * (i / 7));
}

static void add_pixels(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t p = pixel(i);
        add(&p, 1);
    }
}

static sonic_images_options want(uint32_t c, uint32_t h, uint32_t w)
{
    return (sonic_images_options){
        .paths = paths, .files = 1, .shape = { 3, { c, h, w, 0 } }, .low = 0, .high = 1
    };
}

/* Opens and reads everything: the status, and on success *x, malloc'ed. */
static sonic_status read_all(const sonic_images_options *options, float **x, uint64_t *count)
{
    sonic_images *images;
    size_t elements;
    memset(&error, 0, sizeof error);
    cr_assert_eq(sonic_shape_elements(&options->shape, &elements, &error), SONIC_OK);
    sonic_status status = sonic_images_open(&images, options, &error);
    if (status != SONIC_OK)
        return status;
    *count = sonic_images_count(images);
    *x = malloc((*count ? *count : 1) * elements * sizeof **x);
    cr_assert(*x);
    /* In two parts, so that a reader's state between calls is tried, too. */
    size_t half = *count / 2;
    status = sonic_images_next(images, *x, half, &error);
    if (status == SONIC_OK)
        status = sonic_images_next(images, *x + half * elements, *count - half, &error);
    if (status == SONIC_OK)
        cr_expect_eq(sonic_images_next(images, *x, 1, NULL), SONIC_E_RANGE, "nothing is left");
    else
        free(*x);
    sonic_images_free(images);
    return status;
}

/* The file as it is has to be refused, with a sentence that contains `says` and names the file. */
static void refused(const sonic_images_options *options, sonic_status expected, const char *says)
{
    float *x = NULL;
    uint64_t count = 0;
    put(file.data, file.n);
    sonic_status status = read_all(options, &x, &count);
    cr_assert_eq(status, expected, "%d instead of %d: %s", status, expected, error.text);
    cr_assert(strstr(error.text, says), "'%s' instead of '%s'", error.text, says);
    cr_assert(strstr(error.text, path), "'%s' does not name the file", error.text);
}

TestSuite(data, .init = make_file, .fini = remove_file);

Test(data, idx_pixels_map_linearly)
{
    sonic_images_options options = want(1, 5, 4);
    float *x;
    uint64_t count;
    idx(0x08, 3, (uint32_t[]){ 7, 5, 4 });
    add_pixels(7 * 20);
    put(file.data, file.n);
    cr_assert_eq(read_all(&options, &x, &count), SONIC_OK, "%s", error.text);
    cr_assert_eq(count, 7);
    for (size_t i = 0; i < 140; i++)
        cr_assert_float_eq(x[i], pixel(i) / 255.0, 1e-7);
    free(x);

    /* Into another range, whose ends must be met exactly and never be left. */
    options.low = -2.1179039;
    options.high = 2.6400001;
    cr_assert_eq(read_all(&options, &x, &count), SONIC_OK, "%s", error.text);
    for (size_t i = 0; i < 140; i++) {
        cr_assert_float_eq(x[i], -2.1179039 + pixel(i) / 255.0 * 4.757904, 1e-6, "%zu: %.9g %u", i,
                           x[i], pixel(i));
        cr_assert((double)x[i] >= options.low && (double)x[i] <= options.high);
    }
    free(x);

    /* A selection, over several files: 3 x 7 images, from the 5th of the first to the 2nd of the
     * last. */
    options = want(1, 5, 4);
    options.files = 3;
    options.first = 4;
    options.count = 12;
    cr_assert_eq(read_all(&options, &x, &count), SONIC_OK, "%s", error.text);
    cr_assert_eq(count, 12);
    for (size_t i = 0; i < 240; i++)
        cr_assert_float_eq(x[i], pixel((i + 80) % 140) / 255.0, 1e-7);
    free(x);
    options.first = 10;
    cr_assert_eq(read_all(&options, &x, &count), SONIC_E_RANGE);
    cr_assert(strstr(error.text, "there are 21"), "%s", error.text);

    /* The same images for a flat model, and for one that has more sizes of 1. */
    options = want(1, 1, 1);
    options.shape = (sonic_shape){ 1, { 20 } };
    cr_assert_eq(read_all(&options, &x, &count), SONIC_OK, "%s", error.text);
    free(x);
    options.shape = (sonic_shape){ 4, { 5, 1, 4, 1 } };
    cr_assert_eq(read_all(&options, &x, &count), SONIC_OK, "%s", error.text);
    free(x);
}

Test(data, idx_hostile)
{
    sonic_images_options options = want(1, 5, 4);
    idx(0x08, 3, (uint32_t[]){ 3, 5, 4 });
    add_pixels(60);
    bytes good = file;
    for (size_t n = 0; n < good.n; n++) {
        file.n = n;
        refused(&options, SONIC_E_FORMAT, n < 4 ? "neither" : "ends after");
    }
    file = good;
    add("x", 1);
    refused(&options, SONIC_E_FORMAT, "goes on after");
    /* Also where only the first image is wanted. */
    options.count = 1;
    refused(&options, SONIC_E_FORMAT, "goes on after");
    file = good;
    file.n--;
    refused(&options, SONIC_E_FORMAT, "ends after");
    options.count = 0;

    file = good;
    file.data[2] = 0x0b;
    refused(&options, SONIC_E_UNSUPPORTED, "type 0x0b");
    file.data[2] = 0x0c;
    refused(&options, SONIC_E_UNSUPPORTED, "wide integers");
    file = good;
    file.data[3] = 0;
    refused(&options, SONIC_E_FORMAT, "0 dimensions");
    file.data[3] = 9;
    refused(&options, SONIC_E_FORMAT, "9 dimensions");
    /* More than any memory: refused by arithmetic or by the file's end, never allocated. */
    idx(0x08, 5, (uint32_t[]){ 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff });
    refused(&options, SONIC_E_SHAPE, "too large");
    idx(0x0e, 3, (uint32_t[]){ 0xffffffff, 0xffffffff, 4 });
    refused(&options, SONIC_E_SHAPE, "announces too much");
    idx(0x08, 3, (uint32_t[]){ 0xffffffff, 5, 4 });
    options.count = 2;
    refused(&options, SONIC_E_FORMAT, "too short for the 4294967295 items");
    idx(0x08, 3, (uint32_t[]){ 3, 0, 4 });
    refused(&options, SONIC_E_SHAPE, "without values");
    idx(0x08, 3, (uint32_t[]){ 3, 4, 5 });
    add_pixels(60);
    refused(&options, SONIC_E_SHAPE, "holds images of 4x5, the model takes 1x5x4");
}

#ifdef HAVE_ZLIB
static void pack(const void *data, size_t n, const char *mode)
{
    gzFile out = gzopen(path, mode);
    cr_assert(out && gzwrite(out, data, (unsigned)n) == (int)n && gzclose(out) == Z_OK);
}

static void load(void)
{
    FILE *in = fopen(path, "rb");
    cr_assert(in);
    file.n = fread(file.data, 1, sizeof file.data, in);
    fclose(in);
}

Test(data, gzip)
{
    sonic_images_options options = want(1, 5, 4);
    float *x;
    uint64_t count;
    idx(0x08, 3, (uint32_t[]){ 500, 5, 4 });
    add_pixels(500 * 20);
    bytes plain = file;
    pack(plain.data, plain.n, "wb");
    cr_assert_eq(read_all(&options, &x, &count), SONIC_OK, "%s", error.text);
    cr_assert_eq(count, 500);
    for (size_t i = 0; i < 10000; i++)
        cr_assert_float_eq(x[i], pixel(i) / 255.0, 1e-7);
    free(x);
    load();
    bytes good = file;
    for (size_t n = 3; n < good.n; n += n < 100 ? 1 : 97) {
        file.n = n;
        refused(&options, SONIC_E_FORMAT, "too early");
    }
    /* Every bit from behind the header on is under the checksum; one image wanted, all are checked.
     */
    options.count = 1;
    for (size_t at = 10; at < good.n; at += at < 30 || at + 12 > good.n ? 1 : 101) {
        file = good;
        file.data[at] ^= 0x10;
        refused(&options, SONIC_E_FORMAT, "damaged");
    }
    file = good;
    add("\x1f\x8b", 2);
    refused(&options, SONIC_E_FORMAT, "too early");
    file = good;
    add("??", 2);
    refused(&options, SONIC_E_FORMAT, "damaged");

    /* Two members, as gzip allows. */
    options.count = 0;
    pack(plain.data, 100, "wb");
    pack(plain.data + 100, plain.n - 100, "ab");
    cr_assert_eq(read_all(&options, &x, &count), SONIC_OK, "%s", error.text);
    free(x);
}
#endif

Test(data, npy_values)
{
    static const struct {
        const char *type;
        double scale; /* of the values 0 .. 23 as they are read */
    } types[] = { { "|u1", 1 / 255.0 },
                  { "<f4", 1 / 32.0 },
                  { "<f8", 1 / 32.0 },
                  { ">f4", 1 / 32.0 },
                  { ">f8", 1 / 32.0 } };
    sonic_images_options options = want(2, 3, 2);
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        char text[128];
        float *x;
        uint64_t count;
        snprintf(text, sizeof text,
                 "{'descr': '%s', 'fortran_order': False, 'shape': (2, 2, 3, 2), }\n",
                 types[t].type);
        npy(text);
        for (size_t i = 0; i < 24; i++) {
            uint8_t one = (uint8_t)i, b[8];
            float single = (float)i / 32;
            double real = (double)i / 32;
            size_t n = types[t].type[1] == 'u' ? 1 : types[t].type[2] == '4' ? 4 : 8;
            memcpy(b, n == 1 ? (void *)&one : n == 4 ? (void *)&single : (void *)&real, n);
            for (size_t j = 0; j < n; j++)
                add(&b[types[t].type[0] == '>' ? n - 1 - j : j], 1);
        }
        put(file.data, file.n);
        cr_assert_eq(read_all(&options, &x, &count), SONIC_OK, "%s", error.text);
        cr_assert_eq(count, 2);
        for (size_t i = 0; i < 24; i++)
            cr_assert_float_eq(x[i], (double)i * types[t].scale, 1e-7, "%s", types[t].type);
        free(x);
    }
}

Test(data, npy_hostile)
{
    sonic_images_options options = want(3, 2, 2);
    static const struct {
        const char *text;
        sonic_status status;
        const char *says;
    } bad[] = {
        { "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 2, 3), }", SONIC_E_SHAPE,
          "channels to the front" },
        { "{'descr': '|u1', 'fortran_order': False, 'shape': (12,), }", SONIC_E_SHAPE, "of -" },
        { "{'descr': '|u1', 'fortran_order': True, 'shape': (1, 3, 2, 2), }", SONIC_E_UNSUPPORTED,
          "Fortran" },
        { "{'descr': '|b1', 'fortran_order': False, 'shape': (1, 3, 2, 2), }", SONIC_E_UNSUPPORTED,
          "type |b1" },
        { "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 3, 2, 2), }",
          SONIC_E_FORMAT, "no simple type" },
        { "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 3, 2, 2 }", SONIC_E_FORMAT,
          "no readable shape" },
        { "{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 3, 2, 2), }", SONIC_E_FORMAT,
          "no readable shape" },
        { "{'descr': '|u1', 'fortran_order': False, 'shape': (), }", SONIC_E_SHAPE,
          "single number" },
        { "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999, 3, 2, 2), }",
          SONIC_E_SHAPE, "too large" },
        { "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1), }",
          SONIC_E_SHAPE, "too large" },
        { "{'descr': '|u1', 'fortran_order': False, 'shape': (9999999999999999999, 3, 2, 2), }",
          SONIC_E_SHAPE, "announces too much" },
        { "{'descr': '|u1', 'shape': (1, 3, 2, 2), }", SONIC_E_FORMAT, "the order" },
        { "", SONIC_E_FORMAT, "the order" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        npy(bad[i].text);
        add_pixels(12);
        refused(&options, bad[i].status, bad[i].says);
    }
    npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 3, 2, 2), }");
    add_pixels(12);
    bytes good = file;
    for (size_t n = 6; n < good.n; n++) {
        file.n = n;
        refused(&options, SONIC_E_FORMAT, "ends after");
    }
    file = good;
    add("x", 1);
    refused(&options, SONIC_E_FORMAT, "goes on after");
    file = good;
    file.data[6] = 4;
    refused(&options, SONIC_E_UNSUPPORTED, "NPY version 4");
    file = good;
    file.data[9] = 0xff;
    refused(&options, SONIC_E_FORMAT, "too long");
    /* Any one byte of the text replaced: refused, or read as another sound header; never a crash.
     */
    size_t refusals = 0;
    for (size_t at = 10; at + 12 < good.n; at++)
        for (unsigned c = 0; c < 256; c += 5) {
            float *x;
            uint64_t count;
            file = good;
            file.data[at] = (uint8_t)c;
            put(file.data, file.n);
            if (read_all(&options, &x, &count) == SONIC_OK)
                free(x);
            else
                refusals++;
        }
    cr_assert_gt(refusals, 1000);
}

Test(data, floats_outside_of_the_range)
{
    static const float bad[] = { 1.25f, -0.001f, NAN, INFINITY, -INFINITY };
    sonic_images_options options = want(1, 2, 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        float x[4] = { 0, 1, 0.5f, bad[i] };
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 1), }");
        add(x, sizeof x);
        refused(&options, SONIC_E_RANGE, "image 1 has the value");
    }
    /* The ends of a range that no float meets are inside. */
    float *x, ends[2] = { -2.1179039f, 2.64f };
    uint64_t count;
    options.low = -2.1179039;
    options.high = 2.64;
    npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 1), }");
    add(ends, sizeof ends);
    put(file.data, file.n);
    cr_assert_eq(read_all(&options, &x, &count), SONIC_OK, "%s", error.text);
    cr_assert((double)x[0] >= options.low && (double)x[1] <= options.high);
    cr_assert_float_eq(x[1], 2.64, 1e-6);
    free(x);
}

Test(data, labels)
{
    int64_t *labels;
    idx(0x08, 1, (uint32_t[]){ 5 });
    add("\x09\x02\x01\x01\x06", 5);
    put(file.data, file.n);
    cr_assert_eq(sonic_labels_read(&labels, path, 1, 3, &error), SONIC_OK, "%s", error.text);
    cr_assert(labels[0] == 2 && labels[1] == 1 && labels[2] == 1);
    free(labels);
    cr_assert_eq(sonic_labels_read(&labels, path, 3, 3, &error), SONIC_E_RANGE);
    cr_assert(strstr(error.text, "holds 5 labels"), "%s", error.text);
    cr_assert_eq(sonic_labels_read(&labels, path, UINT64_MAX, 3, &error), SONIC_E_RANGE);
    cr_assert_eq(sonic_labels_read(&labels, "/nowhere", 0, 3, &error), SONIC_E_FILE);

    npy("{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }");
    add((int64_t[]){ 7, -1, INT64_C(1) << 40 }, 24);
    put(file.data, file.n);
    cr_assert_eq(sonic_labels_read(&labels, path, 0, 3, &error), SONIC_OK, "%s", error.text);
    cr_assert(labels[0] == 7 && labels[1] == -1 && labels[2] == INT64_C(1) << 40);
    free(labels);
    file.n--;
    put(file.data, file.n);
    cr_assert_eq(sonic_labels_read(&labels, path, 0, 1, &error), SONIC_E_FORMAT, "%s", error.text);
    idx(0x08, 2, (uint32_t[]){ 2, 3 });
    add_pixels(6);
    put(file.data, file.n);
    cr_assert_eq(sonic_labels_read(&labels, path, 0, 2, &error), SONIC_E_SHAPE, "%s", error.text);
}

Test(data, npy_written_is_read_back)
{
    double y[12];
    float *x;
    uint64_t count;
    sonic_images_options options = want(1, 2, 3);
    options.low = -100;
    options.high = 100;
    for (size_t i = 0; i < 12; i++)
        y[i] = (double)i * 1.5 - 7.25;
    cr_assert_eq(sonic_npy_write(path, y, 2, &options.shape, &error), SONIC_OK, "%s", error.text);
    cr_assert_eq(read_all(&options, &x, &count), SONIC_OK, "%s", error.text);
    cr_assert_eq(count, 2);
    for (size_t i = 0; i < 12; i++)
        cr_assert_eq((double)x[i], y[i]);
    free(x);
    cr_assert_eq(sonic_npy_write("/nowhere/x.npy", y, 2, &options.shape, &error), SONIC_E_FILE);
    cr_assert(strstr(error.text, "/nowhere/x.npy"), "%s", error.text);
}

#ifdef HAVE_PNG
static void write_png(uint32_t format, uint32_t width, uint32_t height, const void *pixels)
{
    png_image image = {
        .version = PNG_IMAGE_VERSION, .format = format, .width = width, .height = height
    };
    cr_assert(png_image_write_to_file(&image, path, 0, pixels, 0, NULL), "%s", image.message);
}

Test(data, png)
{
    enum { H = 5, W = 4 };
    uint8_t rgb[H * W * 3], grey[H * W];
    float *x;
    uint64_t count;
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = pixel(i);
    for (size_t i = 0; i < sizeof grey; i++)
        grey[i] = pixel(i + 100);

    write_png(PNG_FORMAT_RGB, W, H, rgb);
    sonic_images_options options = want(3, H, W);
    options.files = 2;
    cr_assert_eq(read_all(&options, &x, &count), SONIC_OK, "%s", error.text);
    cr_assert_eq(count, 2);
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < H * W; i++)
            cr_assert_float_eq(x[3 * H * W + c * H * W + i], rgb[i * 3 + c] / 255.0, 1e-7);
    free(x);
    options = want(H, W, 3); /* channels last */
    cr_assert_eq(read_all(&options, &x, &count), SONIC_OK, "%s", error.text);
    for (size_t i = 0; i < sizeof rgb; i++)
        cr_assert_float_eq(x[i], rgb[i] / 255.0, 1e-7);
    free(x);

    write_png(PNG_FORMAT_GRAY, W, H, grey);
    options = want(1, H, W);
    cr_assert_eq(read_all(&options, &x, &count), SONIC_OK, "%s", error.text);
    for (size_t i = 0; i < sizeof grey; i++)
        cr_assert_float_eq(x[i], grey[i] / 255.0, 1e-7);
    free(x);
    options.shape = (sonic_shape){ 1, { H * W } };
    cr_assert_eq(read_all(&options, &x, &count), SONIC_OK, "%s", error.text);
    free(x);

    FILE *in = fopen(path, "rb");
    cr_assert(in);
    file.n = fread(file.data, 1, sizeof file.data, in);
    fclose(in);
    bytes good = file;
    options = want(1, H, W + 1);
    refused(&options, SONIC_E_SHAPE, "picture of 5x4");
    options.shape = (sonic_shape){ 1, { H * W - 1 } };
    refused(&options, SONIC_E_SHAPE, "picture of 5x4");
    options = want(2, H, W);
    refused(&options, SONIC_E_SHAPE, "not a picture");
    options = want(1, H, W);
    /* Cut anywhere before its pixels are complete. */
    for (size_t n = 8; n + 16 < good.n; n++) {
        file.n = n;
        refused(&options, SONIC_E_FORMAT, "damaged");
    }
    /* Any bit flipped: refused or read, never a crash; in the size or the pixels it is refused. */
    for (size_t at = 16; at + 16 < good.n; at++) {
        file = good;
        file.data[at] ^= 1;
        put(file.data, file.n);
        if (read_all(&options, &x, &count) == SONIC_OK)
            free(x);
        else
            cr_assert(strstr(error.text, path), "%s", error.text);
    }
    file = good;
    file.data[19] ^= 1;
    refused(&options, SONIC_E_FORMAT, "damaged");
}
#endif

Test(data, not_files)
{
    sonic_images_options options = want(1, 2, 2);
    float *x;
    uint64_t count;
    char *nowhere[] = { "/nowhere/images" }, *folder[] = { "/tmp" }, *device[] = { "/dev/zero" };
    options.paths = nowhere;
    cr_assert_eq(read_all(&options, &x, &count), SONIC_E_FILE);
    cr_assert(strstr(error.text, "cannot open /nowhere/images"), "%s", error.text);
    options.paths = folder;
    cr_assert_eq(read_all(&options, &x, &count), SONIC_E_FILE);
    cr_assert(strstr(error.text, "/tmp is not a regular file"), "%s", error.text);
    options.paths = device;
    cr_assert_eq(read_all(&options, &x, &count), SONIC_E_FILE);
}
