/* Links: a caller's functions as a transport, and a socket as such functions. */
#include "proto/ot/link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "dispatch/error.h"

static ssize_t moved(int failed, size_t n, const char *what, sonic_error *error)
{
    if (!failed)
        return (ssize_t)n;
    if (failed == SONIC_E_CLOSED)
        return SONIC_E_CLOSED;
    if (failed == SONIC_E_TIMEOUT)
        return sonic_fail(error, SONIC_E_TIMEOUT, "it %s nothing within the timeout of the link",
                          what);
    return sonic_fail(error, SONIC_E_CLOSED, "the link failed, it returned %d", failed);
}

static ssize_t link_send(void *self, const uint8_t *data, size_t n, sonic_error *error)
{
    const sonic_ot_link *link = self;
    return moved(link->send(link->arg, data, n), n, "took", error);
}

static ssize_t link_receive(void *self, uint8_t *data, size_t n, sonic_error *error)
{
    const sonic_ot_link *link = self;
    return moved(link->receive(link->arg, data, n), n, "sent", error);
}

/* The functions wait themselves. */
static int link_wait(void *self, int want_send, int want_receive, int milliseconds,
                     sonic_error *error)
{
    (void)self;
    (void)want_send;
    (void)want_receive;
    (void)milliseconds;
    (void)error;
    return 1;
}

sonic_status sonic_ot_link_open(sonic_channel **channel, const sonic_ot_link *link,
                                sonic_error *error)
{
    static const sonic_transport transport = {link_send, link_receive, link_wait, free};
    if (!link || !link->send || !link->receive)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "a link for oblivious transfer needs functions that send and receive");
    sonic_ot_link *copy = malloc(sizeof *copy);
    if (!copy)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for a link");
    *copy = *link;
    return sonic_channel_create(channel, &transport, copy, "the peer", 1, error);
}

/* After a call that moved nothing: 0 once another may, or a status. */
static int socket_wait(const sonic_ot_socket *link, ssize_t got, short event)
{
    struct pollfd poller = {.fd = link->fd, .events = event};
    if (got == 0 || errno == EPIPE || errno == ECONNRESET)
        return SONIC_E_CLOSED;
    if (errno == EINTR)
        return SONIC_OK;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        return SONIC_E_SYSTEM;
    const int ready = poll(&poller, 1, link->timeout_ms < 0 ? -1 : link->timeout_ms);
    if (ready < 0 && errno != EINTR)
        return SONIC_E_SYSTEM;
    return ready == 0 ? SONIC_E_TIMEOUT : SONIC_OK;
}

static int socket_send(void *arg, const void *data, size_t n)
{
    const sonic_ot_socket *link = arg;
    const uint8_t *from = data;
    int status = SONIC_OK;
    while (n > 0 && !status) {
        const ssize_t sent = send(link->fd, from, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            from += sent;
            n -= (size_t)sent;
        } else {
            status = socket_wait(link, sent, POLLOUT);
        }
    }
    return status;
}

static int socket_receive(void *arg, void *data, size_t n)
{
    const sonic_ot_socket *link = arg;
    uint8_t *to = data;
    int status = SONIC_OK;
    while (n > 0 && !status) {
        const ssize_t got = recv(link->fd, to, n, MSG_DONTWAIT);
        if (got > 0) {
            to += got;
            n -= (size_t)got;
        } else {
            status = socket_wait(link, got, POLLIN);
        }
    }
    return status;
}

sonic_ot_link sonic_ot_socket_link(sonic_ot_socket *socket)
{
    return (sonic_ot_link){socket_send, socket_receive, socket};
}
