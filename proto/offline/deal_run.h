/** @file
 * Inside the dealer: what all kinds of nodes share while one inference's material is written.
 */
#ifndef SONIC_PROTO_OFFLINE_DEAL_RUN_H
#define SONIC_PROTO_OFFLINE_DEAL_RUN_H

#include "proto/offline/deal.h"
#include "proto/model/weights.h"
#include "proto/offline/fss_plan.h"
#include "proto/offline/material.h"
#include "proto/offline/relu_plan.h"

/** Bytes of one of the dealer's small buffers: a block of ppa planes or elements of 64 bits. */
enum { SONIC_DEAL_BUFFER = 4096 * 8, SONIC_DEAL_BUFFERS = 8 };

typedef struct sonic_dealer {
    const sonic_context *context;
    const sonic_graph *graph;
    const sonic_plan *plan;
    sonic_writer *writer[2];           /**< either party's file */
    uint8_t pair[SONIC_ID_BYTES];      /**< of both files, public */
    uint8_t seed[2][SONIC_SEED_BYTES]; /**< secret, as all below */
    sonic_weights *weight_mask;        /**< B of every CONV node, none for others */
    void *input, *output;              /**< A and C of the largest CONV node */
    size_t input_bytes, output_bytes;
    uint64_t *buffer; /**< SONIC_DEAL_BUFFERS of SONIC_DEAL_BUFFER bytes */
} sonic_dealer;

/** Both parties' views of one node in one inference. */
typedef struct sonic_deal_node {
    sonic_dealer *dealer;
    uint32_t node;
    sonic_material view[2];
} sonic_deal_node;

/** Small buffer i, 64-byte aligned. */
static inline uint64_t *sonic_deal_buffer(const sonic_dealer *dealer, unsigned i)
{
    return dealer->buffer + (size_t)i * (SONIC_DEAL_BUFFER / 8);
}

/** Weight masks and buffers for the linear layers; freed with sonic_deal_linear_free(), also after
 * a failure. */
SONIC_MUST_CHECK sonic_status sonic_deal_linear_begin(sonic_dealer *dealer, sonic_error *error);
void sonic_deal_linear_free(sonic_dealer *dealer);

/** Each writes the material of one node in one inference. */
SONIC_MUST_CHECK sonic_status sonic_deal_conv(const sonic_deal_node *node, sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_deal_trunc(const sonic_deal_node *node, sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_deal_ppa(const sonic_deal_node *node,
                                             const sonic_relu_call *call, sonic_error *error);
/** Writes what both parties get, too.  @param call  n > 0, shift and index count */
SONIC_MUST_CHECK sonic_status sonic_deal_fss(const sonic_deal_node *node, sonic_fss_kind kind,
                                             const sonic_relu_call *call, sonic_error *error);

#endif
