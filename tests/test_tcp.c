/* TCP channels: the same rounds over sockets, addresses of every form, and everything that goes
 * wrong with a peer on a network. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "proto/channel/tcp.h"

enum { PATIENCE_MS = 20000, BLOCK = 300000 };

static void address_of(char text[64], const char *host, unsigned port)
{
    (void)snprintf(text, 64, "%s:%u", host, port);
}

/* Two ends of one connection. */
struct ends {
    sonic_channel *server, *client;
};

static struct ends connect_ends(const char *host, int io_timeout_ms)
{
    struct ends ends;
    sonic_listener *listener;
    sonic_error error = {0};
    char address[64];
    (void)snprintf(address, sizeof address, "%s:0", host);
    cr_assert_eq(sonic_listener_create(&listener, address, &error), SONIC_OK, "%s", error.text);
    address_of(address, host, sonic_listener_port(listener));
    cr_assert_eq(
        sonic_tcp_connect(&ends.client, address, "server 1", PATIENCE_MS, io_timeout_ms, &error),
        SONIC_OK, "%s", error.text);
    cr_assert_eq(sonic_listener_accept(&ends.server, listener, PATIENCE_MS, io_timeout_ms, &error),
                 SONIC_OK, "%s", error.text);
    sonic_listener_free(listener);
    return ends;
}

struct party {
    sonic_channel *channel;
    unsigned me;
    size_t blocks, produced, consumed;
    int wrong;
    sonic_status status;
    sonic_error error;
};

static size_t block_bytes(void *arg, size_t block)
{
    (void)arg;
    return block % 3 == 1 ? 1 : BLOCK - block;
}

static uint8_t byte_of(unsigned party, size_t block, size_t i)
{
    return (uint8_t)((i + 1) * (2 * block + 3 + party) >> 3);
}

static sonic_status produce(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    struct party *party = arg;
    (void)error;
    party->wrong |= block != party->produced++;
    for (size_t i = 0; i < block_bytes(arg, block); i++)
        out[i] = byte_of(party->me, block, i);
    return SONIC_OK;
}

static sonic_status consume(void *arg, size_t block, const uint8_t *in, sonic_error *error)
{
    struct party *party = arg;
    (void)error;
    party->wrong |= block != party->consumed++ || party->produced <= block;
    for (size_t i = 0; i < block_bytes(arg, block); i++)
        party->wrong |= in[i] != byte_of(!party->me, block, i);
    return SONIC_OK;
}

static void *run_party(void *arg)
{
    struct party *party = arg;
    sonic_round round = {.blocks = party->blocks,
                         .block_bytes = block_bytes,
                         .produce = produce,
                         .consume = consume,
                         .arg = party};
    party->status = sonic_channel_round(party->channel, &round, &party->error);
    return NULL;
}

static void check_round(struct ends ends, size_t blocks)
{
    struct party party[2] = {{.channel = ends.server, .me = 0, .blocks = blocks},
                             {.channel = ends.client, .me = 1, .blocks = blocks}};
    uint64_t total = 0;
    for (size_t b = 0; b < blocks; b++)
        total += block_bytes(NULL, b);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, run_party, &party[1]), 0);
    run_party(&party[0]);
    pthread_join(thread, NULL);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(party[i].status, SONIC_OK, "%s", party[i].error.text);
        cr_assert_eq(party[i].wrong, 0);
        cr_assert_eq(party[i].consumed, blocks);
        sonic_traffic traffic = sonic_channel_traffic(party[i].channel, SONIC_SETUP, 0);
        cr_assert_eq(traffic.sent, total);
        cr_assert_eq(traffic.received, total);
        cr_assert_eq(traffic.rounds, 1);
    }
}

Test(tcp, rounds_larger_than_any_socket_buffer)
{
    struct ends ends = connect_ends("127.0.0.1", PATIENCE_MS);
    check_round(ends, 90);
    sonic_channel_free(ends.server);
    sonic_channel_free(ends.client);
}

static int has_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int has = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    return has;
}

Test(tcp, speaks_both_families_and_names_its_peers)
{
    struct ends ends = connect_ends("127.0.0.1", PATIENCE_MS);
    cr_assert_eq(strncmp(sonic_channel_peer(ends.server), "the client at 127.0.0.1:", 24), 0);
    cr_assert_str_eq(sonic_channel_peer(ends.client), "server 1");
    sonic_channel_rename(ends.server, "server 0");
    cr_assert_str_eq(sonic_channel_peer(ends.server), "server 0");
    check_round(ends, 4);
    sonic_channel_free(ends.server);
    sonic_channel_free(ends.client);

    if (has_ipv6()) {
        ends = connect_ends("[::1]", PATIENCE_MS);
        cr_assert_eq(strncmp(sonic_channel_peer(ends.server), "the client at [::1]:", 20), 0);
        check_round(ends, 4);
        sonic_channel_free(ends.server);
        sonic_channel_free(ends.client);
    }
    ends = connect_ends("localhost", PATIENCE_MS);
    check_round(ends, 4);
    sonic_channel_free(ends.server);
    sonic_channel_free(ends.client);

    /* all interfaces: IPv4 connects to it, and is named as IPv4 */
    sonic_listener *listener;
    char address[64];
    cr_assert_eq(sonic_listener_create(&listener, ":0", NULL), SONIC_OK);
    address_of(address, "127.0.0.1", sonic_listener_port(listener));
    cr_assert_eq(sonic_tcp_connect(&ends.client, address, "x", PATIENCE_MS, PATIENCE_MS, NULL),
                 SONIC_OK);
    cr_assert_eq(sonic_listener_accept(&ends.server, listener, PATIENCE_MS, PATIENCE_MS, NULL),
                 SONIC_OK);
    cr_assert_eq(strncmp(sonic_channel_peer(ends.server), "the client at 127.0.0.1:", 24), 0, "%s",
                 sonic_channel_peer(ends.server));
    sonic_channel_free(ends.server);
    sonic_channel_free(ends.client);
    sonic_listener_free(listener);
}

Test(tcp, refuses_what_is_no_address)
{
    static const char *const wrong[] = {"",
                                        ":",
                                        "127.0.0.1",
                                        "127.0.0.1:",
                                        "localhost:http",
                                        "::1:80",
                                        "[::1:80",
                                        "[::1]80",
                                        "[]x:80",
                                        "127.0.0.1:65536",
                                        "127.0.0.1:-1",
                                        "127.0.0.1: 80",
                                        "]:1",
                                        "host:1:2",
                                        "a:999999999999999999999"};
    sonic_listener *listener = NULL;
    sonic_channel *channel = NULL;
    sonic_error error;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        error = (sonic_error){0};
        cr_assert_eq(sonic_listener_create(&listener, wrong[i], &error), SONIC_E_ADDRESS, "%s",
                     wrong[i]);
        cr_assert_eq(error.status, SONIC_E_ADDRESS);
        cr_assert_eq(strncmp(error.text, "cannot listen on ", 17), 0, "%s", error.text);
        cr_assert(strstr(error.text, wrong[i]), "%s", error.text);
        cr_assert_eq(sonic_tcp_connect(&channel, wrong[i], "x", PATIENCE_MS, PATIENCE_MS, &error),
                     SONIC_E_ADDRESS);
        cr_assert_eq(strncmp(error.text, "cannot connect to ", 18), 0, "%s", error.text);
    }
    cr_assert_eq(sonic_tcp_connect(&channel, "127.0.0.1:0", "x", PATIENCE_MS, PATIENCE_MS, &error),
                 SONIC_E_ADDRESS);
    cr_assert_eq(sonic_listener_create(&listener, "192.0.2.1:0", &error), SONIC_E_ADDRESS);
    cr_assert_str_eq(error.text, "cannot listen on 192.0.2.1:0: cannot assign requested address");
    cr_assert_null(listener);
    cr_assert_null(channel);
}

Test(tcp, port_that_is_taken)
{
    static const char *const hosts[] = {"127.0.0.1", ""};
    for (int i = 0; i < 2; i++) {
        sonic_listener *first, *second = NULL;
        sonic_error error = {0};
        char address[64], text[160];
        address_of(address, hosts[i], 0);
        cr_assert_eq(sonic_listener_create(&first, address, NULL), SONIC_OK);
        address_of(address, hosts[i], sonic_listener_port(first));
        cr_assert_eq(sonic_listener_create(&second, address, &error), SONIC_E_ADDRESS);
        (void)snprintf(text, sizeof text, "cannot listen on %s: address already in use", address);
        cr_assert_str_eq(error.text, text);
        cr_assert_null(second);
        sonic_listener_free(first);
        /* once the first is gone, also just after it had a connection, the port is free again */
        cr_assert_eq(sonic_listener_create(&second, address, &error), SONIC_OK, "%s", error.text);
        sonic_listener_free(second);
    }
    sonic_listener_free(NULL);
}

/* A port of 127.0.0.1 that nobody listens on or can be given, but that this process may listen on. */
static int reserve_port(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof address;
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_geq(fd, 0);
    cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &n), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

Test(tcp, nobody_there)
{
    sonic_listener *listener;
    sonic_channel *channel = NULL;
    sonic_error error = {0};
    char address[64], text[160];
    cr_assert_eq(sonic_listener_create(&listener, "127.0.0.1:0", NULL), SONIC_OK);
    cr_assert_eq(sonic_listener_accept(&channel, listener, 0, 1000, &error), SONIC_E_TIMEOUT);
    cr_assert_eq(sonic_listener_accept(&channel, listener, 50, 1000, &error), SONIC_E_TIMEOUT);
    cr_assert_str_eq(error.text, "nobody connected to 127.0.0.1:0 within 50 ms");
    sonic_listener_free(listener);
    unsigned port;
    int reserved = reserve_port(&port);
    address_of(address, "127.0.0.1", port);
    cr_assert_eq(sonic_tcp_connect(&channel, address, "server 1", 250, 1000, &error),
                 SONIC_E_ADDRESS);
    close(reserved);
    (void)snprintf(text, sizeof text, "cannot reach server 1 at %s: connection refused", address);
    cr_assert_str_eq(error.text, text);
    cr_assert_null(channel);
}

struct late {
    char address[64];
    sonic_listener *listener;
    sonic_status status;
    sonic_error error;
};

static void *listen_late(void *arg)
{
    struct late *late = arg;
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    late->status = sonic_listener_create(&late->listener, late->address, &late->error);
    return NULL;
}

/* A peer that is not up yet is waited for. */
Test(tcp, peer_that_comes_late)
{
    struct late late;
    sonic_channel *channel;
    sonic_error error = {0};
    unsigned port;
    int reserved = reserve_port(&port);
    address_of(late.address, "127.0.0.1", port);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, listen_late, &late), 0);
    sonic_status status =
        sonic_tcp_connect(&channel, late.address, "server 1", PATIENCE_MS, PATIENCE_MS, &error);
    pthread_join(thread, NULL);
    cr_assert_eq(late.status, SONIC_OK, "%s", late.error.text);
    cr_assert_eq(status, SONIC_OK, "%s", error.text);
    sonic_channel_free(channel);
    sonic_listener_free(late.listener);
    close(reserved);
}

/* The peer goes away after any number of bytes: an error, never a signal, and the same ever after.
 */
Test(tcp, peer_that_closes_in_the_middle)
{
    static uint8_t data[3 * BLOCK];
    static const size_t lengths[] = {0, 1, BLOCK - 1, BLOCK, BLOCK + 1, BLOCK + 1000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct ends ends = connect_ends("127.0.0.1", PATIENCE_MS);
        size_t at = 0;
        for (size_t block = 0; at < lengths[i]; at += block_bytes(NULL, block++))
            for (size_t k = 0; k < block_bytes(NULL, block); k++)
                data[at + k] = byte_of(1, block, k);
        cr_assert_eq(sonic_channel_send(ends.client, data, lengths[i], NULL), SONIC_OK);
        sonic_channel_free(ends.client);
        sonic_channel_rename(ends.server, "server 0");
        struct party party = {.channel = ends.server, .blocks = 60};
        run_party(&party);
        cr_assert_eq(party.status, SONIC_E_CLOSED);
        cr_assert_str_eq(party.error.text, "server 0 closed the connection");
        cr_assert_eq(party.wrong, 0);
        for (int again = 0; again < 3; again++) {
            sonic_error error = {0};
            cr_assert_eq(sonic_channel_send(ends.server, data, 10, &error), SONIC_E_CLOSED);
            cr_assert_str_eq(error.text, "server 0 closed the connection");
        }
        sonic_channel_free(ends.server);
    }
}

Test(tcp, sending_to_a_closed_peer_raises_no_signal)
{
    static uint8_t data[1 << 20];
    struct ends ends = connect_ends("127.0.0.1", PATIENCE_MS);
    sonic_channel_free(ends.server);
    sonic_status status = SONIC_OK;
    for (int i = 0; i < 100 && !status; i++)
        status = sonic_channel_send(ends.client, data, sizeof data, NULL);
    cr_assert_eq(status, SONIC_E_CLOSED);
    sonic_channel_free(ends.client);
}

/* What a party says before it gives up arrives, even if it was being talked to. */
Test(tcp, last_words_arrive)
{
    static const uint8_t chatter[50000];
    uint8_t words[16];
    struct ends ends = connect_ends("127.0.0.1", PATIENCE_MS);
    cr_assert_eq(sonic_channel_send(ends.client, chatter, sizeof chatter, NULL), SONIC_OK);
    cr_assert_eq(sonic_channel_receive(ends.server, words, 1, NULL), SONIC_OK);
    cr_assert_eq(sonic_channel_send(ends.server, "another pool, no", 16, NULL), SONIC_OK);
    sonic_channel_free(ends.server);
    sonic_error error = {0};
    cr_assert_eq(sonic_channel_receive(ends.client, words, 16, &error), SONIC_OK, "%s", error.text);
    cr_assert_arr_eq(words, "another pool, no", 16);
    cr_assert_eq(sonic_channel_receive(ends.client, words, 1, &error), SONIC_E_CLOSED);
    sonic_channel_free(ends.client);
}

Test(tcp, peer_that_stalls)
{
    struct ends ends = connect_ends("127.0.0.1", 200);
    struct party party = {.channel = ends.client, .me = 1, .blocks = 90};
    run_party(&party);
    cr_assert_eq(party.status, SONIC_E_TIMEOUT);
    cr_assert_str_eq(party.error.text, "server 1 sent nothing for 200 ms");
    cr_assert_eq(party.consumed, 0);
    sonic_channel_free(ends.server);
    sonic_channel_free(ends.client);
}

Test(tcp, stop_flag_ends_accepting_and_waiting)
{
    volatile int stop = 0;
    sonic_listener *listener;
    sonic_channel *server = NULL, *client;
    sonic_error error = {0};
    char address[64];
    uint8_t byte;
    cr_assert_eq(sonic_listener_create(&listener, "127.0.0.1:0", NULL), SONIC_OK);
    sonic_listener_stop_on(listener, &stop);
    address_of(address, "127.0.0.1", sonic_listener_port(listener));
    cr_assert_eq(sonic_tcp_connect(&client, address, "x", PATIENCE_MS, PATIENCE_MS, NULL),
                 SONIC_OK);
    struct pollfd poller = {.fd = sonic_listener_fd(listener), .events = POLLIN};
    cr_assert_eq(poll(&poller, 1, PATIENCE_MS), 1);
    cr_assert_eq(sonic_listener_accept(&server, listener, -1, 1000000, NULL), SONIC_OK);
    stop = 1;
    cr_assert_eq(sonic_listener_accept(&server, listener, -1, 1000, &error), SONIC_E_CLOSED);
    cr_assert(strstr(error.text, "told to stop"), "%s", error.text);
    cr_assert_eq(sonic_channel_receive(server, &byte, 1, &error), SONIC_E_CLOSED);
    cr_assert(strstr(error.text, "told to stop"), "%s", error.text);
    sonic_channel_free(server);
    sonic_channel_free(client);
    sonic_listener_free(listener);
}
