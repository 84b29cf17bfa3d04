/* Images selected from a list of files, in the model's shape and range; labels. */
#include "tools/data.h"

#include <math.h>
#include <stdlib.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "tools/cli.h"
#include "tools/data_file.h"

struct sonic_images {
    sonic_images_options options;
    size_t elements;
    uint64_t count, given; /* selected, handed out */
    uint64_t skip;         /* images to pass over before the next one */
    size_t next;           /* file to open after this one */
    bool open;
    sonic_data_file file;
    double *row; /* one image as the file has it */
};

/* Whether an item of a file is an image of the model: sizes of 1 do not count, and a flat model
 * takes any item of its size. */
static bool shapes_fit(const sonic_shape *model, const sonic_shape *item)
{
    uint32_t i = 0, j = 0;
    if (model->rank == 1) {
        size_t n = 1;
        for (j = 0; j < item->rank; j++)
            if (!sonic_size_mul(&n, n, item->dim[j]))
                return false;
        return n == model->dim[0];
    }
    for (;;) {
        while (i < model->rank && model->dim[i] == 1)
            i++;
        while (j < item->rank && item->dim[j] == 1)
            j++;
        if (i == model->rank || j == item->rank)
            return i == model->rank && j == item->rank;
        if (model->dim[i++] != item->dim[j++])
            return false;
    }
}

/* The model's channels come first, the item's last. */
static bool channels_last(const sonic_shape *model, const sonic_shape *item)
{
    return model->rank == 3 && item->rank == 3 && model->dim[0] == item->dim[2] &&
           model->dim[1] == item->dim[0] && model->dim[2] == item->dim[1];
}

static sonic_status open_file(sonic_images *images, size_t i, sonic_error *error)
{
    const sonic_images_options *options = &images->options;
    sonic_data_file *file = &images->file;
    sonic_status status = sonic_data_file_open(file, options->paths[i], &options->shape, error);
    if (status != SONIC_OK)
        return status;
    images->open = true;
    sonic_element element = file->header.element;
    if (element == SONIC_ELEMENT_I32 || element == SONIC_ELEMENT_I64)
        return sonic_fail(error, SONIC_E_UNSUPPORTED,
                          "%s holds wide integers; pixels are bytes or floats", options->paths[i]);
    if (!shapes_fit(&options->shape, &file->header.item)) {
        char has[48], takes[48];
        sonic_cli_shape(has, &file->header.item);
        sonic_cli_shape(takes, &options->shape);
        return sonic_fail(error, SONIC_E_SHAPE, "%s holds images of %s, the model takes %s%s",
                          options->paths[i], has, takes,
                          channels_last(&options->shape, &file->header.item)
                              ? ": move the channels to the front (N, C, H, W)"
                              : "");
    }
    return SONIC_OK;
}

static void close_file(sonic_images *images)
{
    if (images->open)
        sonic_data_file_close(&images->file);
    images->open = false;
}

sonic_status sonic_images_open(sonic_images **images, const sonic_images_options *options,
                               sonic_error *error)
{
    uint64_t total = 0;
    sonic_images *made = calloc(1, sizeof *made);
    if (!made)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    made->options = *options;
    sonic_status status = sonic_shape_elements(&options->shape, &made->elements, error);
    for (size_t i = 0; status == SONIC_OK && i < options->files; i++) {
        status = open_file(made, i, error);
        if (status == SONIC_OK && !sonic_size_add(&total, total, made->file.header.count))
            status = sonic_fail(error, SONIC_E_SHAPE, "%s: too many images", options->paths[i]);
        close_file(made);
    }
    if (status == SONIC_OK &&
        (options->first >= total || (options->count && options->count > total - options->first)))
        status = sonic_fail(error, SONIC_E_RANGE,
                            "%llu images from number %llu on were asked for, but there are %llu",
                            (unsigned long long)(options->count ? options->count : 1),
                            (unsigned long long)options->first, (unsigned long long)total);
    if (status == SONIC_OK && !(made->row = calloc(made->elements, sizeof *made->row)))
        status = sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    if (status != SONIC_OK) {
        sonic_images_free(made);
        return status;
    }
    made->count = options->count ? options->count : total - options->first;
    made->skip = options->first;
    *images = made;
    return SONIC_OK;
}

void sonic_images_free(sonic_images *images)
{
    if (!images)
        return;
    close_file(images);
    free(images->row);
    free(images);
}

uint64_t sonic_images_count(const sonic_images *images)
{
    return images->count;
}

/* Opens files and passes over images until the next selected one is up. */
static sonic_status seek(sonic_images *images, sonic_error *error)
{
    sonic_status status = SONIC_OK;
    while (status == SONIC_OK && (!images->open || images->skip > 0 || images->file.left == 0)) {
        if (!images->open) {
            status = open_file(images, images->next++, error);
        } else if (images->file.left == 0) {
            status = sonic_data_file_finish(&images->file, error);
            close_file(images);
        } else {
            uint64_t n = images->skip < images->file.left ? images->skip : images->file.left;
            status = sonic_data_file_skip(&images->file, n, error);
            images->skip -= n;
        }
    }
    return status;
}

/* A real in the model's range as the float next to it inside the range. */
static bool to_range(float *x, double value, const sonic_images_options *options)
{
    float f = (float)value;
    /* A bound of the range, written as a float, may lie one rounding outside of it. */
    if ((double)f > options->high && f <= (float)options->high)
        f = nextafterf(f, -INFINITY);
    if ((double)f < options->low && f >= (float)options->low)
        f = nextafterf(f, INFINITY);
    *x = f;
    return (double)f >= options->low && (double)f <= options->high;
}

sonic_status sonic_images_next(sonic_images *images, float *x, size_t n, sonic_error *error)
{
    const sonic_images_options *options = &images->options;
    for (size_t i = 0; i < n; i++) {
        sonic_status status =
            images->given < images->count
                ? seek(images, error)
                : sonic_fail(error, SONIC_E_RANGE, "no more images were selected");
        if (status != SONIC_OK)
            return status;
        uint64_t number = images->file.header.count - images->file.left;
        status = sonic_data_file_next(&images->file, images->row, error);
        if (status != SONIC_OK)
            return status;
        for (size_t j = 0; j < images->elements; j++) {
            double value = images->row[j];
            if (images->file.header.element == SONIC_ELEMENT_U8)
                value = options->low + value * (options->high - options->low) / 255;
            if (!to_range(&x[i * images->elements + j], value, options))
                return sonic_fail(
                    error, SONIC_E_RANGE,
                    "%s: image %llu has the value %g, outside of the model's input range "
                    "%g:%g",
                    images->file.path, (unsigned long long)number, value, options->low,
                    options->high);
        }
        images->given++;
    }
    /* The rest of the last file: nobody should classify images from a file that is damaged. */
    return images->given == images->count && images->open
               ? sonic_data_file_finish(&images->file, error)
               : SONIC_OK;
}

sonic_status sonic_labels_read(int64_t **labels, const char *path, uint64_t first, size_t n,
                               sonic_error *error)
{
    sonic_data_file file;
    int64_t *made = NULL;
    sonic_status status = sonic_data_file_open(&file, path, NULL, error);
    if (status != SONIC_OK)
        return status;
    sonic_element element = file.header.element;
    if (file.elements != 1 || element == SONIC_ELEMENT_F32 || element == SONIC_ELEMENT_F64)
        status =
            sonic_fail(error, SONIC_E_SHAPE, "%s does not hold labels, one integer an image", path);
    else if (first > file.header.count || n > file.header.count - first)
        status = sonic_fail(error, SONIC_E_RANGE,
                            "%s holds %llu labels, but %llu are needed (%zu from number %llu on)",
                            path, (unsigned long long)file.header.count,
                            (unsigned long long)(first + n), n, (unsigned long long)first);
    else if (!(made = calloc(n ? n : 1, sizeof *made)))
        status = sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    if (status == SONIC_OK)
        status = sonic_data_file_skip(&file, first, error);
    for (size_t i = 0; status == SONIC_OK && i < n; i++) {
        double value;
        status = sonic_data_file_next(&file, &value, error);
        if (status == SONIC_OK)
            made[i] = (int64_t)value;
    }
    if (status == SONIC_OK)
        status = sonic_data_file_finish(&file, error);
    sonic_data_file_close(&file);
    if (status != SONIC_OK) {
        free(made);
        return status;
    }
    *labels = made;
    return SONIC_OK;
}
