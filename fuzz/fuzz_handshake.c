/* Fuzzes the handshake: any bytes as a message, and the same bytes as all that a peer sends before
 * it closes. */
#include "config.h"

#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/session/handshake.h"

static sonic_hello sample(uint32_t party)
{
    sonic_hello hello = {.party = party, .ring = 32, .batch = 1, .next = 3, .tier = "avx2"};
    memset(hello.model, 1, sizeof hello.model);
    memset(hello.digest, 2, sizeof hello.digest);
    memset(hello.pair, 3, sizeof hello.pair);
    return hello;
}

void fuzz_seed(void)
{
    uint8_t bytes[SONIC_HELLO_BYTES];
    sonic_hello hello = sample(1);
    sonic_hello_write(bytes, &hello);
    fuzz_write_seed("fitting", bytes, sizeof bytes);
    hello.ring = 64;
    memcpy(hello.tier, "vaes256", sizeof "vaes256");
    sonic_hello_write(bytes, &hello);
    fuzz_write_seed("other-ring", bytes, sizeof bytes);
    bytes[12] = 2;
    fuzz_write_seed("other-version", bytes, sizeof bytes);
    fuzz_write_seed("short", bytes, 20);
}

/* The message alone: what is read is written back as it was. */
static sonic_status read_message(const uint8_t *data)
{
    uint8_t back[SONIC_HELLO_BYTES];
    sonic_error error = {0};
    sonic_hello mine = sample(0), theirs;
    sonic_status status = sonic_hello_read(&theirs, data, "server 1", &error);
    if (!status) {
        sonic_hello_write(back, &theirs);
        fuzz_require(memcmp(back, data, sizeof back) == 0);
        status = sonic_hello_compare(&mine, &theirs, "server 1", &error);
        fuzz_require(!status || status == SONIC_E_MISMATCH);
        mine = theirs;
        mine.party ^= 1;
        fuzz_require(sonic_hello_compare(&mine, &theirs, "server 1", NULL) == SONIC_OK);
    }
    if (status)
        fuzz_require_sentence(status, &error);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    sonic_channel *here, *there;
    sonic_error error = {0};
    sonic_hello mine = sample(0), theirs;
    sonic_status expected = SONIC_E_CLOSED;
    if (n >= SONIC_HELLO_BYTES)
        expected = read_message(data);
    if (n > 1 << 12)
        return 0;
    fuzz_require(sonic_channel_memory_pair(&here, &there, 1 << 12, 1000, NULL) == SONIC_OK);
    fuzz_require(sonic_channel_send(there, data, n, NULL) == SONIC_OK);
    if (n < SONIC_HELLO_BYTES)
        sonic_channel_free(there);
    sonic_status status = sonic_handshake(here, &mine, &theirs, &error);
    fuzz_require(status == expected);
    if (status)
        fuzz_require_sentence(status, &error);
    sonic_channel_free(here);
    if (n >= SONIC_HELLO_BYTES)
        sonic_channel_free(there);
    return 0;
}
