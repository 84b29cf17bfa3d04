/* Greetings, messages and files around the inferences: bytes to structs, nothing believed. */
#include "proto/session/request.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "proto/share/file_bytes.h"
#include "proto/share/secret.h"

static const uint8_t magic[8] = { 'S', 'O', 'N', 'I', 'C', 'R', 'E', 'Q' };

/* A file travels in chunks of this size: small beside any memory, large beside a packet. */
enum { CHUNK = 256 << 10 };

sonic_status sonic_greeting_send(sonic_channel *channel, const sonic_greeting *greeting,
                                 sonic_error *error)
{
    uint8_t bytes[SONIC_GREETING_BYTES] = { 0 };
    memcpy(bytes, magic, sizeof magic);
    sonic_file_put32(bytes + 8, SONIC_REQUEST_VERSION);
    bytes[12] = (uint8_t)greeting->role;
    bytes[13] = (uint8_t)greeting->party;
    bytes[14] = (uint8_t)greeting->ring;
    bytes[15] = (uint8_t)greeting->relu;
    memcpy(bytes + 16, greeting->model, SONIC_ID_BYTES);
    memcpy(bytes + 32, greeting->request, SONIC_ID_BYTES);
    sonic_file_put32(bytes + 48, greeting->batch);
    sonic_file_put32(bytes + 52, greeting->count);
    sonic_file_put64(bytes + 56, greeting->bytes);
    return sonic_channel_send(channel, bytes, sizeof bytes, error);
}

sonic_status sonic_greeting_parse(sonic_greeting *greeting, const uint8_t *bytes, const char *peer,
                                  sonic_error *error)
{
    if (memcmp(bytes, magic, sizeof magic) != 0)
        return sonic_fail(error, SONIC_E_PEER, "%s does not speak sonicnn's protocol", peer);
    uint32_t version = sonic_file_get32(bytes + 8);
    if (version != SONIC_REQUEST_VERSION)
        return sonic_fail(error, SONIC_E_MISMATCH,
                          "%s speaks version %u of the protocol, this is %d", peer, version,
                          SONIC_REQUEST_VERSION);
    if (bytes[12] < SONIC_ROLE_USER || bytes[12] > SONIC_ROLE_DEALER ||
        bytes[13] > SONIC_NO_PARTY || (bytes[14] != SONIC_RING_32 && bytes[14] != SONIC_RING_64) ||
        bytes[15] >= SONIC_RELUS || sonic_file_get64(bytes + 64) != 0)
        return sonic_fail(error, SONIC_E_PEER, "%s sent a malformed greeting", peer);
    *greeting = (sonic_greeting){
        .role = (sonic_role)bytes[12],
        .party = bytes[13],
        .ring = (sonic_ring)bytes[14],
        .relu = (sonic_relu)bytes[15],
        .batch = sonic_file_get32(bytes + 48),
        .count = sonic_file_get32(bytes + 52),
        .bytes = sonic_file_get64(bytes + 56),
    };
    memcpy(greeting->model, bytes + 16, SONIC_ID_BYTES);
    memcpy(greeting->request, bytes + 32, SONIC_ID_BYTES);
    return SONIC_OK;
}

sonic_status sonic_greeting_receive(sonic_channel *channel, sonic_greeting *greeting,
                                    sonic_role role, sonic_role or_role, sonic_error *error)
{
    static const char *const names[] = { "", "a user", "a server", "a dealer" };
    uint8_t bytes[SONIC_GREETING_BYTES];
    sonic_status status = sonic_channel_receive(channel, bytes, sizeof bytes, error);
    if (status == SONIC_OK)
        status = sonic_greeting_parse(greeting, bytes, sonic_channel_peer(channel), error);
    if (status == SONIC_OK && greeting->role != role && greeting->role != or_role)
        status = sonic_fail(error, SONIC_E_MISMATCH, "%s is %s; expected %s",
                            sonic_channel_peer(channel), names[greeting->role], names[role]);
    return status;
}

sonic_status sonic_message_send(sonic_channel *channel, const sonic_message *message,
                                sonic_error *error)
{
    uint8_t bytes[4 + SONIC_MESSAGE_FIXED + SONIC_MESSAGE_TEXT] = { 0 };
    size_t text = strnlen(message->text, SONIC_MESSAGE_TEXT - 1);
    sonic_file_put32(bytes, (uint32_t)(SONIC_MESSAGE_FIXED + text));
    bytes[4] = (uint8_t)message->type;
    memcpy(bytes + 8, message->id, SONIC_ID_BYTES);
    sonic_file_put64(bytes + 24, message->done);
    sonic_file_put64(bytes + 32, message->total);
    memcpy(bytes + 40, message->text, text);
    return sonic_channel_send(channel, bytes, 4 + SONIC_MESSAGE_FIXED + text, error);
}

sonic_status sonic_message_say(sonic_channel *channel, sonic_message_type type, const char *text,
                               sonic_error *error)
{
    sonic_message message = { .type = type };
    memcpy(message.text, text, strnlen(text, SONIC_MESSAGE_TEXT - 1));
    return sonic_message_send(channel, &message, error);
}

void sonic_message_try(sonic_channel *channel, sonic_message_type type, const char *text)
{
    sonic_status status = sonic_message_say(channel, type, text, NULL);
    (void)status;
}

sonic_status sonic_message_parse(sonic_message *message, const uint8_t *bytes, size_t n,
                                 const char *peer, sonic_error *error)
{
    if (n < SONIC_MESSAGE_FIXED || n >= SONIC_MESSAGE_FIXED + SONIC_MESSAGE_TEXT ||
        bytes[0] < SONIC_MESSAGE_WAIT || bytes[0] >= SONIC_MESSAGE_TYPES || bytes[1] || bytes[2] ||
        bytes[3])
        return sonic_fail(error, SONIC_E_PEER, "%s sent a malformed message", peer);
    *message = (sonic_message){
        .type = (sonic_message_type)bytes[0],
        .done = sonic_file_get64(bytes + 20),
        .total = sonic_file_get64(bytes + 28),
    };
    memcpy(message->id, bytes + 4, SONIC_ID_BYTES);
    for (size_t i = 0; i < n - SONIC_MESSAGE_FIXED; i++) {
        char c = (char)bytes[SONIC_MESSAGE_FIXED + i];
        message->text[i] = c >= ' ' && c <= '~' ? c : '?';
    }
    return SONIC_OK;
}

sonic_status sonic_message_receive(sonic_channel *channel, sonic_message *message,
                                   sonic_error *error)
{
    uint8_t bytes[SONIC_MESSAGE_FIXED + SONIC_MESSAGE_TEXT], length[4];
    const char *peer = sonic_channel_peer(channel);
    sonic_status status = sonic_channel_receive(channel, length, sizeof length, error);
    if (status != SONIC_OK)
        return status;
    uint32_t n = sonic_file_get32(length);
    if (n < SONIC_MESSAGE_FIXED || n >= sizeof bytes)
        return sonic_fail(error, SONIC_E_PEER, "%s sent a message of %u bytes", peer, n);
    status = sonic_channel_receive(channel, bytes, n, error);
    return status == SONIC_OK ? sonic_message_parse(message, bytes, n, peer, error) : status;
}

/* Reads, or writes, a part of a file. */
static sonic_status move(sonic_channel *channel, int fd, uint8_t *buffer, size_t n, uint64_t at,
                         bool write, sonic_error *error)
{
    int code = write ? sonic_file_write_at(fd, buffer, n, at)
                     : sonic_file_read_at(fd, buffer, n, at);
    if (code < 0)
        return sonic_fail(error, SONIC_E_FILE, "a file for %s became shorter while it was sent",
                          sonic_channel_peer(channel));
    if (code)
        return sonic_fail_errno(error, SONIC_E_FILE, code, "cannot %s a file for %s",
                                write ? "write" : "read", sonic_channel_peer(channel));
    return SONIC_OK;
}

static sonic_status transfer(sonic_channel *channel, int fd, uint64_t bytes, bool receive,
                             sonic_file_progress progress, void *arg, sonic_error *error)
{
    sonic_status status = SONIC_OK;
    uint8_t *buffer = malloc(CHUNK);
    if (!buffer)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for a file for %s",
                          sonic_channel_peer(channel));
    for (uint64_t at = 0; status == SONIC_OK && at < bytes;) {
        size_t n = bytes - at < CHUNK ? (size_t)(bytes - at) : CHUNK;
        if (receive)
            status = sonic_channel_receive(channel, buffer, n, error);
        if (status == SONIC_OK)
            status = move(channel, fd, buffer, n, at, receive, error);
        if (status == SONIC_OK && !receive)
            status = sonic_channel_send(channel, buffer, n, error);
        at += n;
        if (status == SONIC_OK && progress && progress(arg, at, bytes) != 0)
            status = sonic_fail(error, SONIC_E_CLOSED, "stopped");
    }
    sonic_secret_free(buffer, CHUNK);
    return status;
}

sonic_status sonic_file_send(sonic_channel *channel, int fd, uint64_t bytes,
                             sonic_file_progress progress, void *arg, sonic_error *error)
{
    return transfer(channel, fd, bytes, false, progress, arg, error);
}

sonic_status sonic_file_receive(sonic_channel *channel, int fd, uint64_t bytes,
                                sonic_file_progress progress, void *arg, sonic_error *error)
{
    return transfer(channel, fd, bytes, true, progress, arg, error);
}
