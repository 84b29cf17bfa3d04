/* NPY, numpy's array format: a magic, a Python dictionary as text, then the values. */
#include "tools/data_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "tools/data.h"

/* numpy itself writes headers of 64 to 128 bytes; this leaves room for padding. */
enum { TEXT_MAX = 4096, MAGIC = 6 };

bool sonic_npy_recognise(const uint8_t *bytes, size_t n)
{
    return n >= MAGIC && memcmp(bytes, "\x93NUMPY", MAGIC) == 0;
}

/* The value after 'key': in the dictionary's text, or NULL. */
static const char *find_value(const char *text, const char *key)
{
    char quoted[32];
    for (int i = 0; i < 2; i++) {
        (void)snprintf(quoted, sizeof quoted, "%c%s%c", "'\""[i], key, "'\""[i]);
        const char *at = strstr(text, quoted);
        if (!at)
            continue;
        at += strlen(quoted);
        at += strspn(at, " \t");
        if (*at != ':')
            return NULL;
        at++;
        return at + strspn(at, " \t");
    }
    return NULL;
}

static sonic_status parse_type(sonic_data_header *header, const char *text, const char *path,
                               sonic_error *error)
{
    static const struct {
        const char *name;
        sonic_element element;
    } types[] = {
        { "|u1", SONIC_ELEMENT_U8 },  { "<u1", SONIC_ELEMENT_U8 },  { "<i4", SONIC_ELEMENT_I32 },
        { "<i8", SONIC_ELEMENT_I64 }, { "<f4", SONIC_ELEMENT_F32 }, { "<f8", SONIC_ELEMENT_F64 },
        { ">i4", SONIC_ELEMENT_I32 }, { ">i8", SONIC_ELEMENT_I64 }, { ">f4", SONIC_ELEMENT_F32 },
        { ">f8", SONIC_ELEMENT_F64 },
    };
    const char *at = find_value(text, "descr");
    if (!at || (*at != '\'' && *at != '"'))
        return sonic_fail(error, SONIC_E_FORMAT, "%s: its NPY header names no simple type", path);
    size_t n = strcspn(at + 1, "'\"");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (n == 3 && memcmp(at + 1, types[i].name, 3) == 0) {
            header->element = types[i].element;
            header->big_endian = types[i].name[0] == '>';
            return SONIC_OK;
        }
    return sonic_fail(
        error, SONIC_E_UNSUPPORTED,
        "%s holds values of type %.*s; uint8, int32, int64, float32 and float64 are read", path,
        (int)(n < 16 ? n : 16), at + 1);
}

static sonic_status parse_shape(sonic_data_header *header, const char *text, const char *path,
                                sonic_error *error)
{
    const char *at = find_value(text, "shape");
    unsigned rank = 0;
    if (!at || *at != '(')
        goto malformed;
    at++;
    for (;;) {
        at += strspn(at, " ");
        if (*at == ')')
            break;
        if (*at < '0' || *at > '9')
            goto malformed;
        char *end;
        errno = 0;
        unsigned long long size = strtoull(at, &end, 10);
        if (errno || rank > SONIC_RANK_MAX || (rank > 0 && size > UINT32_MAX))
            return sonic_fail(error, SONIC_E_SHAPE, "%s: its shape is too large", path);
        if (rank == 0)
            header->count = size;
        else
            header->item.dim[rank - 1] = (uint32_t)size;
        rank++;
        at = end + strspn(end, " ");
        if (*at == ',')
            at++;
        else if (*at != ')')
            goto malformed;
    }
    if (rank == 0)
        return sonic_fail(error, SONIC_E_SHAPE, "%s holds a single number, not an array", path);
    header->item.rank = rank - 1;
    return SONIC_OK;
malformed:
    return sonic_fail(error, SONIC_E_FORMAT, "%s: its NPY header has no readable shape", path);
}

sonic_status sonic_npy_header(sonic_data_header *header, sonic_data_source *source,
                              sonic_error *error)
{
    const char *path = sonic_data_source_path(source);
    uint8_t fixed[MAGIC + 6] = { 0 };
    char text[TEXT_MAX + 1];
    sonic_status status = sonic_data_source_read(source, fixed, MAGIC + 4, "its header", error);
    if (status != SONIC_OK)
        return status;
    unsigned version = fixed[MAGIC];
    size_t n = fixed[MAGIC + 2] | (size_t)fixed[MAGIC + 3] << 8;
    if (version < 1 || version > 3)
        return sonic_fail(error, SONIC_E_UNSUPPORTED, "%s is of NPY version %u; 1 to 3 are read",
                          path, version);
    if (version > 1) {
        status = sonic_data_source_read(source, fixed + MAGIC + 4, 2, "its header", error);
        if (status != SONIC_OK)
            return status;
        n |= (size_t)fixed[MAGIC + 4] << 16 | (size_t)fixed[MAGIC + 5] << 24;
    }
    if (n > TEXT_MAX)
        return sonic_fail(error, SONIC_E_FORMAT, "%s: its NPY header of %zu bytes is too long",
                          path, n);
    status = sonic_data_source_read(source, text, n, "its header", error);
    if (status != SONIC_OK)
        return status;
    text[n] = 0;
    const char *order = find_value(text, "fortran_order");
    if (!order || (strncmp(order, "False", 5) != 0 && strncmp(order, "True", 4) != 0))
        return sonic_fail(error, SONIC_E_FORMAT, "%s: its NPY header does not name the order",
                          path);
    if (order[0] == 'T')
        return sonic_fail(error, SONIC_E_UNSUPPORTED,
                          "%s is in Fortran order; save it with numpy.ascontiguousarray()", path);
    status = parse_type(header, text, path, error);
    return status == SONIC_OK ? parse_shape(header, text, path, error) : status;
}

sonic_status sonic_npy_write(const char *path, const double *x, uint64_t count,
                             const sonic_shape *shape, sonic_error *error)
{
    enum { HEADER = 128 };
    char text[HEADER + 1];
    size_t elements;
    sonic_status status = sonic_shape_elements(shape, &elements, error);
    if (status != SONIC_OK)
        return status;
    int used = snprintf(text, sizeof text,
                        "%cNUMPY%c%c%c%c{'descr': '<f8', 'fortran_order': False, "
                        "'shape': (%llu,",
                        0x93, 1, 0, HEADER - 10, 0, (unsigned long long)count);
    for (uint32_t i = 0; i < shape->rank; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, " %u,", shape->dim[i]);
    used += snprintf(text + used, sizeof text - (size_t)used, "), }");
    memset(text + used, ' ', HEADER - (size_t)used);
    text[HEADER - 1] = '\n';
    FILE *out = fopen(path, "wbe");
    bool good = out && fwrite(text, HEADER, 1, out) == 1;
    for (size_t i = 0; good && i < count * elements; i++) {
        uint64_t bits;
        uint8_t bytes[8];
        memcpy(&bits, &x[i], 8);
        for (unsigned j = 0; j < 8; j++)
            bytes[j] = (uint8_t)(bits >> 8 * j);
        good = fwrite(bytes, 8, 1, out) == 1;
    }
    if (out && fclose(out) != 0)
        good = false;
    return good ? SONIC_OK
                : sonic_fail(error, SONIC_E_FILE, "cannot write %s: %s", path, strerror(errno));
}
