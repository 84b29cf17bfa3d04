/* Server 0 leads and server 1 follows: who is served next, batch by batch
 * (proto/session/request.h). */
#include <stdio.h>
#include <string.h>

#include "dispatch/error.h"
#include "proto/channel/clock.h"
#include "tools/serve.h"

/* How often an idle server 0 greets server 1, and a waiting server 1 answers. */
enum { HEARTBEAT_MS = 250 };

/* Control messages are counted under layer 0, the input, which sends nothing else in any phase. */
static sonic_status say(sonic_serving *serving, const sonic_message *message, sonic_error *error)
{
    sonic_channel_mark(serving->peer, SONIC_SETUP, 0);
    return sonic_message_send(serving->peer, message, error);
}

static sonic_status hear(sonic_serving *serving, sonic_message *message, sonic_error *error)
{
    sonic_channel_mark(serving->peer, SONIC_SETUP, 0);
    return sonic_message_receive(serving->peer, message, error);
}

static sonic_status say_text(sonic_serving *serving, sonic_message_type type, const char *text,
                             sonic_error *error)
{
    sonic_channel_mark(serving->peer, SONIC_SETUP, 0);
    return sonic_message_say(serving->peer, type, text, error);
}

static sonic_status out_of_turn(const sonic_serving *serving, sonic_error *error)
{
    return sonic_fail(error, SONIC_E_PEER, "%s sent a message out of turn",
                      sonic_channel_peer(serving->peer));
}

/* Asks server 1 and waits for its answer: READY, NO, PONG or BYE. */
static sonic_status ask(sonic_serving *serving, const sonic_message *question,
                        sonic_message *answer, sonic_error *error)
{
    sonic_status status = say(serving, question, error);
    while (status == SONIC_OK) {
        status = hear(serving, answer, error);
        if (status != SONIC_OK || answer->type == SONIC_MESSAGE_READY ||
            answer->type == SONIC_MESSAGE_NO || answer->type == SONIC_MESSAGE_PONG ||
            answer->type == SONIC_MESSAGE_BYE)
            break;
        if (answer->type != SONIC_MESSAGE_WAIT)
            status = out_of_turn(serving, error);
    }
    return status;
}

/* Tells both users of a request why it ends. */
static sonic_status end_request(sonic_serving *serving, sonic_running *running,
                                sonic_visitor *visitor, const char *why, sonic_error *error)
{
    sonic_message message = { .type = SONIC_MESSAGE_END };
    memcpy(message.id, sonic_visitor_request(visitor), SONIC_ID_BYTES);
    (void)snprintf(message.text, sizeof message.text, "server 0: %.300s", why);
    if (running->visitor)
        sonic_running_refuse(running, why);
    else
        sonic_visitor_refuse(visitor, why);
    return say(serving, &message, error);
}

/* Runs one request to its end; *bye when server 1 leaves. */
static sonic_status lead_request(sonic_serving *serving, sonic_visitor *visitor, bool *bye,
                                 sonic_error *error)
{
    sonic_running running = { .fd = -1 };
    sonic_message next = { .type = SONIC_MESSAGE_NEXT, .total = sonic_visitor_batches(visitor) };
    char why[SONIC_MESSAGE_TEXT];
    bool enough;
    sonic_status status = sonic_serve_enough(serving, (uint32_t)next.total, &enough, why, error);
    if (status != SONIC_OK)
        sonic_visitor_refuse(visitor, error->text);
    else if (!enough)
        return end_request(serving, &running, visitor, why, error);
    memcpy(next.id, sonic_visitor_request(visitor), SONIC_ID_BYTES);
    if (status == SONIC_OK)
        status = sonic_running_begin(&running, serving, visitor, error);
    for (; status == SONIC_OK && next.done < next.total; next.done++) {
        sonic_message answer;
        if (sonic_serve_stopping(serving))
            return end_request(serving, &running, visitor, "the server is stopping", error);
        if (!sonic_visitor_present(visitor))
            return end_request(serving, &running, visitor, "the user has left", error);
        status = ask(serving, &next, &answer, error);
        if (status == SONIC_OK && answer.type == SONIC_MESSAGE_READY)
            status = sonic_running_batch(&running, serving, error);
        else if (status == SONIC_OK) {
            *bye = answer.type == SONIC_MESSAGE_BYE;
            (void)snprintf(why, sizeof why, "server 1: %.300s",
                           *bye ? "the server has ended" : answer.text);
            sonic_running_refuse(&running, why);
            return SONIC_OK;
        }
    }
    if (status != SONIC_OK && running.visitor)
        sonic_running_refuse(&running, error->text);
    return status;
}

/* Readies the next inference before its user comes. */
static sonic_status lead_prepare(sonic_serving *serving, bool *bye, sonic_error *error)
{
    uint32_t left;
    sonic_message answer, question = { .type = SONIC_MESSAGE_PREPARE };
    sonic_status status = sonic_serve_left(serving, &left, error);
    if (status != SONIC_OK || serving->prepared || left == 0)
        return status;
    status = ask(serving, &question, &answer, error);
    if (status != SONIC_OK)
        return status;
    *bye = answer.type == SONIC_MESSAGE_BYE;
    return answer.type == SONIC_MESSAGE_READY ? sonic_serve_prepare(serving, error) : SONIC_OK;
}

sonic_status sonic_serve_lead(sonic_serving *serving, sonic_error *error)
{
    const sonic_serve_options *options = serving->options;
    sonic_status status = SONIC_OK;
    bool bye = false;
    while (status == SONIC_OK && !bye && !sonic_serve_stopping(serving) &&
           (options->requests == 0 || serving->requests < options->requests)) {
        status = lead_prepare(serving, &bye, error);
        if (status != SONIC_OK || bye)
            break;
        sonic_visitor *visitor = sonic_door_next(serving->door, HEARTBEAT_MS);
        if (visitor) {
            status = lead_request(serving, visitor, &bye, error);
        } else {
            sonic_message answer, ping = { .type = SONIC_MESSAGE_PING };
            status = ask(serving, &ping, &answer, error);
            bye = status == SONIC_OK && answer.type == SONIC_MESSAGE_BYE;
        }
    }
    sonic_channel_mark(serving->peer, SONIC_SETUP, 0);
    if (status == SONIC_OK && !bye)
        sonic_message_try(serving->peer, SONIC_MESSAGE_BYE, "");
    return status;
}

/* Waits for the user of a request, as long as its input is on the way or the timeout lasts. */
static sonic_status await_visitor(sonic_serving *serving, const sonic_message *next,
                                  sonic_visitor **visitor, sonic_error *error)
{
    double end = sonic_clock_seconds() + serving->options->timeout_ms / 1000.0;
    *visitor = NULL;
    for (;;) {
        bool arriving;
        *visitor = sonic_door_find(serving->door, next->id, HEARTBEAT_MS, &arriving);
        if (*visitor || sonic_serve_stopping(serving) || (!arriving && sonic_clock_seconds() > end))
            return SONIC_OK;
        sonic_status status = say_text(serving, SONIC_MESSAGE_WAIT, "", error);
        if (status != SONIC_OK)
            return status;
    }
}

/* Answers NEXT: READY and the batch, or NO with a reason. */
static sonic_status follow_next(sonic_serving *serving, sonic_running *running,
                                const sonic_message *next, sonic_error *error)
{
    char why[SONIC_MESSAGE_TEXT];
    bool enough = true, begun = running->visitor != NULL;
    sonic_status status = SONIC_OK;
    if (begun ? running->done != next->done ||
                    sonic_visitor_batches(running->visitor) != next->total ||
                    memcmp(sonic_visitor_request(running->visitor), next->id, SONIC_ID_BYTES) != 0
              : next->done != 0)
        return out_of_turn(serving, error);
    if (!begun) {
        sonic_visitor *visitor;
        status = await_visitor(serving, next, &visitor, error);
        if (status == SONIC_OK && visitor)
            status = sonic_running_begin(running, serving, visitor, error);
        if (status == SONIC_OK && visitor)
            status =
                sonic_serve_enough(serving, sonic_visitor_batches(visitor), &enough, why, error);
        if (status != SONIC_OK)
            return status;
    }
    if (sonic_serve_stopping(serving))
        (void)snprintf(why, sizeof why, "the server is stopping");
    else if (!running->visitor)
        (void)snprintf(why, sizeof why, "the other share of the input has not arrived within %g s",
                       serving->options->timeout_ms / 1000.0);
    else if (!sonic_visitor_present(running->visitor))
        (void)snprintf(why, sizeof why, "the user has left");
    else if (sonic_visitor_batches(running->visitor) != next->total)
        (void)snprintf(why, sizeof why, "the two shares have different numbers of images");
    else if (enough) {
        status = say_text(serving, SONIC_MESSAGE_READY, "", error);
        return status == SONIC_OK ? sonic_running_batch(running, serving, error) : status;
    }
    sonic_running_refuse(running, why);
    return say_text(serving, SONIC_MESSAGE_NO, why, error);
}

static sonic_status follow_prepare(sonic_serving *serving, sonic_error *error)
{
    uint32_t left;
    sonic_status status = sonic_serve_left(serving, &left, error);
    if (status != SONIC_OK)
        return status;
    if (left == 0 || serving->prepared)
        return say_text(serving, SONIC_MESSAGE_NO, "", error);
    status = say_text(serving, SONIC_MESSAGE_READY, "", error);
    return status == SONIC_OK ? sonic_serve_prepare(serving, error) : status;
}

/* END: the request that runs, or one whose user still waits here. */
static void follow_end(sonic_serving *serving, sonic_running *running, const sonic_message *message)
{
    bool arriving;
    if (running->visitor) {
        sonic_running_refuse(running, message->text);
        return;
    }
    sonic_visitor *visitor = sonic_door_find(serving->door, message->id, 0, &arriving);
    if (visitor)
        sonic_visitor_refuse(visitor, message->text);
}

sonic_status sonic_serve_follow(sonic_serving *serving, sonic_error *error)
{
    const sonic_serve_options *options = serving->options;
    sonic_running running = { .fd = -1 };
    sonic_status status = SONIC_OK;
    bool bye = false;
    while (status == SONIC_OK && !bye) {
        sonic_message message;
        status = hear(serving, &message, error);
        if (status != SONIC_OK)
            break;
        bool ending = sonic_serve_stopping(serving) ||
                      (options->requests > 0 && serving->requests >= options->requests);
        switch (message.type) {
        case SONIC_MESSAGE_PING:
        case SONIC_MESSAGE_PREPARE:
            bye = ending;
            if (ending)
                status = say_text(serving, SONIC_MESSAGE_BYE, "", error);
            else if (message.type == SONIC_MESSAGE_PING)
                status = say_text(serving, SONIC_MESSAGE_PONG, "", error);
            else
                status = follow_prepare(serving, error);
            break;
        case SONIC_MESSAGE_NEXT: status = follow_next(serving, &running, &message, error); break;
        case SONIC_MESSAGE_END: follow_end(serving, &running, &message); break;
        case SONIC_MESSAGE_BYE: bye = true; break;
        default: status = out_of_turn(serving, error); break;
        }
    }
    sonic_running_refuse(&running, status == SONIC_OK ? "the server has ended" : error->text);
    return status;
}
