/* Bob buys one of Alice's books a shelf: Alice, another process, does not learn which, and Bob reads
 * no other.
 *
 *   cc ot.c $(pkg-config --cflags --libs sonicnn) -o ot && ./ot 0110
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sonicnn/ot.h>

enum { SHELVES = 4, SIZE = 12 };

static const char books[SHELVES][2][SIZE] = {
    {"Emma", "Dracula"}, {"Ulysses", "Walden"}, {"Ivanhoe", "Candide"}, {"Persuasion", "Kim"}};

static void check(int failed, const char *why)
{
    if (failed && fprintf(stderr, "ot: %s\n", why))
        exit(1);
}

static void alice(const sonic_context *context, const sonic_ot_link *link,
                  const sonic_ot_options *options)
{
    sonic_ot_sender *sender;
    sonic_error error;
    check(sonic_ot_sender_create(&sender, context, link, options, NULL, &error), error.text);
    check(sonic_ot_send_chosen(sender, books, SIZE, SHELVES, &error), error.text);
    sonic_ot_sender_free(sender);
}

static void bob(const sonic_context *context, const sonic_ot_link *link,
                const sonic_ot_options *options, const uint8_t *choice)
{
    char bought[SHELVES][SIZE];
    sonic_ot_receiver *receiver;
    sonic_error error;
    check(sonic_ot_receiver_create(&receiver, context, link, options, &error), error.text);
    check(sonic_ot_receive_chosen(receiver, bought, choice, SIZE, SHELVES, &error), error.text);
    for (int i = 0; i < SHELVES; i++)
        puts(bought[i]);
    sonic_ot_receiver_free(receiver);
}

int main(int argc, char **argv)
{
    const sonic_ot_options options = {.k = 2, .malicious = true};
    sonic_context *context;
    sonic_error error;
    uint8_t choice = 0;
    int pair[2], ended = 0;
    check(argc != 2 || strlen(argv[1]) != SHELVES, "which of each shelf: 0110, say?");
    for (int i = 0; i < SHELVES; i++)
        choice |= (uint8_t)((argv[1][i] == '1') << i);
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "no sockets");
    const pid_t child = fork();
    check(child < 0, "no second process");
    close(pair[child ? 1 : 0]);
    sonic_ot_socket socket = {.fd = pair[child ? 0 : 1], .timeout_ms = 30000};
    const sonic_ot_link link = sonic_ot_socket_link(&socket);
    check(sonic_context_create(&context, NULL, &error), error.text);
    if (child)
        bob(context, &link, &options, &choice);
    else
        alice(context, &link, &options);
    sonic_context_free(context);
    check(child && (waitpid(child, &ended, 0) != child || ended != 0), "Alice failed");
}
