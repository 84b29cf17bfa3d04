/** @file
 * What a session keeps.  Private to proto/session.
 */
#ifndef SONIC_PROTO_SESSION_STATE_H
#define SONIC_PROTO_SESSION_STATE_H

#include "proto/layer/layer.h"
#include "proto/offline/ot_source.h"
#include "proto/session/handshake.h"
#include "proto/session/session.h"

struct sonic_session {
    const sonic_context *context;
    const sonic_model_share *model;
    sonic_pool *pool;             /**< NULL: the servers make their material ... */
    sonic_ot_source *source;      /**< ... with this, where they need any */
    uint8_t seed[SONIC_SEED_BYTES]; /**< the pool's, or drawn for the session */
    sonic_channel *peer;
    sonic_plan plan;
    sonic_linear *linear; /**< one a node: opened and own weights */
    uint32_t
        *last_use; /**< one a node: the last node that reads it; the output: the number of nodes */
    double *seconds;    /**< [node][phase] */
    sonic_compare compare; /**< of no layer yet */
    int spill;          /**< anonymous file of what is prepared for an inference, or -1 */
    uint32_t slot;      /**< the next inference's material, the same at both servers */
    bool prepared, poisoned;
    char peer_tier[SONIC_HELLO_TIER];
    sonic_session_tap tap;
    void *tap_arg;
};

/** The node as a layer, without material. */
sonic_layer sonic_session_layer(const sonic_session *session, uint32_t node);

/** A node's material of the next inference, to be ended. */
void sonic_session_material(const sonic_session *session, uint32_t node, sonic_material *material);

/** Whether a pool holds what the plan says.  @return SONIC_E_FORMAT */
SONIC_MUST_CHECK sonic_status sonic_session_check_size(const sonic_plan *plan,
                                                       const sonic_pool *pool, sonic_error *error);
/** The handshake, and the agreement on the first inference's material. */
SONIC_MUST_CHECK sonic_status sonic_session_greet(sonic_session *session, sonic_error *error);

/** Ends a failed session: wipes and frees what is secret.  Returns the status. */
sonic_status sonic_session_poison(sonic_session *session, sonic_status status);

/** Fails with SONIC_E_POISONED if the session is poisoned. */
SONIC_MUST_CHECK sonic_status sonic_session_alive(const sonic_session *session, sonic_error *error);

/** Starts a phase of a node: marks the channel and returns the time. */
double sonic_session_begin(sonic_session *session, sonic_phase phase, uint32_t node);
/** Adds the time since `since` to a phase of a node. */
void sonic_session_end(sonic_session *session, sonic_phase phase, uint32_t node, double since);

#endif
