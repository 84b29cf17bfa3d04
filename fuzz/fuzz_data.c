/* Fuzzes the readers of images and labels: IDX, NPY, PNG, and gzip around them. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "tools/data.h"

enum { HEIGHT = 2, WIDTH = 3, MOST = 4 };

void fuzz_seed(void)
{
    static const uint8_t idx[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3,
                                  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 4, 1, 2, 3, 4};
    static const char npy[] = "\x93NUMPY\x01\x00\x3c\x00{'descr': '|u1', 'fortran_order': False, "
                              "'shape': (1,2,3),}abcdef";
    /* printf '\0\0\10\1\0\0\0\1a' | gzip -n */
    static const uint8_t gzip[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x63, 0x60, 0xe0, 0x60, 0x64,
                                   0x60, 0x60, 0x60, 0x4c, 0x04, 0};
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13, 'I', 'H', 'D',
                                  'R',  0,   0,   0,   3,  0,  0,  0,  2, 8, 0, 0,  0,   0};
    fuzz_write_seed("idx", idx, sizeof idx);
    fuzz_write_seed("labels", labels, sizeof labels);
    fuzz_write_seed("npy", npy, sizeof npy - 1);
    fuzz_write_seed("gzip", gzip, sizeof gzip);
    fuzz_write_seed("png", png, sizeof png);
}

static void read_images(char *path, sonic_shape shape, size_t elements)
{
    sonic_images_options options = {
        .paths = &path, .files = 1, .shape = shape, .low = -1, .high = 1};
    sonic_images *images;
    sonic_error error = {0};
    float x[MOST * 3 * HEIGHT * WIDTH];
    sonic_status status = sonic_images_open(&images, &options, &error);
    if (status == SONIC_OK) {
        uint64_t count = sonic_images_count(images);
        fuzz_require(count > 0);
        size_t n = count < MOST ? (size_t)count : MOST;
        status = sonic_images_next(images, x, n, &error);
        for (size_t i = 0; status == SONIC_OK && i < n * elements; i++)
            fuzz_require(x[i] >= -1 && x[i] <= 1);
        sonic_images_free(images);
    }
    if (status != SONIC_OK)
        fuzz_require_sentence(status, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char path[32];
    int64_t *labels;
    sonic_error error = {0};
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fuzz_file_of(data, n));
    read_images(path, (sonic_shape){3, {1, HEIGHT, WIDTH}}, HEIGHT * WIDTH);
    read_images(path, (sonic_shape){3, {HEIGHT, WIDTH, 3}}, HEIGHT * WIDTH * 3);
    sonic_status status = sonic_labels_read(&labels, path, 0, MOST, &error);
    if (status == SONIC_OK)
        free(labels);
    else
        fuzz_require_sentence(status, &error);
    return 0;
}
