/* Fuzzes what users, servers and dealers hear: any bytes as a greeting and as a message, and as all
 * that a peer sends before it closes. */
#include "config.h"

#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/session/request.h"

enum { BUFFER = 1 << 12, LENGTH = 4 };

static size_t written; /* of `wire` */
static uint8_t wire[BUFFER];

/* What the sender of a greeting or a message puts on the wire, by way of a channel. */
static void record(const sonic_greeting *greeting, const sonic_message *message)
{
    sonic_channel *here, *there;
    fuzz_require(sonic_channel_memory_pair(&here, &there, BUFFER, 1000, NULL) == SONIC_OK);
    if (greeting)
        fuzz_require(sonic_greeting_send(here, greeting, NULL) == SONIC_OK);
    if (message)
        fuzz_require(sonic_message_send(here, message, NULL) == SONIC_OK);
    written = (size_t)sonic_channel_traffic(here, SONIC_SETUP, SIZE_MAX).sent;
    fuzz_require(sonic_channel_receive(there, wire, written, NULL) == SONIC_OK);
    sonic_channel_free(here);
    sonic_channel_free(there);
}

void fuzz_seed(void)
{
    sonic_greeting greeting = {.role = SONIC_ROLE_USER,
                               .party = 1,
                               .ring = SONIC_RING_64,
                               .batch = 4,
                               .count = 10,
                               .bytes = 70000};
    sonic_message message = {.type = SONIC_MESSAGE_NEXT, .done = 3, .total = 12};
    record(&greeting, &message);
    fuzz_write_seed("user", wire, written);
    greeting.role = SONIC_ROLE_DEALER;
    greeting.party = SONIC_NO_PARTY;
    message = (sonic_message){.type = SONIC_MESSAGE_REFUSED, .text = "the pool is used up"};
    record(&greeting, &message);
    fuzz_write_seed("dealer", wire, written);
    fuzz_write_seed("short", wire, SONIC_GREETING_BYTES + 20);
}

/* What is read is written back as it was, but for bytes of a text that nobody should print. */
static void parse(const uint8_t *data, size_t n)
{
    sonic_error error = {0};
    sonic_greeting greeting;
    sonic_message message;
    if (n >= SONIC_GREETING_BYTES) {
        sonic_status status = sonic_greeting_parse(&greeting, data, "the user", &error);
        if (status == SONIC_OK) {
            record(&greeting, NULL);
            fuzz_require(written == SONIC_GREETING_BYTES && memcmp(wire, data, written) == 0);
        } else {
            fuzz_require_sentence(status, &error);
        }
    }
    sonic_status status = sonic_message_parse(&message, data, n, "the user", &error);
    if (status != SONIC_OK) {
        fuzz_require_sentence(status, &error);
        return;
    }
    size_t text = strnlen(message.text, sizeof message.text);
    fuzz_require(text == n - SONIC_MESSAGE_FIXED);
    record(NULL, &message);
    fuzz_require(written == LENGTH + n);
    fuzz_require(memcmp(wire + LENGTH, data, SONIC_MESSAGE_FIXED) == 0);
    for (size_t i = SONIC_MESSAGE_FIXED; i < n; i++) {
        uint8_t byte = wire[LENGTH + i];
        fuzz_require(byte >= ' ' && byte <= '~' && (byte == data[i] || byte == '?'));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    sonic_channel *here, *there;
    sonic_error error = {0};
    sonic_greeting greeting;
    sonic_message message;
    parse(data, n);
    if (n > BUFFER)
        return 0;
    fuzz_require(sonic_channel_memory_pair(&here, &there, BUFFER, 1000, NULL) == SONIC_OK);
    fuzz_require(sonic_channel_send(there, data, n, NULL) == SONIC_OK);
    sonic_channel_free(there);
    sonic_status status =
        sonic_greeting_receive(here, &greeting, SONIC_ROLE_USER, SONIC_ROLE_SERVER, &error);
    while (status == SONIC_OK)
        status = sonic_message_receive(here, &message, &error);
    fuzz_require_sentence(status, &error);
    sonic_channel_free(here);
    return 0;
}
