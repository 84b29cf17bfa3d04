/* A server fetches its pool from the dealer, before it meets its peer. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/channel/clock.h"
#include "proto/offline/plan.h"
#include "tools/incoming.h"
#include "tools/progress.h"
#include "tools/serve.h"

typedef struct fetching {
    sonic_bar bar;
    const sonic_serving *serving;
} fetching;

static int show_progress(void *arg, uint64_t done, uint64_t total)
{
    fetching *f = arg;
    sonic_bar_set(&f->bar, done, total);
    return sonic_serve_stopping(f->serving);
}

/* The most that a pool of the dealer's announced size may have. */
static sonic_status bound_pool(const sonic_serving *serving, const sonic_greeting *dealer,
                               uint64_t *most, sonic_error *error)
{
    sonic_plan plan;
    uint64_t data = 0;
    sonic_status status = sonic_plan_make(&plan, &serving->model.graph, dealer->batch,
                                          serving->options->methods, error);
    if (status != SONIC_OK)
        return status;
    /* The container adds a checksum to every 64 KiB, pages and metadata; its reader is exact. */
    if (!sonic_size_mul(&data, sonic_plan_pool_bytes(&plan, serving->model.party), dealer->count) ||
        !sonic_size_add(most, data, data / 1024 + SONIC_META_MAX + (1 << 20)))
        status = sonic_fail(error, SONIC_E_PEER, "the dealer announces a pool that is too large");
    sonic_plan_free(&plan);
    return status;
}

static sonic_status greet_dealer(const sonic_serving *serving, sonic_channel *dealer,
                                 uint64_t *most, sonic_error *error)
{
    const sonic_model_share *model = &serving->model;
    sonic_greeting theirs, mine = {.role = SONIC_ROLE_SERVER,
                                   .party = model->party,
                                   .ring = model->graph.ring,
                                   .relu = serving->options->methods.relu};
    memcpy(mine.model, model->id, SONIC_ID_BYTES);
    sonic_status status =
        sonic_greeting_receive(dealer, &theirs, SONIC_ROLE_DEALER, SONIC_ROLE_DEALER, error);
    if (status == SONIC_OK && memcmp(theirs.model, model->id, SONIC_ID_BYTES) != 0)
        status = sonic_fail(error, SONIC_E_MISMATCH, "the dealer deals for another model than %s",
                            serving->options->model);
    if (status == SONIC_OK && theirs.relu != mine.relu)
        status = sonic_fail(error, SONIC_E_MISMATCH,
                            "the dealer deals for --relu %s, this server runs --relu %s",
                            sonic_relu_name(theirs.relu), sonic_relu_name(mine.relu));
    if (status == SONIC_OK && (theirs.batch == 0 || theirs.count == 0))
        status = sonic_fail(error, SONIC_E_PEER, "the dealer announces an empty pool");
    if (status == SONIC_OK)
        status = bound_pool(serving, &theirs, most, error);
    return status == SONIC_OK ? sonic_greeting_send(dealer, &mine, error) : status;
}

/* Waits until the dealer says something of a type. */
static sonic_status await(const sonic_serving *serving, sonic_channel *dealer,
                          sonic_message_type type, sonic_message *message, sonic_error *error)
{
    for (;;) {
        sonic_status status = sonic_message_receive(dealer, message, error);
        if (status != SONIC_OK)
            return status;
        if (sonic_serve_stopping(serving))
            return sonic_fail(error, SONIC_E_CLOSED, "stopped while waiting for the dealer");
        if (message->type == type)
            return SONIC_OK;
        if (message->type == SONIC_MESSAGE_REFUSED)
            return sonic_fail(error, SONIC_E_REFUSED, "the dealer refused: %s", message->text);
        if (message->type != SONIC_MESSAGE_WAIT)
            return sonic_fail(error, SONIC_E_PEER, "the dealer sent a message out of turn");
    }
}

/* Waits while the dealer deals; *bytes is the size of the pool that comes then. */
static sonic_status await_pool(const sonic_serving *serving, sonic_channel *dealer, uint64_t most,
                               uint64_t *bytes, sonic_error *error)
{
    sonic_message message = {0};
    sonic_status status = await(serving, dealer, SONIC_MESSAGE_FILE, &message, error);
    if (status == SONIC_OK && message.total > most)
        status = sonic_fail(error, SONIC_E_PEER,
                            "the dealer announces a pool of %llu bytes, %llu are the most",
                            (unsigned long long)message.total, (unsigned long long)most);
    *bytes = message.total;
    return status;
}

static sonic_status fetch(sonic_serving *serving, sonic_channel *dealer, sonic_incoming *incoming,
                          sonic_error *error)
{
    uint64_t most = 0, bytes = 0;
    fetching f = { .serving = serving };
    sonic_status status = greet_dealer(serving, dealer, &most, error);
    if (status == SONIC_OK)
        status = await_pool(serving, dealer, most, &bytes, error);
    if (status != SONIC_OK)
        return status;
    sonic_bar_start(&f.bar, "pool", serving->options->quiet);
    status =
        sonic_incoming_receive(incoming, dealer, bytes, SONIC_FILE_POOL, show_progress, &f, error);
    sonic_bar_end(&f.bar);
    if (status == SONIC_OK)
        status = sonic_incoming_commit(incoming, false, error);
    if (status == SONIC_OK)
        status = sonic_message_say(dealer, SONIC_MESSAGE_DONE, "", error);
    serving->fetched_bytes = bytes;
    sonic_message both;
    return status == SONIC_OK ? await(serving, dealer, SONIC_MESSAGE_DONE, &both, error) : status;
}

sonic_status sonic_serve_fetch(sonic_serving *serving, sonic_error *error)
{
    const sonic_serve_options *options = serving->options;
    sonic_channel *dealer;
    sonic_incoming incoming;
    double start = sonic_clock_seconds();
    if (access(options->pool, F_OK) == 0)
        return sonic_fail(error, SONIC_E_FILE,
                          "%s exists already: remove it, or use it by leaving --dealer out",
                          options->pool);
    sonic_status status = sonic_incoming_create(&incoming, options->pool, error);
    if (status != SONIC_OK)
        return status;
    status = sonic_tcp_connect(&dealer, options->dealer, "the dealer", options->timeout_ms,
                               options->timeout_ms, error);
    if (status == SONIC_OK) {
        status = fetch(serving, dealer, &incoming, error);
        sonic_channel_free(dealer);
    }
    sonic_incoming_free(&incoming);
    serving->fetch_seconds = sonic_clock_seconds() - start;
    return status;
}
