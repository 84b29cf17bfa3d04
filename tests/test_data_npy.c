/* NPY files: every type of value is read exactly, what is written is read back, and a dictionary
 * that does not describe images is refused. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/data_sample.h"

TestSuite(data, .init = sample_make, .fini = sample_remove);

Test(data, npy_values)
{
    static const struct {
        const char *type;
        double scale; /* of the values 0 .. 23 as they are read */
    } types[] = {{"|u1", 1 / 255.0},
                 {"<f4", 1 / 32.0},
                 {"<f8", 1 / 32.0},
                 {">f4", 1 / 32.0},
                 {">f8", 1 / 32.0}};
    sonic_images_options options = sample_options(2, 3, 2);
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        char text[128];
        float *x;
        uint64_t count;
        snprintf(text, sizeof text,
                 "{'descr': '%s', 'fortran_order': False, 'shape': (2, 2, 3, 2), }\n",
                 types[t].type);
        sample_npy(text);
        for (size_t i = 0; i < 24; i++) {
            uint8_t one = (uint8_t)i, b[8];
            float single = (float)i / 32;
            double real = (double)i / 32;
            size_t n = types[t].type[1] == 'u' ? 1 : types[t].type[2] == '4' ? 4 : 8;
            memcpy(b, n == 1 ? (void *)&one : n == 4 ? (void *)&single : (void *)&real, n);
            for (size_t j = 0; j < n; j++)
                sample_add(&b[types[t].type[0] == '>' ? n - 1 - j : j], 1);
        }
        sample_save();
        cr_assert_eq(sample_read(&options, &x, &count), SONIC_OK, "%s", sample_error.text);
        cr_assert_eq(count, 2);
        for (size_t i = 0; i < 24; i++)
            cr_assert_float_eq(x[i], (double)i * types[t].scale, 1e-7, "%s", types[t].type);
        free(x);
    }
}

Test(data, npy_hostile)
{
    sonic_images_options options = sample_options(3, 2, 2);
    static const struct {
        const char *text;
        sonic_status status;
        const char *says;
    } bad[] = {
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 2, 3), }", SONIC_E_SHAPE,
         "channels to the front"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (12,), }", SONIC_E_SHAPE, "of -"},
        {"{'descr': '|u1', 'fortran_order': True, 'shape': (1, 3, 2, 2), }", SONIC_E_UNSUPPORTED,
         "Fortran"},
        {"{'descr': '|b1', 'fortran_order': False, 'shape': (1, 3, 2, 2), }", SONIC_E_UNSUPPORTED,
         "type |b1"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 3, 2, 2), }",
         SONIC_E_FORMAT, "no simple type"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 3, 2, 2 }", SONIC_E_FORMAT,
         "no readable shape"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 3, 2, 2), }", SONIC_E_FORMAT,
         "no readable shape"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (), }", SONIC_E_SHAPE, "single number"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999, 3, 2, 2), }",
         SONIC_E_SHAPE, "too large"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1), }",
         SONIC_E_SHAPE, "too large"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (9999999999999999999, 3, 2, 2), }",
         SONIC_E_SHAPE, "announces too much"},
        {"{'descr': '|u1', 'shape': (1, 3, 2, 2), }", SONIC_E_FORMAT, "the order"},
        {"", SONIC_E_FORMAT, "the order"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sample_npy(bad[i].text);
        sample_add_pixels(12);
        sample_refused(&options, bad[i].status, bad[i].says);
    }
    sample_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 3, 2, 2), }");
    sample_add_pixels(12);
    sample_bytes good = sample;
    for (size_t n = 6; n < good.n; n++) {
        sample.n = n;
        sample_refused(&options, SONIC_E_FORMAT, "ends after");
    }
    sample = good;
    sample_add("x", 1);
    sample_refused(&options, SONIC_E_FORMAT, "goes on after");
    sample = good;
    sample.data[6] = 4;
    sample_refused(&options, SONIC_E_UNSUPPORTED, "NPY version 4");
    sample = good;
    sample.data[9] = 0xff;
    sample_refused(&options, SONIC_E_FORMAT, "too long");
    /* Any one byte of the text replaced: refused, or read as another sound header; never a crash.
     */
    size_t refusals = 0;
    for (size_t at = 10; at + 12 < good.n; at++)
        for (unsigned c = 0; c < 256; c += 5) {
            float *x;
            uint64_t count;
            sample = good;
            sample.data[at] = (uint8_t)c;
            sample_save();
            if (sample_read(&options, &x, &count) == SONIC_OK)
                free(x);
            else
                refusals++;
        }
    cr_assert_gt(refusals, 1000);
}

Test(data, npy_written_is_read_back)
{
    double y[12];
    float *x;
    uint64_t count;
    sonic_images_options options = sample_options(1, 2, 3);
    options.low = -100;
    options.high = 100;
    for (size_t i = 0; i < 12; i++)
        y[i] = (double)i * 1.5 - 7.25;
    cr_assert_eq(sonic_npy_write(sample_path(), y, 2, &options.shape, &sample_error), SONIC_OK,
                 "%s", sample_error.text);
    cr_assert_eq(sample_read(&options, &x, &count), SONIC_OK, "%s", sample_error.text);
    cr_assert_eq(count, 2);
    for (size_t i = 0; i < 12; i++)
        cr_assert_eq((double)x[i], y[i]);
    free(x);
    cr_assert_eq(sonic_npy_write("/nowhere/x.npy", y, 2, &options.shape, &sample_error),
                 SONIC_E_FILE);
    cr_assert(strstr(sample_error.text, "/nowhere/x.npy"), "%s", sample_error.text);
}
