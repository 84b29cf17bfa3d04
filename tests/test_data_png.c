/* PNG files: pictures are read exactly, in either order of their channels, and refused where they
 * are damaged or of another size. */
#include "config.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "tests/data_sample.h"

#ifdef HAVE_PNG
#include <png.h>

TestSuite(data, .init = sample_make, .fini = sample_remove);

static void write_png(uint32_t format, uint32_t width, uint32_t height, const void *pixels)
{
    png_image image = {
        .version = PNG_IMAGE_VERSION, .format = format, .width = width, .height = height};
    cr_assert(png_image_write_to_file(&image, sample_path(), 0, pixels, 0, NULL), "%s",
              image.message);
}

Test(data, png)
{
    enum { H = 5, W = 4 };
    uint8_t rgb[H * W * 3], grey[H * W];
    float *x;
    uint64_t count;
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = sample_pixel(i);
    for (size_t i = 0; i < sizeof grey; i++)
        grey[i] = sample_pixel(i + 100);

    write_png(PNG_FORMAT_RGB, W, H, rgb);
    sonic_images_options options = sample_options(3, H, W);
    options.files = 2;
    cr_assert_eq(sample_read(&options, &x, &count), SONIC_OK, "%s", sample_error.text);
    cr_assert_eq(count, 2);
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < H * W; i++)
            cr_assert_float_eq(x[3 * H * W + c * H * W + i], rgb[i * 3 + c] / 255.0, 1e-7);
    free(x);
    options = sample_options(H, W, 3); /* channels last */
    cr_assert_eq(sample_read(&options, &x, &count), SONIC_OK, "%s", sample_error.text);
    for (size_t i = 0; i < sizeof rgb; i++)
        cr_assert_float_eq(x[i], rgb[i] / 255.0, 1e-7);
    free(x);

    write_png(PNG_FORMAT_GRAY, W, H, grey);
    options = sample_options(1, H, W);
    cr_assert_eq(sample_read(&options, &x, &count), SONIC_OK, "%s", sample_error.text);
    for (size_t i = 0; i < sizeof grey; i++)
        cr_assert_float_eq(x[i], grey[i] / 255.0, 1e-7);
    free(x);
    options.shape = (sonic_shape){1, {H * W}};
    cr_assert_eq(sample_read(&options, &x, &count), SONIC_OK, "%s", sample_error.text);
    free(x);

    sample_load();
    sample_bytes good = sample;
    options = sample_options(1, H, W + 1);
    sample_refused(&options, SONIC_E_SHAPE, "picture of 5x4");
    options.shape = (sonic_shape){1, {H * W - 1}};
    sample_refused(&options, SONIC_E_SHAPE, "picture of 5x4");
    options = sample_options(2, H, W);
    sample_refused(&options, SONIC_E_SHAPE, "not a picture");
    options = sample_options(1, H, W);
    /* Cut anywhere before its pixels are complete. */
    for (size_t n = 8; n + 16 < good.n; n++) {
        sample.n = n;
        sample_refused(&options, SONIC_E_FORMAT, "damaged");
    }
    /* Any bit flipped: refused or read, never a crash; in the size or the pixels it is refused. */
    for (size_t at = 16; at + 16 < good.n; at++) {
        sample = good;
        sample.data[at] ^= 1;
        sample_save();
        if (sample_read(&options, &x, &count) == SONIC_OK)
            free(x);
        else
            cr_assert(strstr(sample_error.text, sample_path()), "%s", sample_error.text);
    }
    sample = good;
    sample.data[19] ^= 1;
    sample_refused(&options, SONIC_E_FORMAT, "damaged");
}
#endif
