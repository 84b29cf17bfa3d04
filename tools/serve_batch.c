/* One batch of one request, at either server; and the pool's state. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/serve.h"

bool sonic_serve_stopping(const sonic_serving *serving)
{
    return serving->options->stop && *serving->options->stop;
}

sonic_status sonic_serve_left(sonic_serving *serving, uint32_t *left, sonic_error *error)
{
    uint32_t next;
    *left = UINT32_MAX;
    if (!serving->pool)
        return SONIC_OK;
    sonic_status status = sonic_pool_next(serving->pool, &next, error);
    if (status == SONIC_OK)
        *left = sonic_pool_header(serving->pool)->count - next + serving->prepared;
    return status;
}

sonic_status sonic_serve_enough(sonic_serving *serving, uint32_t batches, bool *enough,
                                char why[SONIC_MESSAGE_TEXT], sonic_error *error)
{
    uint32_t left;
    sonic_status status = sonic_serve_left(serving, &left, error);
    if (status != SONIC_OK)
        return status;
    *enough = left >= batches;
    if (*enough)
        return SONIC_OK;
    const uint32_t count = sonic_pool_header(serving->pool)->count;
    const char *path = sonic_pool_path(serving->pool);
    if (left == 0)
        (void)snprintf(why, SONIC_MESSAGE_TEXT, "the pool %s is used up (%u of %u inferences)",
                       path, count, count);
    else
        (void)snprintf(why, SONIC_MESSAGE_TEXT,
                       "the pool %s has %u of %u inferences left, the request needs %u", path, left,
                       count, batches);
    return SONIC_OK;
}

sonic_status sonic_serve_prepare(sonic_serving *serving, sonic_error *error)
{
    sonic_channel_stop_on(serving->peer, serving->options->stop);
    sonic_status status = sonic_session_prepare(serving->session, error);
    sonic_channel_stop_on(serving->peer, NULL);
    serving->prepared = status == SONIC_OK;
    serving->interrupted = status == SONIC_E_CLOSED && sonic_serve_stopping(serving);
    return status;
}

sonic_status sonic_running_begin(sonic_running *running, sonic_serving *serving,
                                 sonic_visitor *visitor, sonic_error *error)
{
    sonic_file_header header = *sonic_reader_header(sonic_visitor_input(visitor));
    header.kind = SONIC_FILE_RESULT;
    header.meta_bytes = serving->meta_bytes;
    header.data_bytes = (uint64_t)sonic_visitor_batches(visitor) * serving->output_bytes;
    *running = (sonic_running){ .visitor = visitor, .fd = -1 };
    sonic_status status = sonic_anonymous_file(&running->fd, NULL, error);
    if (status != SONIC_OK)
        return status;
    return sonic_writer_create_fd(&running->result, running->fd, "the result", &header,
                                  serving->meta, error);
}

void sonic_running_refuse(sonic_running *running, const char *why)
{
    sonic_writer_abort(running->result);
    if (running->visitor) {
        if (running->fd >= 0)
            (void)close(running->fd);
        sonic_visitor_refuse(running->visitor, why);
    }
    *running = (sonic_running){ .fd = -1 };
}

sonic_status sonic_running_batch(sonic_running *running, sonic_serving *serving, sonic_error *error)
{
    sonic_visitor *visitor = running->visitor;
    uint64_t at = (uint64_t)running->done * serving->input_bytes;
    sonic_status status = sonic_reader_read_at(sonic_visitor_input(visitor), at, serving->input,
                                               serving->input_bytes, error);
    if (status == SONIC_OK && !serving->prepared)
        status = sonic_serve_prepare(serving, error);
    if (status == SONIC_OK)
        status = sonic_session_infer(serving->session, serving->input, serving->output, error);
    serving->prepared = false;
    if (status == SONIC_OK)
        status = sonic_writer_write(running->result, serving->output, serving->output_bytes, error);
    if (status != SONIC_OK)
        return status;
    serving->batches++;
    running->done++;
    sonic_visitor_progress(visitor, running->done);
    if (running->done < sonic_visitor_batches(visitor))
        return SONIC_OK;
    uint32_t images = sonic_reader_header(sonic_visitor_input(visitor))->count;
    status = sonic_writer_commit(running->result, error);
    running->result = NULL;
    if (status != SONIC_OK)
        return status;
    serving->requests++;
    serving->images += images;
    sonic_visitor_answer(visitor, running->fd);
    *running = (sonic_running){ .fd = -1 };
    return SONIC_OK;
}
