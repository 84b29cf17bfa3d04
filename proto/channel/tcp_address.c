/* Addresses as people write them, resolved and written back. */
#include "config.h"

#include "proto/channel/tcp_address.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"

enum { HOST_MAX = 256, PORT_TEXT = 8 };

/* Splits an address; false where it is not one.  host is empty for ":PORT". */
static bool split_address(const char *address, char host[HOST_MAX], char port[PORT_TEXT])
{
    const char *colon = strrchr(address, ':');
    if (!colon)
        return false;
    const char *from = address, *to = colon;
    if (*from == '[') {
        if (to - from < 2 || to[-1] != ']')
            return false;
        from++;
        to--;
    } else if (memchr(from, ':', (size_t)(to - from))) {
        return false;
    }
    size_t host_length = (size_t)(to - from), port_length = strlen(colon + 1);
    if (host_length >= HOST_MAX || port_length == 0 || port_length > 5 ||
        strspn(colon + 1, "0123456789") != port_length || strtol(colon + 1, NULL, 10) > 65535)
        return false;
    memcpy(host, from, host_length);
    host[host_length] = '\0';
    memcpy(port, colon + 1, port_length + 1);
    return true;
}

sonic_status sonic_address_resolve(struct addrinfo **found, const char *address, bool listening,
                                   const char *what, bool *again, sonic_error *error)
{
    char host[HOST_MAX], port[PORT_TEXT];
    if (again)
        *again = false;
    if (!split_address(address, host, port) || (!listening && strtol(port, NULL, 10) == 0))
        return sonic_fail(error, SONIC_E_ADDRESS,
                          "cannot %s %.80s: not an address of the form HOST:PORT", what, address);
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV | (listening ? AI_PASSIVE : 0)};
    int code = getaddrinfo(*host ? host : NULL, port, &hints, found);
    if (code == 0)
        return SONIC_OK;
    if (again)
        *again = code == EAI_AGAIN;
    if (code == EAI_SYSTEM)
        return sonic_fail_errno(error, SONIC_E_ADDRESS, errno, "cannot %s %.80s", what, address);
    if (code == EAI_NONAME)
        return sonic_fail(error, SONIC_E_ADDRESS, "cannot %s %.80s: no host of that name is known",
                          what, address);
    return sonic_fail(error, SONIC_E_ADDRESS, "cannot %s %.80s: %s", what, address,
                      gai_strerror(code));
}

void sonic_address_text(char text[SONIC_ADDRESS_TEXT], const struct sockaddr_storage *address,
                        socklen_t n)
{
    char host[SONIC_ADDRESS_TEXT], port[PORT_TEXT];
    if (getnameinfo((const struct sockaddr *)address, n, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV)) {
        (void)snprintf(text, SONIC_ADDRESS_TEXT, "an unknown address");
        return;
    }
    /* A socket that takes both families shows IPv4 peers as ::ffff:10.0.0.7. */
    static const char mapped[] = "::ffff:";
    size_t skip =
        strncmp(host, mapped, sizeof mapped - 1) == 0 && strchr(host, '.') ? sizeof mapped - 1 : 0;
    bool brackets = !skip && strchr(host, ':');
    (void)snprintf(text, SONIC_ADDRESS_TEXT, "%s%.48s%s:%s", brackets ? "[" : "", host + skip,
                   brackets ? "]" : "", port);
}
