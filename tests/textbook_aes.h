/** @file
 * AES-128 byte by byte, for comparing kernels with.
 */
#ifndef SONIC_TESTS_TEXTBOOK_AES_H
#define SONIC_TESTS_TEXTBOOK_AES_H

#include <stdint.h>

/** FIPS-197's key expansion. */
void textbook_expand(uint8_t round[11][16], const uint8_t key[16]);

/** out = AES(in); out may be in. */
void textbook_encrypt(uint8_t out[16], const uint8_t in[16], uint8_t round[11][16]);

#endif
