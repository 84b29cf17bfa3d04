/* Tensors of an ONNX file: every numeric type, inline, raw or in an external file. */
#include "proto/model/onnx.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/share/file_bytes.h"

enum { BFLOAT16 = 16 }; /* ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16 of newer files */

/* Bytes of an element in raw data, 0 for a type that is no number. */
static size_t type_bytes(int32_t type)
{
    switch (type) {
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT8:
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT8:
    case ONNX__TENSOR_PROTO__DATA_TYPE__BOOL: return 1;
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT16:
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT16:
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16:
    case BFLOAT16: return 2;
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT32:
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT32: return 4;
    case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE:
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT64: return 8;
    default: return 0;
    }
}

static bool type_is_real(int32_t type)
{
    return type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT ||
           type == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE ||
           type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16 || type == BFLOAT16;
}

static double from_half(uint16_t bits)
{
    int exponent = bits >> 10 & 31;
    double fraction = bits & 1023;
    double size = exponent == 31 ? (fraction != 0 ? NAN : INFINITY)
                  : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                 : ldexp(fraction, -24);
    return bits >> 15 ? -size : size;
}

static double from_float_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

/* One element of raw data; `bits` are its little-endian bytes. */
static void set_from_bits(sonic_tensor *tensor, size_t i, int32_t type, uint64_t bits)
{
    switch (type) {
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
        tensor->real[i] = from_float_bits((uint32_t)bits);
        break;
    case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE: memcpy(&tensor->real[i], &bits, sizeof bits); break;
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16: tensor->real[i] = from_half((uint16_t)bits); break;
    case BFLOAT16: tensor->real[i] = from_float_bits((uint32_t)bits << 16); break;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT8: tensor->integer[i].value = (int8_t)bits; break;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT16: tensor->integer[i].value = (int16_t)bits; break;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT32: tensor->integer[i].value = (int32_t)bits; break;
    default: tensor->integer[i].value = (int64_t)bits; break;
    }
}

static void set_from_raw(sonic_tensor *tensor, int32_t type, const uint8_t *raw)
{
    size_t bytes = type_bytes(type);
    for (size_t i = 0; i < tensor->n; i++, raw += bytes) {
        uint64_t bits = 0;
        for (size_t k = 0; k < bytes; k++)
            bits |= (uint64_t)raw[k] << 8 * k;
        set_from_bits(tensor, i, type, bits);
    }
}

/* Typed fields; the narrow types travel in int32_data, unsigned 32 bits in uint64_data. */
static size_t typed_count(const Onnx__TensorProto *proto, int32_t type)
{
    switch (type) {
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT: return proto->n_float_data;
    case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE: return proto->n_double_data;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT64: return proto->n_int64_data;
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT32:
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT64: return proto->n_uint64_data;
    default: return proto->n_int32_data;
    }
}

static void set_from_typed(sonic_tensor *tensor, int32_t type, const Onnx__TensorProto *proto)
{
    for (size_t i = 0; i < tensor->n; i++)
        switch (type) {
        case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
            tensor->real[i] = (double)proto->float_data[i];
            break;
        case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE: tensor->real[i] = proto->double_data[i]; break;
        case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
            tensor->integer[i].value = proto->int64_data[i];
            break;
        case ONNX__TENSOR_PROTO__DATA_TYPE__UINT32:
        case ONNX__TENSOR_PROTO__DATA_TYPE__UINT64:
            tensor->integer[i].value = (int64_t)proto->uint64_data[i];
            break;
        default: set_from_bits(tensor, i, type, (uint32_t)proto->int32_data[i]); break;
        }
}

/* What external_data says. */
typedef struct external {
    const char *location;
    uint64_t offset, length;
    bool has_length;
    int fd;
} external;

static bool parse_size(const char *text, uint64_t *value)
{
    char *end;
    if (!text || *text < '0' || *text > '9')
        return false;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return errno == 0 && *end == 0 && *value <= INT64_MAX;
}

/* A path that stays below the model's directory: relative, no "..". */
static bool stays_inside(const char *path)
{
    if (!path || !*path || *path == '/' || strchr(path, '\\'))
        return false;
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (part[0] == '.' && part[1] == '.' && (part[2] == '/' || part[2] == 0))
            return false;
    }
    return true;
}

static sonic_status parse_external(const sonic_onnx *onnx, const Onnx__TensorProto *proto,
                                   const char *name, external *e)
{
    for (size_t i = 0; i < proto->n_external_data; i++) {
        const Onnx__StringStringEntryProto *entry = proto->external_data[i];
        const char *key = entry->key ? entry->key : "";
        bool good = true;
        if (strcmp(key, "location") == 0)
            e->location = entry->value;
        else if (strcmp(key, "offset") == 0)
            good = parse_size(entry->value, &e->offset);
        else if (strcmp(key, "length") == 0)
            good = e->has_length = parse_size(entry->value, &e->length);
        if (!good)
            return sonic_fail(onnx->error, SONIC_E_FORMAT,
                              "tensor '%.60s': its external %s is no size", name, key);
    }
    if (!stays_inside(e->location))
        return sonic_fail(onnx->error, SONIC_E_FORMAT,
                          "tensor '%.60s': its data lie outside the model's directory, in '%.80s'",
                          name, e->location ? e->location : "");
    if (!onnx->directory)
        return sonic_fail(onnx->error, SONIC_E_UNSUPPORTED,
                          "tensor '%.60s': its data are in another file, '%.80s'", name,
                          e->location);
    return SONIC_OK;
}

static sonic_status read_all(const sonic_onnx *onnx, int fd, const char *path, uint64_t offset,
                             uint8_t *raw, size_t n)
{
    const int code = sonic_file_read_at(fd, raw, n, offset);
    if (code < 0)
        return sonic_fail(onnx->error, SONIC_E_FILE, "cannot read '%.200s': it is too short", path);
    if (code)
        return sonic_fail_errno(onnx->error, SONIC_E_FILE, code, "cannot read '%.200s'", path);
    return SONIC_OK;
}

/* Opens the file that holds n bytes of a tensor. */
static sonic_status open_external(const sonic_onnx *onnx, const Onnx__TensorProto *proto,
                                  const char *name, size_t n, external *e)
{
    char path[PATH_MAX];
    struct stat info;
    e->fd = -1;
    sonic_status status = parse_external(onnx, proto, name, e);
    if (status)
        return status;
    int length = snprintf(path, sizeof path, "%s/%s", onnx->directory, e->location);
    if (length < 0 || (size_t)length >= sizeof path)
        return sonic_fail(onnx->error, SONIC_E_FILE,
                          "tensor '%.60s': the path of its data is too long", name);
    if (e->has_length && e->length != n)
        return sonic_fail(onnx->error, SONIC_E_FORMAT,
                          "tensor '%.60s': it needs %zu bytes and its external data are %llu", name,
                          n, (unsigned long long)e->length);
    e->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (e->fd < 0 || fstat(e->fd, &info))
        return sonic_fail(onnx->error, SONIC_E_FILE, "cannot open '%.200s': %s", path,
                          strerror(errno));
    if (!S_ISREG(info.st_mode) || (uint64_t)info.st_size < e->offset ||
        (uint64_t)info.st_size - e->offset < n)
        return sonic_fail(onnx->error, SONIC_E_FORMAT, "'%.120s' is too short for tensor '%.60s'",
                          path, name);
    return SONIC_OK;
}

static sonic_status read_external(const sonic_onnx *onnx, const Onnx__TensorProto *proto,
                                  const char *name, const external *e, sonic_tensor *tensor)
{
    size_t n = tensor->n * type_bytes(proto->data_type);
    uint8_t *raw = malloc(n ? n : 1);
    sonic_status status =
        raw ? read_all(onnx, e->fd, e->location, e->offset, raw, n)
            : sonic_fail(onnx->error, SONIC_E_MEMORY, "no memory for tensor '%.60s'", name);
    if (!status)
        set_from_raw(tensor, proto->data_type, raw);
    free(raw);
    return status;
}

static bool is_external(const Onnx__TensorProto *proto)
{
    return proto->has_data_location &&
           proto->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
}

static sonic_status fill(sonic_onnx *onnx, const Onnx__TensorProto *proto, const char *name,
                         sonic_tensor *tensor)
{
    int32_t type = proto->data_type;
    if (proto->has_raw_data) {
        if (proto->raw_data.len != tensor->n * type_bytes(type))
            return sonic_fail(onnx->error, SONIC_E_FORMAT,
                              "tensor '%.60s': %zu bytes of data are not %zu elements of %zu", name,
                              proto->raw_data.len, tensor->n, type_bytes(type));
        set_from_raw(tensor, type, proto->raw_data.data);
        return SONIC_OK;
    }
    if (typed_count(proto, type) != tensor->n)
        return sonic_fail(onnx->error, SONIC_E_FORMAT,
                          "tensor '%.60s': it has %zu elements of data for a shape of %zu", name,
                          typed_count(proto, type), tensor->n);
    set_from_typed(tensor, type, proto);
    return SONIC_OK;
}

/* Whether the data that are in the model can fill n elements, before memory is taken. */
static bool data_are_there(const Onnx__TensorProto *proto, size_t n)
{
    return proto->has_raw_data ? n <= proto->raw_data.len
                               : n == typed_count(proto, proto->data_type);
}

static sonic_status check_tensor(const sonic_onnx *onnx, const Onnx__TensorProto *proto,
                                 const char *name, size_t *dim, size_t *n)
{
    int32_t type = proto->has_data_type ? proto->data_type : 0;
    if (type_bytes(type) == 0)
        return sonic_fail(onnx->error, SONIC_E_UNSUPPORTED,
                          "tensor '%.60s': elements of type %d are not supported", name, (int)type);
    if (proto->segment || proto->n_dims > SONIC_TENSOR_RANK_MAX)
        return sonic_fail(onnx->error, SONIC_E_UNSUPPORTED,
                          "tensor '%.60s': it is in segments, or has more than %d dimensions", name,
                          SONIC_TENSOR_RANK_MAX);
    *n = 1;
    for (size_t i = 0; i < proto->n_dims; i++) {
        dim[i] = proto->dims[i] < 0 ? SIZE_MAX : (size_t)proto->dims[i];
        if (!sonic_size_mul(n, *n, dim[i]) || *n > SONIC_ELEMENTS_MAX)
            return sonic_fail(onnx->error, SONIC_E_FORMAT,
                              "tensor '%.60s': its shape is negative or larger than 2^31", name);
    }
    if (!is_external(proto) && !data_are_there(proto, *n))
        return sonic_fail(onnx->error, SONIC_E_FORMAT,
                          "tensor '%.60s': its data do not fill its shape of %zu elements", name,
                          *n);
    if (*n > SONIC_ELEMENTS_MAX - onnx->constants)
        return sonic_fail(onnx->error, SONIC_E_UNSUPPORTED,
                          "the network has more than 2^31 weights");
    return SONIC_OK;
}

sonic_status sonic_onnx_tensor(sonic_onnx *onnx, const Onnx__TensorProto *proto, const char *name,
                               sonic_tensor **tensor)
{
    size_t dim[SONIC_TENSOR_RANK_MAX], n = 0;
    sonic_tensor *made = NULL;
    external e = {.fd = -1};
    sonic_status status = check_tensor(onnx, proto, name, dim, &n);
    if (status)
        return status;
    if (is_external(proto))
        status = open_external(onnx, proto, name, n * type_bytes(proto->data_type), &e);
    if (!status)
        status = sonic_tensor_create(&made, !type_is_real(proto->data_type),
                                     (uint32_t)proto->n_dims, dim, onnx->error);
    if (!status)
        status = is_external(proto) ? read_external(onnx, proto, name, &e, made)
                                    : fill(onnx, proto, name, made);
    if (e.fd >= 0)
        (void)close(e.fd);
    if (status) {
        sonic_tensor_free(made);
        return status;
    }
    onnx->constants += n;
    *tensor = made;
    return SONIC_OK;
}
