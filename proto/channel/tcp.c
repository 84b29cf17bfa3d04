/* The TCP transport: non-blocking sockets, connecting, listening and accepting. */
#include "config.h"

#include "proto/channel/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dispatch/error.h"
#include "proto/channel/clock.h"
#include "proto/channel/tcp_address.h"
#include "proto/share/secret.h"

enum {
    RETRY_MS = 100,          /* between attempts to connect */
    STOP_MS = SONIC_STOP_MS, /* between looks at the stop flag */
    DRAIN_BYTES = 1 << 16,   /* at a time, when closing */
    DRAIN_TIMES = 64
};

struct tcp {
    int fd;
};

struct sonic_listener {
    int fd;
    unsigned port;
    const volatile int *stop;
    char address[80]; /* as given, for messages */
};

static ssize_t report_broken(sonic_error *error)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return 0;
    if (errno == EPIPE || errno == ECONNRESET)
        return SONIC_E_CLOSED;
    return sonic_fail_errno(error, SONIC_E_CLOSED, errno, "the connection broke");
}

static ssize_t tcp_try_send(void *self, const uint8_t *data, size_t n, sonic_error *error)
{
    const struct tcp *tcp = self;
    ssize_t moved = send(tcp->fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    return moved >= 0 ? moved : report_broken(error);
}

static ssize_t tcp_try_receive(void *self, uint8_t *data, size_t n, sonic_error *error)
{
    const struct tcp *tcp = self;
    ssize_t moved = recv(tcp->fd, data, n, MSG_DONTWAIT);
    if (moved == 0)
        return SONIC_E_CLOSED;
    return moved > 0 ? moved : report_broken(error);
}

static int tcp_wait(void *self, int want_send, int want_receive, int milliseconds,
                    sonic_error *error)
{
    const struct tcp *tcp = self;
    short events = (short)((want_send ? POLLOUT : 0) | (want_receive ? POLLIN : 0));
    struct pollfd poller = {.fd = tcp->fd, .events = events};
    int ready = poll(&poller, 1, milliseconds);
    if (ready >= 0)
        return ready;
    if (errno == EINTR)
        return 0;
    return sonic_fail_errno(error, SONIC_E_SYSTEM, errno, "cannot wait for the connection");
}

/* Takes what has arrived before closing: the kernel would answer unread bytes with a reset, and
 * that may cost the peer the last bytes sent to it, which say why this side gave up. */
static void tcp_close(void *self)
{
    struct tcp *tcp = self;
    (void)shutdown(tcp->fd, SHUT_WR);
    uint8_t *waste = malloc(DRAIN_BYTES);
    for (int i = 0; waste && i < DRAIN_TIMES; i++)
        if (recv(tcp->fd, waste, DRAIN_BYTES, MSG_DONTWAIT) <= 0)
            break;
    sonic_secret_free(waste, DRAIN_BYTES); /* it may have been a share */
    close(tcp->fd);
    free(tcp);
}

static const sonic_transport tcp_transport = {tcp_try_send, tcp_try_receive, tcp_wait, tcp_close};

/* Makes a channel of a connected socket, which it takes over also on failure. */
static sonic_status wrap_socket(sonic_channel **channel, int fd, const char *peer,
                                int io_timeout_ms, sonic_error *error)
{
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* slower without, not wrong */
    struct tcp *tcp = malloc(sizeof *tcp);
    if (!tcp) {
        close(fd);
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for the connection to %s", peer);
    }
    tcp->fd = fd;
    return sonic_channel_create(channel, &tcp_transport, tcp, peer, io_timeout_ms, error);
}

/* A listening socket, or -1 and errno. */
static int listen_on(const struct addrinfo *info)
{
    int on = 1, off = 0;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (info->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int code = errno;
    close(fd);
    errno = code;
    return -1;
}

/* Tries IPv6 first, which on all interfaces takes IPv4 too.  A port that is taken ends the search:
 * the other family's would be a different service. */
static int listen_on_any(const struct addrinfo *found)
{
    static const int family[] = {AF_INET6, AF_INET};
    int code = EADDRNOTAVAIL;
    for (int i = 0; i < 2; i++) {
        for (const struct addrinfo *info = found; info; info = info->ai_next) {
            if (info->ai_family != family[i])
                continue;
            int fd = listen_on(info);
            if (fd >= 0)
                return fd;
            code = errno;
            if (code == EADDRINUSE || code == EACCES)
                goto give_up;
        }
    }
give_up:
    errno = code;
    return -1;
}

static unsigned port_of(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t n = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &n))
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&address)->sin_port);
}

sonic_status sonic_listener_create(sonic_listener **listener, const char *address,
                                   sonic_error *error)
{
    struct addrinfo *found;
    sonic_status status = sonic_address_resolve(&found, address, true, "listen on", NULL, error);
    if (status)
        return status;
    int fd = listen_on_any(found);
    int code = errno;
    freeaddrinfo(found);
    if (fd < 0)
        return sonic_fail_errno(error, SONIC_E_ADDRESS, code, "cannot listen on %.80s", address);
    sonic_listener *made = calloc(1, sizeof *made);
    if (!made) {
        close(fd);
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for listening on %.80s", address);
    }
    made->fd = fd;
    made->port = port_of(fd);
    (void)snprintf(made->address, sizeof made->address, "%s", address);
    *listener = made;
    return SONIC_OK;
}

void sonic_listener_free(sonic_listener *listener)
{
    if (!listener)
        return;
    close(listener->fd);
    free(listener);
}

unsigned sonic_listener_port(const sonic_listener *listener)
{
    return listener->port;
}

int sonic_listener_fd(const sonic_listener *listener)
{
    return listener->fd;
}

void sonic_listener_stop_on(sonic_listener *listener, const volatile int *stop)
{
    listener->stop = stop;
}

/* Waits for a connection: its socket, or -1 and what went wrong in *status. */
static int accept_socket(sonic_listener *listener, int timeout_ms, struct sockaddr_storage *from,
                         socklen_t *n, sonic_status *status, sonic_error *error)
{
    int64_t deadline = sonic_clock_ms() + timeout_ms;
    for (;;) {
        if (listener->stop && *listener->stop) {
            *status = sonic_fail(error, SONIC_E_CLOSED, "told to stop while listening on %s",
                                 listener->address);
            return -1;
        }
        *n = sizeof *from;
        int fd = accept4(listener->fd, (struct sockaddr *)from, n, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            return fd;
        if (errno == EBADF || errno == EINVAL || errno == EMFILE || errno == ENFILE ||
            errno == ENOBUFS || errno == ENOMEM) {
            *status = sonic_fail_errno(error, SONIC_E_SYSTEM, errno,
                                       "cannot accept connections on %s", listener->address);
            return -1;
        }
        int64_t left = timeout_ms < 0 ? INT_MAX : deadline - sonic_clock_ms();
        if (left <= 0) {
            *status = sonic_fail(error, SONIC_E_TIMEOUT, "nobody connected to %s within %d ms",
                                 listener->address, timeout_ms);
            return -1;
        }
        struct pollfd poller = {.fd = listener->fd, .events = POLLIN};
        (void)poll(&poller, 1, listener->stop && left > STOP_MS ? STOP_MS : (int)left);
    }
}

sonic_status sonic_listener_accept(sonic_channel **channel, sonic_listener *listener,
                                   int timeout_ms, int io_timeout_ms, sonic_error *error)
{
    struct sockaddr_storage from;
    socklen_t n;
    sonic_status status = SONIC_OK;
    int fd = accept_socket(listener, timeout_ms, &from, &n, &status, error);
    if (fd < 0)
        return status;
    char text[SONIC_ADDRESS_TEXT], peer[SONIC_ADDRESS_TEXT + 16];
    sonic_address_text(text, &from, n);
    (void)snprintf(peer, sizeof peer, "the client at %s", text);
    status = wrap_socket(channel, fd, peer, io_timeout_ms, error);
    if (!status)
        sonic_channel_stop_on(*channel, listener->stop);
    return status;
}

/* Whether a socket got connected to itself: a port of this machine that nobody listens on may be
 * given to the very socket that tries to connect to it. */
static bool is_own_echo(int fd)
{
    struct sockaddr_storage here = {0}, there = {0};
    socklen_t here_n = sizeof here, there_n = sizeof there;
    return getsockname(fd, (struct sockaddr *)&here, &here_n) == 0 &&
           getpeername(fd, (struct sockaddr *)&there, &there_n) == 0 && here_n == there_n &&
           memcmp(&here, &there, here_n) == 0;
}

/* One attempt at one address: a connected socket, or -1 and errno. */
static int connect_once(const struct addrinfo *info, int timeout_ms)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    int code = connect(fd, info->ai_addr, info->ai_addrlen) ? errno : 0;
    if (code == EINPROGRESS || code == EINTR) {
        struct pollfd poller = {.fd = fd, .events = POLLOUT};
        int ready = poll(&poller, 1, timeout_ms);
        socklen_t n = sizeof code;
        if (ready == 0)
            code = ETIMEDOUT;
        else if (ready < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &n))
            code = errno;
    }
    if (code == 0 && is_own_echo(fd))
        code = ECONNREFUSED;
    if (code == 0)
        return fd;
    close(fd);
    errno = code;
    return -1;
}

/* One attempt at each address, sharing the time that is left. */
static int connect_any(const struct addrinfo *found, int64_t deadline)
{
    int addresses = 0, code = EADDRNOTAVAIL;
    for (const struct addrinfo *info = found; info; info = info->ai_next)
        addresses++;
    for (const struct addrinfo *info = found; info; info = info->ai_next) {
        int64_t left = (deadline - sonic_clock_ms()) / addresses--;
        int fd = connect_once(info, left > 1 ? (int)left : 1);
        if (fd >= 0)
            return fd;
        code = errno;
    }
    errno = code;
    return -1;
}

sonic_status sonic_tcp_connect(sonic_channel **channel, const char *address, const char *peer,
                               int timeout_ms, int io_timeout_ms, sonic_error *error)
{
    int64_t deadline = sonic_clock_ms() + timeout_ms;
    for (;;) {
        struct addrinfo *found;
        bool again;
        int code = 0;
        sonic_status status =
            sonic_address_resolve(&found, address, false, "connect to", &again, error);
        if (status && !again)
            return status;
        if (!status) {
            int fd = connect_any(found, deadline);
            code = errno;
            freeaddrinfo(found);
            if (fd >= 0)
                return wrap_socket(channel, fd, peer, io_timeout_ms, error);
        }
        int64_t left = deadline - sonic_clock_ms();
        if (left <= 0) {
            if (status)
                return status;
            return sonic_fail_errno(error, SONIC_E_ADDRESS, code, "cannot reach %s at %.80s", peer,
                                    address);
        }
        (void)poll(NULL, 0, left < RETRY_MS ? (int)left : RETRY_MS);
    }
}
