/* What a user does at one server, in a thread of its own: bring a share, wait, fetch a share. */
#include "tools/errand.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "tools/cli.h"
#include "tools/host.h"

struct sonic_errands {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stop;
    const sonic_errand *failed; /* first */
};

/* The most that the result of an input may have, by the graph that the input carries. */
static sonic_status bound_result(sonic_errand *errand, sonic_error *error)
{
    const sonic_file_header *h = sonic_reader_header(errand->input);
    sonic_graph graph;
    size_t bytes;
    sonic_status status =
        sonic_graph_read(&graph, sonic_reader_meta(errand->input), h->meta_bytes, error);
    if (status != SONIC_OK)
        return sonic_fail_in(error, status, sonic_reader_name(errand->input));
    errand->total = (h->count - 1) / h->batch + 1;
    if (!sonic_size_mul(&bytes, sonic_node_elements(&graph, graph.nodes - 1), 8) ||
        !sonic_size_mul(&bytes, bytes, h->batch) || !sonic_size_mul(&bytes, bytes, errand->total) ||
        !sonic_size_add(&errand->result_most, bytes, bytes / 1024 + SONIC_META_MAX + (1 << 20)))
        status = sonic_fail(error, SONIC_E_SHAPE, "%s: its result would be too large",
                            sonic_reader_name(errand->input));
    sonic_graph_free(&graph);
    return status;
}

sonic_status sonic_errand_open(sonic_errand *errand, const sonic_infer_options *options,
                               unsigned party, sonic_error *error)
{
    char *in = NULL, *out = NULL;
    struct stat info;
    const char *suffix = party ? ".1" : ".0";
    errand->party = party;
    errand->stop = options->stop;
    sonic_status status = sonic_cli_path(&in, options->input, suffix, error);
    if (status == SONIC_OK)
        status = sonic_cli_path(&out, options->output, suffix, error);
    if (status == SONIC_OK)
        status = sonic_reader_open(&errand->input, in, SONIC_FILE_INPUT, error);
    if (status == SONIC_OK)
        status = sonic_cli_check_data(errand->input, error);
    if (status == SONIC_OK)
        status = bound_result(errand, error);
    if (status == SONIC_OK) {
        errand->fd = open(in, O_RDONLY | O_CLOEXEC);
        if (errand->fd < 0 || fstat(errand->fd, &info) != 0)
            status = sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot open %s", in);
        else
            errand->bytes = (uint64_t)info.st_size;
    }
    if (status == SONIC_OK)
        status = sonic_incoming_create(&errand->result, out, error);
    free(in);
    free(out);
    return status;
}

void sonic_errand_free(sonic_errand *errand)
{
    sonic_channel_free(errand->channel);
    sonic_incoming_free(&errand->result);
    if (errand->fd >= 0)
        (void)close(errand->fd);
    sonic_reader_free(errand->input);
}

sonic_status sonic_errand_prepare(sonic_errand *errand, const uint8_t request[SONIC_ID_BYTES],
                                  sonic_error *error)
{
    const sonic_file_header *h = sonic_reader_header(errand->input);
    const char *peer = sonic_channel_peer(errand->channel),
               *name = sonic_reader_name(errand->input);
    sonic_greeting *greeting = &errand->greeting;
    if (memcmp(greeting->model, h->model, SONIC_ID_BYTES) != 0)
        return sonic_fail(error, SONIC_E_MISMATCH, "%s serves another model than %s is for", peer,
                          name);
    if (greeting->ring != h->ring)
        return sonic_fail(error, SONIC_E_MISMATCH, "%s has ring 2^%u, %s has 2^%u", peer,
                          (unsigned)greeting->ring, name, (unsigned)h->ring);
    if (greeting->batch != h->batch)
        return sonic_fail(error, SONIC_E_MISMATCH, "%s takes batches of %u, %s has batches of %u",
                          peer, greeting->batch, name, h->batch);
    if (errand->total > greeting->count)
        return sonic_fail(error, SONIC_E_USED_UP, "%s has a pool of %u inferences, %s needs %llu",
                          peer, greeting->count, name, (unsigned long long)errand->total);
    *greeting = (sonic_greeting){ .role = SONIC_ROLE_USER,
                                  .party = errand->party,
                                  .ring = h->ring,
                                  .batch = h->batch,
                                  .count = h->count,
                                  .bytes = errand->bytes };
    memcpy(greeting->model, h->model, SONIC_ID_BYTES);
    memcpy(greeting->request, request, SONIC_ID_BYTES);
    return SONIC_OK;
}

static int stopped(void *arg, uint64_t done, uint64_t total)
{
    sonic_errand *errand = arg;
    (void)done, (void)total;
    pthread_mutex_lock(&errand->both->lock);
    bool stop = errand->both->stop || (errand->stop && *errand->stop);
    pthread_mutex_unlock(&errand->both->lock);
    return stop;
}

/* The result has to be the answer to the input. */
static sonic_status check_result(const sonic_errand *errand, sonic_error *error)
{
    const sonic_file_header *in = sonic_reader_header(errand->input);
    const sonic_file_header *out = sonic_reader_header(errand->result.reader);
    if (out->party != in->party || out->ring != in->ring || out->batch != in->batch ||
        out->count != in->count || memcmp(out->model, in->model, SONIC_ID_BYTES) != 0 ||
        memcmp(out->pair, in->pair, SONIC_ID_BYTES) != 0 || out->meta_bytes != in->meta_bytes ||
        memcmp(sonic_reader_meta(errand->result.reader), sonic_reader_meta(errand->input),
               in->meta_bytes) != 0)
        return sonic_fail(error, SONIC_E_PEER, "%s answered with the result of something else",
                          sonic_channel_peer(errand->channel));
    return SONIC_OK;
}

static void note_progress(sonic_errand *errand, uint64_t done)
{
    pthread_mutex_lock(&errand->both->lock);
    errand->done = done < errand->total ? done : errand->total;
    pthread_cond_broadcast(&errand->both->changed);
    pthread_mutex_unlock(&errand->both->lock);
}

/* Waits for the result, which is then received. */
static sonic_status fetch_result(sonic_errand *errand, sonic_error *error)
{
    sonic_channel *channel = errand->channel;
    for (;;) {
        sonic_message message;
        sonic_status status = sonic_message_receive(channel, &message, error);
        if (status != SONIC_OK)
            return status;
        if (stopped(errand, 0, 0))
            return sonic_fail(error, SONIC_E_CLOSED, "stopped");
        switch (message.type) {
        case SONIC_MESSAGE_WAIT: note_progress(errand, message.done); break;
        case SONIC_MESSAGE_REFUSED:
            return sonic_fail(error, SONIC_E_REFUSED, "%s refused: %s", sonic_channel_peer(channel),
                              message.text);
        case SONIC_MESSAGE_FILE:
            if (message.total > errand->result_most)
                return sonic_fail(error, SONIC_E_PEER, "%s announces a result that is too large",
                                  sonic_channel_peer(channel));
            status = sonic_incoming_receive(&errand->result, channel, message.total,
                                            SONIC_FILE_RESULT, stopped, errand, error);
            if (status == SONIC_OK)
                status = check_result(errand, error);
            if (status == SONIC_OK)
                status = sonic_message_say(channel, SONIC_MESSAGE_DONE, "", error);
            return status;
        default:
            return sonic_fail(error, SONIC_E_PEER, "%s sent a message out of turn",
                              sonic_channel_peer(channel));
        }
    }
}

static void *run(void *arg)
{
    sonic_errand *errand = arg;
    struct sonic_errands *both = errand->both;
    sonic_error error = { 0 };
    sonic_status status = sonic_greeting_send(errand->channel, &errand->greeting, &error);
    if (status == SONIC_OK)
        status =
            sonic_file_send(errand->channel, errand->fd, errand->bytes, stopped, errand, &error);
    /* A server that refuses says so before it closes: better that sentence than "closed". */
    if (status == SONIC_OK || status == SONIC_E_CLOSED)
        status = fetch_result(errand, &error);
    pthread_mutex_lock(&both->lock);
    errand->status = status;
    errand->error = error;
    errand->ended = true;
    if (status != SONIC_OK && !both->failed)
        both->failed = errand;
    both->stop = both->stop || status != SONIC_OK;
    pthread_cond_broadcast(&both->changed);
    pthread_mutex_unlock(&both->lock);
    return NULL;
}

sonic_status sonic_errands_run(sonic_errand errand[2], sonic_bar *bar, sonic_error *error)
{
    struct sonic_errands both = { .stop = false };
    pthread_t thread[2];
    unsigned started = 0;
    int code = 0;
    pthread_mutex_init(&both.lock, NULL);
    pthread_cond_init(&both.changed, NULL);
    for (; started < 2 && code == 0; started += code == 0) {
        errand[started].both = &both;
        code = pthread_create(&thread[started], NULL, run, &errand[started]);
    }
    pthread_mutex_lock(&both.lock);
    both.stop = both.stop || code != 0; /* one may have failed already */
    while (started == 2 && !(errand[0].ended && errand[1].ended)) {
        uint64_t done = errand[0].done < errand[1].done ? errand[0].done : errand[1].done;
        sonic_bar_set(bar, done, errand[0].total);
        (void)pthread_cond_wait(&both.changed, &both.lock);
    }
    pthread_mutex_unlock(&both.lock);
    for (unsigned i = 0; i < started; i++)
        (void)pthread_join(thread[i], NULL);
    pthread_cond_destroy(&both.changed);
    pthread_mutex_destroy(&both.lock);
    if (code != 0)
        return sonic_fail_errno(error, SONIC_E_SYSTEM, code, "cannot start a thread");
    if (both.failed)
        return sonic_fail(error, both.failed->status, "%s", both.failed->error.text);
    sonic_bar_set(bar, errand[0].total, errand[0].total);
    return SONIC_OK;
}
