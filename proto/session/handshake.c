/* The handshake between two servers: one message each way, parsed as hostile, then compared. */
#include "proto/session/handshake.h"

#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "proto/share/file_bytes.h"

enum {
    MAGIC_BYTES = 8,
    LENGTH_MAX = 1 << 16, /* of any version: more is not our protocol */
    ID_SHOWN = 4          /* bytes of an id that a message shows */
};
static const uint8_t magic[MAGIC_BYTES] = "sonicnn";

void sonic_hello_write(uint8_t out[SONIC_HELLO_BYTES], const sonic_hello *hello)
{
    sonic_file_put32(out, SONIC_HELLO_BYTES - 4);
    memcpy(out + 4, magic, MAGIC_BYTES);
    sonic_file_put32(out + 12, SONIC_HELLO_VERSION);
    sonic_file_put32(out + 16, hello->party);
    sonic_file_put32(out + 20, hello->ring);
    sonic_file_put32(out + 24, hello->batch);
    sonic_file_put32(out + 28, hello->next);
    memcpy(out + 32, hello->model, SONIC_ID_BYTES);
    memcpy(out + 48, hello->digest, SONIC_DIGEST_BYTES);
    memcpy(out + 80, hello->pair, SONIC_ID_BYTES);
    memset(out + 96, 0, SONIC_HELLO_TIER);
    for (size_t i = 0; i + 1 < SONIC_HELLO_TIER && hello->tier[i]; i++)
        out[96 + i] = (uint8_t)hello->tier[i];
}

/* What comes before the version never changes, so that another version is told from garbage. */
static sonic_status check_prelude(const uint8_t in[SONIC_HELLO_BYTES], const char *peer,
                                  sonic_error *error)
{
    uint32_t length = sonic_file_get32(in), version = sonic_file_get32(in + 12);
    if (memcmp(in + 4, magic, MAGIC_BYTES) || length < SONIC_HELLO_BYTES - 4 || length > LENGTH_MAX)
        return sonic_fail(error, SONIC_E_PEER, "%s does not speak the protocol of sonicnn", peer);
    if (version != SONIC_HELLO_VERSION)
        return sonic_fail(error, SONIC_E_MISMATCH, "%s speaks version %u of the protocol, here %d",
                          peer, version, SONIC_HELLO_VERSION);
    if (length != SONIC_HELLO_BYTES - 4)
        return sonic_fail(error, SONIC_E_PEER, "%s sent a handshake of %u bytes instead of %d",
                          peer, length, SONIC_HELLO_BYTES - 4);
    return SONIC_OK;
}

/* A tier's name: letters and digits, then only NULs. */
static int valid_tier(const uint8_t name[SONIC_HELLO_TIER])
{
    size_t n = 0;
    while (n < SONIC_HELLO_TIER &&
           ((name[n] >= 'a' && name[n] <= 'z') || (name[n] >= '0' && name[n] <= '9')))
        n++;
    if (n == 0 || n == SONIC_HELLO_TIER)
        return 0;
    for (; n < SONIC_HELLO_TIER; n++)
        if (name[n])
            return 0;
    return 1;
}

sonic_status sonic_hello_read(sonic_hello *hello, const uint8_t in[SONIC_HELLO_BYTES],
                              const char *peer, sonic_error *error)
{
    sonic_status status = check_prelude(in, peer, error);
    if (status)
        return status;
    uint32_t party = sonic_file_get32(in + 16), ring = sonic_file_get32(in + 20);
    if (party > 1)
        return sonic_fail(error, SONIC_E_PEER, "%s says that it is party %u", peer, party);
    if (ring != SONIC_RING_32 && ring != SONIC_RING_64)
        return sonic_fail(error, SONIC_E_PEER, "%s says that its ring has %u bits", peer, ring);
    if (sonic_file_get32(in + 24) == 0)
        return sonic_fail(error, SONIC_E_PEER, "%s plans empty batches", peer);
    if (!valid_tier(in + 96))
        return sonic_fail(error, SONIC_E_PEER, "%s sent no valid name of its tier", peer);
    hello->party = party;
    hello->ring = ring;
    hello->batch = sonic_file_get32(in + 24);
    hello->next = sonic_file_get32(in + 28);
    memcpy(hello->model, in + 32, SONIC_ID_BYTES);
    memcpy(hello->digest, in + 48, SONIC_DIGEST_BYTES);
    memcpy(hello->pair, in + 80, SONIC_ID_BYTES);
    memcpy(hello->tier, in + 96, SONIC_HELLO_TIER);
    return SONIC_OK;
}

/* "server 1 has another <what> (id 01020304..., here 05060708...)" */
static sonic_status differ(const char *peer, const char *what, const uint8_t *theirs,
                           const uint8_t *mine, sonic_error *error)
{
    char there[2 * ID_SHOWN + 1], here[2 * ID_SHOWN + 1];
    sodium_bin2hex(there, sizeof there, theirs, ID_SHOWN);
    sodium_bin2hex(here, sizeof here, mine, ID_SHOWN);
    return sonic_fail(error, SONIC_E_MISMATCH, "%s %s %s..., here %s...)", peer, what, there, here);
}

sonic_status sonic_hello_compare(const sonic_hello *mine, const sonic_hello *theirs,
                                 const char *peer, sonic_error *error)
{
    if (theirs->party == mine->party)
        return sonic_fail(error, SONIC_E_MISMATCH, "%s runs the same party %u", peer, mine->party);
    if (theirs->ring != mine->ring)
        return sonic_fail(error, SONIC_E_MISMATCH, "%s has ring %u, here %u", peer, theirs->ring,
                          mine->ring);
    if (memcmp(theirs->model, mine->model, SONIC_ID_BYTES))
        return differ(peer, "has another model (id", theirs->model, mine->model, error);
    if (theirs->batch != mine->batch)
        return sonic_fail(error, SONIC_E_MISMATCH, "%s plans batches of %u, here %u", peer,
                          theirs->batch, mine->batch);
    if (memcmp(theirs->digest, mine->digest, SONIC_DIGEST_BYTES))
        return differ(peer, "plans another graph (digest", theirs->digest, mine->digest, error);
    if (memcmp(theirs->pair, mine->pair, SONIC_ID_BYTES))
        return differ(peer, "has another pool (pair", theirs->pair, mine->pair, error);
    return SONIC_OK;
}

sonic_status sonic_handshake(sonic_channel *channel, const sonic_hello *mine, sonic_hello *theirs,
                             sonic_error *error)
{
    uint8_t out[SONIC_HELLO_BYTES], in[SONIC_HELLO_BYTES];
    const char *peer = sonic_channel_peer(channel);
    sonic_hello_write(out, mine);
    sonic_status status = sonic_channel_exchange(channel, out, in, sizeof out, error);
    if (!status)
        status = sonic_hello_read(theirs, in, peer, error);
    return status ? status : sonic_hello_compare(mine, theirs, peer, error);
}
