#include "tests/ot_run.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <sodium.h>

#include "tests/random_test.h"

enum { LABEL = 16 };

void *ot_run_take(size_t n)
{
    void *buffer = calloc(n + 1, 1);
    cr_assert_not_null(buffer);
    return buffer;
}

unsigned ot_run_bit(const uint8_t *bits, size_t i)
{
    return bits[i / 8] >> i % 8 & 1;
}

static void fill(uint8_t *out, size_t n, uint64_t seed)
{
    uint8_t key[randombytes_SEEDBYTES] = {0};
    memcpy(key, &seed, sizeof seed);
    randombytes_buf_deterministic(out, n, key);
}

static size_t input_bytes(const ot_job *job, unsigned index)
{
    if (job->form == OT_TRIPLES)
        return 0;
    if (index == 1)
        return (job->n + 7) / 8;
    return job->form == OT_CHOSEN ? 2 * job->n * job->size : 0;
}

size_t ot_run_bytes(const ot_job *job, unsigned index)
{
    switch (job->form) {
    case OT_CORRELATED:
        return job->n * LABEL;
    case OT_RANDOM:
        return job->n * LABEL * (index ? 1 : 2);
    case OT_CHOSEN:
        return index ? job->n * job->size : 0;
    case OT_TRIPLES:
        return 3 * ((job->n + 7) / 8);
    }
    return 0;
}

static int wire_send(void *arg, const void *data, size_t n)
{
    ot_side *s = arg;
    const ot_fault *f = &s->fault;
    uint8_t *copy = ot_run_take(n);
    int failed = 0;
    memcpy(copy, data, n);
    for (size_t i = 0; i < n; i++)
        if (s->sent + i >= f->flip && s->sent + i - f->flip < f->flip_bytes)
            copy[i] ^= 0xff;
    for (size_t i = 0; i < n && f->replay_bytes; i++) {
        const uint64_t at = s->sent + i - f->replay;
        if (s->sent + i >= f->replay && at < f->replay_bytes)
            s->record[at] = copy[i];
        else if (s->sent + i >= f->replay && at < 2 * f->replay_bytes)
            copy[i] = s->record[at - f->replay_bytes];
    }
    if (f->cut && s->sent + n > f->cut) {
        failed = s->inner.send(s->inner.arg, copy, f->cut - s->sent);
        (void)shutdown(s->socket.fd, SHUT_RDWR);
        failed = failed ? failed : SONIC_E_CLOSED;
    } else {
        failed = s->inner.send(s->inner.arg, copy, n);
        s->sent += n;
    }
    free(copy);
    return failed;
}

static int wire_receive(void *arg, void *data, size_t n)
{
    ot_side *s = arg;
    s->received += n;
    return s->inner.receive(s->inner.arg, data, n);
}

/* Whichever it is. */
typedef struct state {
    sonic_ot_sender *sender;
    sonic_ot_receiver *receiver;
    sonic_bit_triples *triples;
} state;

static sonic_status create(state *at, ot_side *s, const sonic_context *context)
{
    const sonic_ot_link link = {wire_send, wire_receive, s};
    if (s->jobs[0].form == OT_TRIPLES)
        return sonic_bit_triples_create(&at->triples, context, &link, s->index, s->options.k,
                                        &s->error);
    if (s->index)
        return sonic_ot_receiver_create(&at->receiver, context, &link, &s->options, &s->error);
    sonic_status status =
        sonic_ot_sender_create(&at->sender, context, &link, &s->options, NULL, &s->error);
    if (!status)
        memcpy(s->delta, sonic_ot_sender_delta(at->sender), LABEL);
    return status;
}

static sonic_status call(const state *at, const ot_job *job, uint8_t *out, const uint8_t *in,
                         sonic_error *error)
{
    const size_t bytes = (job->n + 7) / 8;
    switch (job->form) {
    case OT_CORRELATED:
        return at->sender ? sonic_ot_send_correlated(at->sender, out, job->n, error)
                          : sonic_ot_receive_correlated(at->receiver, out, in, job->n, error);
    case OT_RANDOM:
        return at->sender ? sonic_ot_send_random(at->sender, out, job->n, error)
                          : sonic_ot_receive_random(at->receiver, out, in, job->n, error);
    case OT_CHOSEN:
        return at->sender
                   ? sonic_ot_send_chosen(at->sender, in, job->size, job->n, error)
                   : sonic_ot_receive_chosen(at->receiver, out, in, job->size, job->n, error);
    case OT_TRIPLES:
        return sonic_bit_triples_make(at->triples, out, out + bytes, out + 2 * bytes, job->n,
                                      error);
    }
    return SONIC_E_ARGUMENT;
}

static void run_jobs(ot_side *s, const state *at)
{
    for (size_t i = 0; i < s->count && !s->status; i++) {
        s->status = call(at, &s->jobs[i], s->out[i], s->in[i], &s->error);
        if (s->status) {
            const uint64_t before = s->sent + s->received;
            sonic_error error;
            uint8_t *waste = ot_run_take(ot_run_bytes(&s->jobs[i], s->index));
            s->again = call(at, &s->jobs[i], waste, s->in[i], &error);
            s->moved = s->sent + s->received != before;
            free(waste);
        } else {
            s->done++;
        }
    }
}

static void *run_side(void *arg)
{
    ot_side *s = arg;
    const sonic_context_options options = {.tier = s->tier, .threads = 1};
    sonic_context *context;
    state at = {NULL, NULL, NULL};
    sonic_test_seed(s->seed);
    s->status = sonic_context_create(&context, &options, &s->error);
    if (!s->status) {
        s->status = create(&at, s, context);
        s->setup_sent = s->sent;
        s->setup_received = s->received;
        if (!s->status)
            run_jobs(s, &at);
        sonic_ot_sender_free(at.sender);
        sonic_ot_receiver_free(at.receiver);
        sonic_bit_triples_free(at.triples);
        sonic_context_free(context);
    }
    (void)shutdown(s->socket.fd, SHUT_RDWR);
    return NULL;
}

void ot_run_begin(ot_side side[2], sonic_ot_options options, const ot_job *jobs, size_t count,
                  uint64_t seed)
{
    int fd[2];
    cr_assert_leq(count, OT_RUN_JOBS);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    for (unsigned i = 0; i < 2; i++) {
        ot_side *s = &side[i];
        *s = (ot_side){.index = i,
                       .options = options,
                       .seed = seed + i,
                       .jobs = jobs,
                       .count = count,
                       .timeout_ms = OT_RUN_PATIENCE_MS};
        s->socket.fd = fd[i];
        for (size_t j = 0; j < count; j++) {
            const size_t in = input_bytes(&jobs[j], i), out = ot_run_bytes(&jobs[j], i);
            s->in[j] = ot_run_take(in);
            fill(s->in[j], in, seed * 100 + 2 * j + i);
            s->out[j] = ot_run_take(out);
            memset(s->out[j], 0xa5, out);
        }
    }
}

void ot_run(ot_side side[2])
{
    pthread_t thread;
    for (unsigned i = 0; i < 2; i++) {
        side[i].socket.timeout_ms = side[i].timeout_ms;
        side[i].inner = sonic_ot_socket_link(&side[i].socket);
        side[i].record = ot_run_take(side[i].fault.replay_bytes);
    }
    cr_assert_eq(pthread_create(&thread, NULL, run_side, &side[1]), 0);
    run_side(&side[0]);
    pthread_join(thread, NULL);
}

void ot_run_end(ot_side side[2])
{
    for (unsigned i = 0; i < 2; i++) {
        for (size_t j = 0; j < side[i].count; j++) {
            free(side[i].in[j]);
            free(side[i].out[j]);
        }
        close(side[i].socket.fd);
        free(side[i].record);
    }
}

static void check_triples(const ot_side side[2], size_t job)
{
    const size_t n = side[0].jobs[job].n, bytes = (n + 7) / 8;
    const uint8_t *x = side[0].out[job], *y = side[1].out[job];
    for (size_t i = 0; i < 8 * bytes; i++) {
        const unsigned a = ot_run_bit(x, i) ^ ot_run_bit(y, i);
        const unsigned b = ot_run_bit(x + bytes, i) ^ ot_run_bit(y + bytes, i);
        const unsigned c = ot_run_bit(x + 2 * bytes, i) ^ ot_run_bit(y + 2 * bytes, i);
        cr_assert(i < n ? c == (a & b) : (a | b | c) == 0, "triple %zu of %zu", i, n);
    }
}

/* What the receiver must have got in transfer j, from what the sender has. */
static void expect(uint8_t *out, const ot_side *sender, size_t job, size_t j, unsigned choice)
{
    const size_t size = sender->jobs[job].size;
    switch (sender->jobs[job].form) {
    case OT_CORRELATED:
        for (size_t b = 0; b < LABEL; b++)
            out[b] = sender->out[job][j * LABEL + b] ^ (choice ? sender->delta[b] : 0);
        break;
    case OT_RANDOM:
        memcpy(out, sender->out[job] + (2 * j + choice) * LABEL, LABEL);
        break;
    case OT_CHOSEN:
        memcpy(out, sender->in[job] + (2 * j + choice) * size, size);
        break;
    case OT_TRIPLES:
        break;
    }
}

void ot_run_check(const ot_side side[2])
{
    for (unsigned i = 0; i < 2; i++) {
        cr_assert_eq(side[i].status, SONIC_OK, "side %u, job %zu: %s", i, side[i].done,
                     side[i].error.text);
        cr_assert_eq(side[i].done, side[i].count);
    }
    for (size_t job = 0; job < side[0].count; job++) {
        const ot_job *what = &side[0].jobs[job];
        if (what->form == OT_TRIPLES) {
            check_triples(side, job);
            continue;
        }
        const size_t each = what->form == OT_CHOSEN ? what->size : LABEL;
        uint8_t *wanted = ot_run_take(each);
        for (size_t j = 0; j < what->n; j++) {
            expect(wanted, &side[0], job, j, ot_run_bit(side[1].in[job], j));
            cr_assert(memcmp(wanted, side[1].out[job] + j * each, each) == 0,
                      "job %zu, transfer %zu of %zu, size %zu, k %u", job, j, what->n, what->size,
                      side[0].options.k);
        }
        free(wanted);
    }
}
