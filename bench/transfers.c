/* Oblivious transfers between two processes over loopback TCP, each on a core of its own: rates by
 * processor time of the slower one and by wall, bytes, and shares of what AES allows.
 *
 *   bench/transfers [--kind=0|1|2] [--k=K] [--transfers=N] [--runs=N] [--cpus=A,B]
 */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sonicnn/ot.h>

#include "bench/ceilings.h"
#include "dispatch/context.h"
#include "proto/share/random.h"

enum {
    KEY = SONIC_OT_BLOCK_BYTES,
    AT_ONCE = 1 << 17, /* transfers of a call: keys of at most 4 MiB, the same memory each time */
    TRIPLES = 1 << 20, /* of a call */
    CHECKED = 1024,    /* transfers that are looked at before the timing */
    RUNS_MAX = 99
};

typedef enum kind { SEMI_HONEST, MALICIOUS, BIT_TRIPLES, KINDS } kind;

static const char *const kind_names[KINDS] = {"random", "random, malicious", "bit triples"};

/* One of the two processes. */
typedef struct process {
    unsigned index; /* 0: the sender */
    const sonic_context *context;
    sonic_ot_socket data, control;
    uint64_t sent, received;
    size_t transfers, runs;
    unsigned k; /* only this one; 0: all */
    int kind;   /* the same; -1: all */
    uint8_t *buffer, *choice;
    sonic_ot_sender *sender;
    sonic_ot_receiver *receiver;
    sonic_bit_triples *triples;
    double ceiling; /* AES calls a second, the best that was seen */
} process;

/* What a process has seen of one measurement. */
typedef struct seen {
    double setup, cpu, wall; /* seconds */
    uint64_t bytes;          /* sent, without the setup */
} seen;

static void check(bool holds, const char *why)
{
    if (holds)
        return;
    fprintf(stderr, "bench/transfers: %s\n", why);
    exit(1);
}

static double process_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void control_move(process *p, void *mine, void *theirs, size_t n)
{
    const sonic_ot_link link = sonic_ot_socket_link(&p->control);
    check(!link.send(link.arg, mine, n) && !link.receive(link.arg, theirs, n),
          "the other process ended");
}

static void meet(process *p)
{
    uint8_t byte = 0;
    control_move(p, &byte, &byte, 1);
}

/* The data's link, counted. */
static int count_send(void *arg, const void *data, size_t n)
{
    process *p = arg;
    const sonic_ot_link link = sonic_ot_socket_link(&p->data);
    p->sent += n;
    return link.send(link.arg, data, n);
}

static int count_receive(void *arg, void *data, size_t n)
{
    process *p = arg;
    const sonic_ot_link link = sonic_ot_socket_link(&p->data);
    p->received += n;
    return link.receive(link.arg, data, n);
}

static void create(process *p, kind what, unsigned k)
{
    const sonic_ot_link link = {count_send, count_receive, p};
    const sonic_ot_options options = {.k = k, .malicious = what == MALICIOUS};
    sonic_error error;
    sonic_status status;
    if (what == BIT_TRIPLES)
        status = sonic_bit_triples_create(&p->triples, p->context, &link, p->index, k, &error);
    else if (p->index)
        status = sonic_ot_receiver_create(&p->receiver, p->context, &link, &options, &error);
    else
        status = sonic_ot_sender_create(&p->sender, p->context, &link, &options, NULL, &error);
    check(!status, error.text);
}

static void release(process *p)
{
    sonic_bit_triples_free(p->triples);
    sonic_ot_receiver_free(p->receiver);
    sonic_ot_sender_free(p->sender);
    p->triples = NULL;
    p->receiver = NULL;
    p->sender = NULL;
}

static void run(process *p, kind what, size_t n)
{
    const size_t at_once = what == BIT_TRIPLES ? TRIPLES : AT_ONCE;
    sonic_error error;
    for (size_t done = 0; done < n; done += at_once) {
        const size_t m = n - done < at_once ? n - done : at_once;
        sonic_status status;
        if (what == BIT_TRIPLES)
            status = sonic_bit_triples_make(p->triples, p->buffer, p->buffer + TRIPLES / 8,
                                            p->buffer + 2 * (TRIPLES / 8), m, &error);
        else if (p->index)
            status = sonic_ot_receive_random(p->receiver, p->buffer, p->choice, m, &error);
        else
            status = sonic_ot_send_random(p->sender, p->buffer, m, &error);
        check(!status, error.text);
    }
}

static bool bit(const uint8_t *bits, size_t i)
{
    return bits[i / 8] >> i % 8 & 1;
}

/* What a few transfers make is told, and is what it should be. */
static void look(process *p, kind what)
{
    uint8_t *theirs = malloc(CHECKED * 2 * KEY);
    check(theirs, "no memory");
    run(p, what, CHECKED);
    control_move(p, p->buffer, theirs, CHECKED * 2 * KEY);
    for (size_t i = 0; i < CHECKED && what != BIT_TRIPLES && p->index; i++)
        check(memcmp(p->buffer + i * KEY, theirs + (2 * i + bit(p->choice, i)) * KEY, KEY) == 0,
              "a wrong key");
    if (what == BIT_TRIPLES) {
        control_move(p, p->buffer + TRIPLES / 8, theirs + CHECKED, CHECKED);
        control_move(p, p->buffer + 2 * (TRIPLES / 8), theirs + 2 * CHECKED, CHECKED);
        for (size_t i = 0; i < CHECKED / 8; i++) {
            const uint8_t *mine = p->buffer + i, *other = theirs + i;
            check(((mine[0] ^ other[0]) & (mine[TRIPLES / 8] ^ other[CHECKED])) ==
                      (mine[2 * (TRIPLES / 8)] ^ other[2 * CHECKED]),
                  "a wrong triple");
        }
    }
    free(theirs);
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static void see_ceiling(process *p)
{
    const bench_ceiling ceiling = {.kind = BENCH_AES, .tier = p->context->kernels.tier};
    p->ceiling = larger(p->ceiling, bench_ceiling_rate(&ceiling));
}

static int compare_seen(const void *a, const void *b)
{
    const seen *x = a, *y = b;
    return (x->cpu > y->cpu) - (x->cpu < y->cpu);
}

/* The run of the median by processor time of the slower process; both see both processes' numbers.
 */
static void measure(process *p, kind what, unsigned k, seen out[2])
{
    seen both[RUNS_MAX][2], slower[RUNS_MAX];
    meet(p);
    const double start = bench_wall_seconds();
    create(p, what, k);
    const double setup = bench_wall_seconds() - start;
    look(p, what);
    for (size_t r = 0; r < p->runs; r++) {
        seen mine = {.setup = setup};
        const uint64_t sent = p->sent;
        see_ceiling(p);
        meet(p);
        const double wall = bench_wall_seconds(), cpu = process_seconds();
        run(p, what, p->transfers);
        mine.cpu = process_seconds() - cpu;
        meet(p);
        mine.wall = bench_wall_seconds() - wall;
        mine.bytes = p->sent - sent;
        both[r][p->index] = mine;
        control_move(p, &mine, &both[r][!p->index], sizeof mine);
        slower[r] = both[r][both[r][0].cpu > both[r][1].cpu ? 0 : 1];
        slower[r].setup = (double)r;
    }
    qsort(slower, p->runs, sizeof *slower, compare_seen);
    memcpy(out, both[(size_t)slower[p->runs / 2].setup], 2 * sizeof *out);
    release(p);
}

/* AES calls that either party cannot avoid. */
static double aes_calls(kind what, unsigned k, unsigned index)
{
    const double full = (double)(1 << k) / k, punctured = ((double)(1 << k) - 1) / k;
    const double sends = punctured + (what == MALICIOUS ? 4 : 2);
    const double receives = full + (what == MALICIOUS ? 2 : 1);
    if (what == BIT_TRIPLES)
        return sends + receives;
    return index ? receives : sends;
}

static void report(const process *p, kind what, unsigned k, const seen s[2])
{
    const double n = (double)p->transfers, cpu = larger(s[0].cpu, s[1].cpu);
    const double calls = larger(aes_calls(what, k, 0), aes_calls(what, k, 1));
    printf("%-18s %u  %7.1f %7.1f %7.1f   %7.1f  %5.1f%%  %7.4f  %6.1f\n", kind_names[what], k,
           n / cpu * 1e-6, n / s[0].cpu * 1e-6, n / s[1].cpu * 1e-6,
           n / larger(s[0].wall, s[1].wall) * 1e-6, 100 * n / cpu / (p->ceiling / calls),
           (double)(s[0].bytes + s[1].bytes) / n, 1e3 * larger(s[0].setup, s[1].setup));
    (void)fflush(stdout);
}

static void measure_all(process *p)
{
    const unsigned ks[] = {1, 2, 4, 8};
    p->buffer = aligned_alloc(64, AT_ONCE * 2 * KEY);
    p->choice = malloc(AT_ONCE / 8);
    check(p->buffer && p->choice, "no memory");
    memset(p->buffer, 1, AT_ONCE * 2 * KEY);
    sonic_random_bytes(p->choice, AT_ONCE / 8);
    if (!p->index) {
        see_ceiling(p);
        printf("tier %s, %.0f M AES a second at most, %zu transfers, the median of %zu runs\n",
               sonic_context_tier(p->context), p->ceiling * 1e-6, p->transfers, p->runs);
        printf("%-18s k  %7s %7s %7s   %7s  %6s  %7s  %6s\n", "M a second", "slower", "sender",
               "receiv.", "wall", "of AES", "bytes", "setup ms");
    }
    for (kind what = 0; what < KINDS; what++)
        for (size_t i = 0; i < sizeof ks / sizeof *ks; i++) {
            seen s[2];
            if ((p->k && p->k != ks[i]) || (p->kind >= 0 && p->kind != (int)what))
                continue;
            measure(p, what, ks[i], s);
            if (!p->index)
                report(p, what, ks[i], s);
        }
    free(p->buffer);
    free(p->choice);
}

/* Two ends of a TCP connection over loopback. */
static void connect_pair(int fd[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof address;
    const int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1, buffer = 1 << 20;
    fd[1] = socket(AF_INET, SOCK_STREAM, 0);
    check(listener >= 0 && fd[1] >= 0 &&
              !bind(listener, (struct sockaddr *)&address, sizeof address) &&
              !listen(listener, 1) && !getsockname(listener, (struct sockaddr *)&address, &n) &&
              !connect(fd[1], (struct sockaddr *)&address, sizeof address),
          "no loopback connection");
    fd[0] = accept(listener, NULL, NULL);
    check(fd[0] >= 0, "no loopback connection");
    for (unsigned i = 0; i < 2; i++) {
        (void)setsockopt(fd[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void)setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
        (void)setsockopt(fd[i], SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    }
    close(listener);
}

static void pin(int cpu)
{
    cpu_set_t set;
    if (cpu < 0)
        return;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set))
        fprintf(stderr, "bench/transfers: not pinned to processor %d: %s\n", cpu, strerror(errno));
}

int main(int argc, char **argv)
{
    process p = {.transfers = 1 << 24, .runs = 5, .kind = -1};
    const sonic_context_options options = {.threads = 1};
    int cpu[2] = {0, 1}, data[2], control[2];
    sonic_context *context;
    sonic_error error;
    for (int i = 1; i < argc; i++)
        check(sscanf(argv[i], "--transfers=%zu", &p.transfers) == 1 ||
                  sscanf(argv[i], "--runs=%zu", &p.runs) == 1 ||
                  sscanf(argv[i], "--k=%u", &p.k) == 1 ||
                  sscanf(argv[i], "--kind=%d", &p.kind) == 1 ||
                  sscanf(argv[i], "--cpus=%d,%d", &cpu[0], &cpu[1]) == 2,
              "usage: bench/transfers [--kind=0|1|2] [--k=K] [--transfers=N] [--runs=N] "
              "[--cpus=A,B]");
    check(p.transfers > 0 && p.runs > 0 && p.runs <= RUNS_MAX, "no such number of runs");
    check(!sonic_context_create(&context, &options, &error), error.text);
    connect_pair(data);
    connect_pair(control);
    const pid_t child = fork();
    check(child >= 0, "no second process");
    p.index = child ? 0 : 1;
    p.context = context;
    p.data = (sonic_ot_socket){data[p.index], 60000};
    p.control = (sonic_ot_socket){control[p.index], 60000};
    close(data[!p.index]);
    close(control[!p.index]);
    pin(cpu[p.index]);
    measure_all(&p);
    sonic_context_free(context);
    int ended = 0;
    if (child)
        check(waitpid(child, &ended, 0) == child && ended == 0, "the second process failed");
    return 0;
}
