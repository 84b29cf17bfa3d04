/** @file
 * Addresses as people write them, resolved and written back.  Private to proto/channel/tcp*.c.
 */
#ifndef SONIC_PROTO_CHANNEL_TCP_ADDRESS_H
#define SONIC_PROTO_CHANNEL_TCP_ADDRESS_H

#include <stdbool.h>

#include <netdb.h>
#include <sys/socket.h>

#include <sonicnn/status.h>

enum { SONIC_ADDRESS_TEXT = 64 };

/** Resolves "HOST:PORT", "[V6]:PORT" or ":PORT" (listening: all interfaces; else this machine).
 * @param[out] found  to be freed with freeaddrinfo()
 * @param[out] again  NULL, or set to true where trying again may help
 * @return SONIC_E_ADDRESS with a sentence that starts with "cannot <what>" */
SONIC_MUST_CHECK sonic_status sonic_address_resolve(struct addrinfo **found, const char *address,
                                                    bool listening, const char *what, bool *again,
                                                    sonic_error *error);

/** Writes a numeric "HOST:PORT" or "[V6]:PORT". */
void sonic_address_text(char text[SONIC_ADDRESS_TEXT], const struct sockaddr_storage *address,
                        socklen_t n);

#endif
