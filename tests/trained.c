/* Where the trained networks are, and what is in the files beside them. */
#include "tests/trained.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static bool find(char path[PATH_BYTES], const char *name, const char *suffix)
{
    const char *models = getenv("SONIC_MODELS"), *top = getenv("top_srcdir");
    top = top ? top : ".";
    const char *const places[][2] = {
        {models ? models : top, ""}, {top, "/models"}, {top, "/../shared/models"}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        (void)snprintf(path, PATH_BYTES, "%s%s/%s.%s", places[i][0], places[i][1], name, suffix);
        if (access(path, R_OK) == 0)
            return true;
    }
    return false;
}

bool trained_import(sonic_model *model, const char *name)
{
    char path[PATH_BYTES];
    sonic_error error = {0};
    if (!find(path, name, "onnx"))
        return false;
    cr_assert_eq(sonic_model_import(model, path, &error), SONIC_OK, "%s", error.text);
    return true;
}

bool trained_takes_minutes(const char *name, sonic_methods methods)
{
    if (!getenv("SANITIZED"))
        return false;
    if (methods.source != SONIC_SOURCE_DEALER)
        return strcmp(name, "f3") != 0;
    return !strcmp(name, "c1") || !strcmp(name, "r20");
}

float *trained_read(const char *name, const char *what, size_t *n)
{
    char path[PATH_BYTES], suffix[32];
    uint8_t head[10];
    (void)snprintf(suffix, sizeof suffix, "%s.npy", what);
    if (!find(path, name, suffix))
        return NULL;
    FILE *file = fopen(path, "rb");
    cr_assert(file, "%s", path);
    cr_assert_eq(fread(head, 1, sizeof head, file), sizeof head, "%s", path);
    cr_assert_eq(memcmp(head, "\x93NUMPY\x01", 7), 0, "%s", path);
    size_t length = head[8] | (size_t)head[9] << 8;
    char *text = calloc(length + 1, 1);
    cr_assert(text);
    cr_assert_eq(fread(text, 1, length, file), length, "%s", path);
    cr_assert(strstr(text, "'<f4'") && strstr(text, "'fortran_order': False"), "%s: %s", path,
              text);
    free(text);
    cr_assert_eq(fseek(file, 0, SEEK_END), 0);
    *n = ((size_t)ftell(file) - sizeof head - length) / sizeof(float);
    cr_assert_eq(fseek(file, (long)(sizeof head + length), SEEK_SET), 0);
    float *values = malloc(*n * sizeof *values);
    cr_assert(values);
    cr_assert_eq(fread(values, sizeof *values, *n, file), *n, "%s", path);
    (void)fclose(file);
    return values;
}

float *trained_inputs(const char *name, size_t n)
{
    size_t there;
    float *pixels = trained_read(name, "input", &there);
    if (pixels) {
        cr_assert_leq(n, there, "%s.input.npy", name);
        return pixels;
    }
    pixels = malloc(n * sizeof *pixels);
    cr_assert(pixels);
    for (size_t i = 0; i < n; i++)
        pixels[i] = (float)(i * UINT64_C(0x9e3779b97f4a7c15) >> 56) / 255;
    return pixels;
}
