/** @file
 * One container file in a directory of its own, for tests that write it, read it and damage it.
 */
#ifndef SONIC_TESTS_CONTAINER_H
#define SONIC_TESTS_CONTAINER_H

#include <stddef.h>
#include <stdint.h>

#include "proto/share/file.h"

/** The layout, written down a second time; what the tests' files hold. */
enum { PAGE = 4096, CHUNK = 65536, META = 333, DATA = 3 * CHUNK + 777 };

/** A test's fixture: makes a directory, and removes it with the file if there is one. */
void container_enter(void);
void container_leave(void);

const char *container_directory(void);
/** Where the file is, or is to be. */
const char *container_path(void);

/** Deterministic numbers below a limit, from *state; n bytes from a seed. */
uint32_t container_draw(uint64_t *state, uint32_t below);
void container_fill(uint8_t *out, size_t n, uint64_t seed);

/** A sound header of a kind, party 1's where the kind has a party. */
sonic_file_header container_header(sonic_file_kind kind, uint64_t meta_bytes, uint64_t data_bytes);

/** Writes the file. */
void container_write(const sonic_file_header *header, const void *meta, const void *data);

/** Opens the file; the status, which *error must hold as well. */
sonic_status container_open(sonic_reader **reader, sonic_file_kind kind, sonic_error *error);

/** Overwrites part of the file. */
void container_poke(size_t at, const void *bytes, size_t n);

#endif
