/* PNG through libpng's simplified interface, whose errors come back as text. */
#include "config.h"

#include "tools/data_file.h"

#include <string.h>

#include "dispatch/error.h"

#ifdef HAVE_PNG
#include <png.h>
#include <stdlib.h>
#endif

bool sonic_png_recognise(const uint8_t *bytes, size_t n)
{
    return n >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0;
}

#ifdef HAVE_PNG

/* How the model's input reads as a picture. */
typedef struct layout {
    size_t channels, height, width;
    bool last; /* channels last */
} layout;

static bool find_layout(layout *l, const sonic_shape *wanted)
{
    const uint32_t *d = wanted->dim;
    if (wanted->rank == 3 && (d[0] == 1 || d[0] == 3))
        *l = (layout){ d[0], d[1], d[2], false };
    else if (wanted->rank == 3 && (d[2] == 1 || d[2] == 3))
        *l = (layout){ d[2], d[0], d[1], true };
    else if (wanted->rank == 2)
        *l = (layout){ 1, d[0], d[1], false };
    else
        return false;
    return true;
}

sonic_status sonic_png_read(sonic_data_header *header, uint8_t **pixels, const char *path,
                            const sonic_shape *wanted, sonic_error *error)
{
    layout l;
    sonic_status status = SONIC_OK;
    uint8_t *rows = NULL, *planes = NULL;
    png_image image = { .version = PNG_IMAGE_VERSION };
    size_t n;
    if (!png_image_begin_read_from_file(&image, path))
        return sonic_fail(error, SONIC_E_FORMAT, "%s is damaged: %s", path, image.message);
    /* A flat input has no height and width: the picture's own are taken, and its size is checked.
     */
    if (wanted->rank == 1)
        l = (layout){ 1, image.height, image.width, false };
    else if (!find_layout(&l, wanted)) {
        status = sonic_fail(error, SONIC_E_SHAPE, "%s: the model's input is not a picture", path);
        goto free_image;
    }
    if (image.height != l.height || image.width != l.width ||
        (wanted->rank == 1 && (uint64_t)image.height * image.width != wanted->dim[0])) {
        status =
            sonic_fail(error, SONIC_E_SHAPE, "%s is a picture of %ux%u, the model takes %zux%zu",
                       path, image.height, image.width, wanted->rank == 1 ? (size_t)1 : l.height,
                       wanted->rank == 1 ? (size_t)wanted->dim[0] : l.width);
        goto free_image;
    }
    n = l.channels * l.height * l.width;
    rows = calloc(n, 1);
    planes = malloc(n);
    if (!rows || !planes) {
        status = sonic_fail(error, SONIC_E_MEMORY, "out of memory for %s", path);
        goto free_image;
    }
    image.format = l.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    /* Transparent pixels are drawn on black, the zero-filled buffer. */
    if (!png_image_finish_read(&image, NULL, rows, 0, NULL)) {
        status = sonic_fail(error, SONIC_E_FORMAT, "%s is damaged: %s", path, image.message);
        goto free_image;
    }
    for (size_t i = 0; i < l.height * l.width; i++)
        for (size_t c = 0; c < l.channels; c++)
            planes[l.last ? i * l.channels + c : c * l.height * l.width + i] =
                rows[i * l.channels + c];
    header->element = SONIC_ELEMENT_U8;
    header->count = 1;
    header->item = *wanted;
    *pixels = planes;
    planes = NULL;
free_image:
    png_image_free(&image);
    free(rows);
    free(planes);
    return status;
}

#else

sonic_status sonic_png_read(sonic_data_header *header, uint8_t **pixels, const char *path,
                            const sonic_shape *wanted, sonic_error *error)
{
    (void)header, (void)pixels, (void)wanted;
    return sonic_fail(error, SONIC_E_UNSUPPORTED, "%s is a PNG, which this build cannot read",
                      path);
}

#endif
