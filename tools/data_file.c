/* One data file: recognised by its first bytes, then read item by item as doubles. */
#include "tools/data_file.h"

#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"

static const uint8_t element_bytes[] = { 1, 4, 8, 4, 8 };

static sonic_status count_elements(sonic_data_file *file, sonic_error *error)
{
    size_t n = 1, bytes;
    for (uint32_t i = 0; i < file->header.item.rank; i++)
        if (!sonic_size_mul(&n, n, file->header.item.dim[i]))
            return sonic_fail(error, SONIC_E_SHAPE, "%s: its items are too large", file->path);
    if (n == 0)
        return sonic_fail(error, SONIC_E_SHAPE, "%s holds items without values", file->path);
    if (!sonic_size_mul(&bytes, n, 8) || !sonic_size_mul(&bytes, bytes, file->header.count))
        return sonic_fail(error, SONIC_E_SHAPE, "%s: its header announces too much", file->path);
    /* Before anyone takes memory for what is announced. */
    if (!file->pixels && !sonic_data_source_can_hold(file->source, n * file->header.count))
        return sonic_fail(error, SONIC_E_FORMAT,
                          "%s is too short for the %llu items that its header announces",
                          file->path, (unsigned long long)file->header.count);
    file->elements = n;
    file->left = file->header.count;
    return SONIC_OK;
}

sonic_status sonic_data_file_open(sonic_data_file *file, const char *path,
                                  const sonic_shape *wanted, sonic_error *error)
{
    const uint8_t *start;
    *file = (sonic_data_file){ .path = path };
    sonic_status status = sonic_data_source_open(&file->source, path, error);
    if (status != SONIC_OK)
        return status;
    size_t n = sonic_data_source_peek(file->source, &start);
    if (sonic_npy_recognise(start, n))
        status = sonic_npy_header(&file->header, file->source, error);
    else if (sonic_idx_recognise(start, n))
        status = sonic_idx_header(&file->header, file->source, error);
    else if (wanted && sonic_png_recognise(start, n))
        status = sonic_png_read(&file->header, &file->pixels, path, wanted, error);
    else
        status = sonic_fail(error, SONIC_E_FORMAT, "%s is neither IDX nor NPY%s", path,
                            wanted ? " nor PNG" : "");
    if (status == SONIC_OK)
        status = count_elements(file, error);
    if (status != SONIC_OK)
        sonic_data_file_close(file);
    return status;
}

void sonic_data_file_close(sonic_data_file *file)
{
    sonic_data_source_close(file->source);
    free(file->pixels);
    file->source = NULL;
    file->pixels = NULL;
}

static double decode(const uint8_t *bytes, const sonic_data_header *header)
{
    size_t n = element_bytes[header->element];
    uint64_t bits = 0;
    for (size_t i = 0; i < n; i++)
        bits |= (uint64_t)bytes[header->big_endian ? n - 1 - i : i] << 8 * i;
    uint32_t low = (uint32_t)bits;
    float single;
    double number;
    switch (header->element) {
    case SONIC_ELEMENT_I32: return (int32_t)low;
    case SONIC_ELEMENT_I64: return (double)(int64_t)bits;
    case SONIC_ELEMENT_F32: memcpy(&single, &low, 4); return single;
    case SONIC_ELEMENT_F64: memcpy(&number, &bits, 8); return number;
    default: return (double)bits;
    }
}

/* Hands the next n values to x, or drops them when x is NULL. */
static sonic_status take(sonic_data_file *file, double *x, size_t n, sonic_error *error)
{
    uint8_t buffer[4096];
    size_t bytes = element_bytes[file->header.element];
    size_t most = sizeof buffer / bytes;
    for (size_t i = 0; i < n;) {
        size_t k = n - i < most ? n - i : most;
        sonic_status status =
            sonic_data_source_read(file->source, buffer, k * bytes, "its values", error);
        if (status != SONIC_OK)
            return status;
        for (size_t j = 0; x && j < k; j++)
            x[i + j] = decode(buffer + j * bytes, &file->header);
        i += k;
    }
    return SONIC_OK;
}

sonic_status sonic_data_file_next(sonic_data_file *file, double *x, sonic_error *error)
{
    if (file->left == 0)
        return sonic_fail(error, SONIC_E_RANGE, "%s holds only %llu items", file->path,
                          (unsigned long long)file->header.count);
    file->left--;
    if (!file->pixels)
        return take(file, x, file->elements, error);
    for (size_t i = 0; i < file->elements; i++)
        x[i] = file->pixels[i];
    return SONIC_OK;
}

sonic_status sonic_data_file_skip(sonic_data_file *file, uint64_t items, sonic_error *error)
{
    if (items > file->left)
        return sonic_fail(error, SONIC_E_RANGE, "%s holds only %llu items", file->path,
                          (unsigned long long)file->header.count);
    file->left -= items;
    return file->pixels ? SONIC_OK : take(file, NULL, items * file->elements, error);
}

sonic_status sonic_data_file_finish(sonic_data_file *file, sonic_error *error)
{
    sonic_status status = sonic_data_file_skip(file, file->left, error);
    if (status != SONIC_OK || file->pixels)
        return status;
    return sonic_data_source_end(file->source, error);
}
