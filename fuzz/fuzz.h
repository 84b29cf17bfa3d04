/** @file
 * What every fuzz target has, so that tests/fuzz.sh can run it.
 *
 * A target defines fuzz_seed(), which hands its starting inputs to fuzz_write_seed(), and
 * libFuzzer's LLVMFuzzerTestOneInput(), which aborts where the code under test breaks a promise:
 * fuzz_require().
 */
#ifndef SONIC_FUZZ_FUZZ_H
#define SONIC_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <sonicnn/status.h>

/** The target's own: called once before fuzzing begins. */
void fuzz_seed(void);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/** Adds one starting input to the corpus, the directory named by SONIC_FUZZ_CORPUS. */
void fuzz_write_seed(const char *name, const void *data, size_t n);

/** An anonymous file holding n bytes; the same one for every call, and not to be closed. */
int fuzz_file_of(const void *data, size_t n);

/** Ends the program, which libFuzzer reports with the input that led here. */
#define fuzz_require(condition)                                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/** A failure must say so twice, in one printable sentence. */
void fuzz_require_sentence(sonic_status status, const sonic_error *error);

#endif
