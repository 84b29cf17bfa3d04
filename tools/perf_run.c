/* Measuring a network: this thread is the dealer and then server 0, another one is server 1. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <sonicnn/share.h>

#include "dispatch/error.h"
#include "proto/channel/clock.h"
#include "proto/offline/deal.h"
#include "tools/perf_bench.h"

static void show_step(sonic_perf_bench *bench)
{
    sonic_bar_set(&bench->bar, ++bench->step, bench->steps);
}

static void show_node(void *arg, uint32_t node, const void *share, size_t elements)
{
    (void)node, (void)share, (void)elements;
    show_step(arg);
}

static double less_waiting(double seconds, const sonic_traffic *traffic)
{
    return seconds > traffic->waited ? seconds - traffic->waited : 0;
}

/* Seconds that this thread had a processor. */
static double on_processor(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* What one run took; processor: seconds of its inference. */
static void record(sonic_perf_party *party, const sonic_session *session, double processor)
{
    const sonic_perf_bench *bench = party->bench;
    size_t repeat = bench->options->repeat, run = bench->run;
    if (run >= repeat)
        return;
    /* The weights are opened in one round, whose waiting is counted for node 0 alone. */
    sonic_traffic traffic = sonic_channel_traffic(party->channel, SONIC_SETUP, SIZE_MAX);
    party->setup[run] =
        less_waiting(sonic_session_seconds(session, SONIC_SETUP, SIZE_MAX), &traffic);
    for (uint32_t node = 0; node < party->share.graph.nodes; node++) {
        size_t at = node * repeat + run;
        traffic = sonic_channel_traffic(party->channel, SONIC_ONLINE, node);
        party->online[at] =
            less_waiting(sonic_session_seconds(session, SONIC_ONLINE, node), &traffic);
        traffic = sonic_channel_traffic(party->channel, SONIC_OFFLINE, node);
        party->prepare[at] =
            less_waiting(sonic_session_seconds(session, SONIC_OFFLINE, node), &traffic);
    }
    traffic = sonic_channel_traffic(party->channel, SONIC_ONLINE, SIZE_MAX);
    double computing =
        less_waiting(sonic_session_seconds(session, SONIC_ONLINE, SIZE_MAX), &traffic);
    party->processor[run] = computing > processor ? processor / computing : 1;
}

/* One run of one server. */
static void play(sonic_perf_party *party)
{
    sonic_perf_bench *bench = party->bench;
    sonic_session *session = NULL;
    pthread_mutex_lock(&bench->turn);
    const sonic_session_options options = {.methods = bench->options->methods,
                                           .pool = party->pool,
                                           .batch = party->pool ? 0 : bench->options->batch};
    party->status = sonic_session_create(&session, bench->context, &party->share, &options,
                                         party->channel, &party->error);
    if (!party->status) {
        if (party == &bench->party[0])
            sonic_session_set_tap(session, show_node, bench);
        party->status = sonic_session_prepare(session, &party->error);
    }
    double since = on_processor();
    if (!party->status)
        party->status = sonic_session_infer(session, party->input, party->output, &party->error);
    if (!party->status)
        record(party, session, on_processor() - since);
    sonic_session_free(session);
    if (party->status) { /* nobody must wait for this server */
        sonic_channel_free(party->channel);
        party->channel = NULL;
    }
    pthread_mutex_unlock(&bench->turn);
}

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0 && errno == EINTR)
        ;
}

static void *server_1(void *arg)
{
    sonic_perf_bench *bench = arg;
    for (wait_for(&bench->go); !bench->quit; wait_for(&bench->go)) {
        play(&bench->party[1]);
        (void)sem_post(&bench->done);
    }
    return NULL;
}

/* When a batch's material was written: what making the file durable takes on top of that, a pool
 * of many batches takes once. */
static int note_dealt(void *arg, uint64_t done, uint64_t total)
{
    sonic_perf_bench *bench = arg;
    (void)done, (void)total;
    if (bench->run < bench->options->repeat)
        bench->deal[bench->run] = sonic_clock_seconds() - bench->since;
    return bench->options->stop && *bench->options->stop;
}

/* Deals for one inference, so that no network needs more disk than that; or nothing. */
static sonic_status deal(sonic_perf_bench *bench, sonic_error *error)
{
    if (bench->options->methods.source != SONIC_SOURCE_DEALER)
        return SONIC_OK;
    static const char *const names[2] = {"pool.0", "pool.1"};
    const sonic_model_share *share = &bench->party[0].share;
    char path[2][4096];
    for (unsigned i = 0; i < 2; i++)
        sonic_perf_path(path[i], bench, names[i]);
    bench->since = sonic_clock_seconds();
    sonic_status status =
        sonic_deal(bench->context, &share->graph, share->id, bench->options->methods.relu,
                   bench->options->batch, 1, path[0], path[1], note_dealt, bench, error);
    for (unsigned i = 0; i < 2; i++) {
        if (!status)
            status = sonic_pool_open(&bench->party[i].pool, path[i], error);
        (void)unlink(path[i]);
    }
    return status;
}

static void end_run(sonic_perf_bench *bench)
{
    for (unsigned i = 0; i < 2; i++) {
        sonic_perf_party *party = &bench->party[i];
        sonic_pool_free(party->pool);
        sonic_channel_free(party->channel);
        party->pool = NULL;
        party->channel = NULL;
    }
}

static sonic_status run_both(sonic_perf_bench *bench, sonic_error *error)
{
    sonic_perf_party *party = bench->party;
    sonic_channel *channel[2];
    sonic_status status = deal(bench, error);
    show_step(bench);
    if (!status)
        status = sonic_turns_pair(&bench->turn, channel, error);
    if (status)
        return status;
    for (unsigned i = 0; i < 2; i++) {
        party[i].channel = channel[i];
        sonic_channel_stop_on(channel[i], bench->options->stop);
    }
    (void)sem_post(&bench->go);
    play(&party[0]);
    wait_for(&bench->done);
    /* Of two failures the one that is not the other's consequence. */
    const sonic_perf_party *failed =
        party[0].status && party[0].status != SONIC_E_CLOSED ? &party[0] : &party[1];
    if (!failed->status)
        failed = &party[0];
    return failed->status ? sonic_fail(error, failed->status, "%s", failed->error.text) : SONIC_OK;
}

/* What the last run's channel counted: the same in every run. */
static void take_traffic(sonic_perf_cost *cost, const sonic_perf_bench *bench, sonic_phase phase,
                         size_t node)
{
    sonic_traffic traffic = sonic_channel_traffic(bench->party[0].channel, phase, node);
    cost->bytes = traffic.sent;
    cost->rounds = traffic.rounds;
}

static void take_all_traffic(const sonic_perf_bench *bench, sonic_perf_result *result)
{
    take_traffic(&result->setup, bench, SONIC_SETUP, SIZE_MAX);
    for (uint32_t node = 0; node < result->graph.nodes; node++) {
        take_traffic(&result->prepare[node], bench, SONIC_OFFLINE, node);
        take_traffic(&result->online[node], bench, SONIC_ONLINE, node);
    }
}

static void take_output(const sonic_perf_bench *bench, sonic_perf_result *result)
{
    const sonic_graph *graph = &result->graph;
    sonic_share_join(bench->context, graph->ring, result->output, bench->party[0].output,
                     bench->party[1].output,
                     sonic_node_elements(graph, graph->nodes - 1) * bench->options->batch);
}

static void take_medians(const sonic_perf_bench *bench, sonic_perf_result *result)
{
    size_t repeat = bench->options->repeat;
    result->processor = 1;
    for (unsigned i = 0; i < 2; i++) {
        const sonic_perf_party *party = &bench->party[i];
        double processor = sonic_perf_median(party->processor, repeat);
        if (processor < result->processor)
            result->processor = processor;
        result->setup.seconds[i] = sonic_perf_median(party->setup, repeat);
        for (uint32_t node = 0; node < result->graph.nodes; node++) {
            result->prepare[node].seconds[i] =
                sonic_perf_median(party->prepare + node * repeat, repeat);
            result->online[node].seconds[i] =
                sonic_perf_median(party->online + node * repeat, repeat);
        }
    }
    result->deal = sonic_perf_median(bench->deal, repeat);
}

/* The warm-up fills caches and starts threads, and is forgotten. */
static sonic_status run_all(sonic_perf_bench *bench, sonic_perf_result *result, sonic_error *error)
{
    uint32_t nodes = bench->party[0].share.graph.nodes, repeat = bench->options->repeat;
    sonic_status status = SONIC_OK;
    bench->steps = ((uint64_t)repeat + 1) * (nodes + 1);
    sonic_bar_set(&bench->bar, 0, bench->steps);
    bench->run = UINT32_MAX;
    for (uint32_t i = 0; i <= repeat && !status; i++) {
        status = run_both(bench, error);
        if (!status && i == repeat) {
            take_all_traffic(bench, result);
            take_output(bench, result);
        }
        end_run(bench);
        bench->run++;
    }
    if (status == SONIC_E_CLOSED && bench->options->stop && *bench->options->stop)
        return sonic_fail(error, status, "told to stop before all runs were done");
    if (!status)
        take_medians(bench, result);
    return status;
}

static sonic_status run_threads(sonic_perf_bench *bench, sonic_perf_result *result,
                                sonic_error *error)
{
    pthread_t thread;
    if (sem_init(&bench->go, 0, 0) != 0 || sem_init(&bench->done, 0, 0) != 0 ||
        pthread_create(&thread, NULL, server_1, bench) != 0)
        return sonic_fail(error, SONIC_E_SYSTEM, "cannot start a thread for server 1");
    sonic_status status = run_all(bench, result, error);
    bench->quit = true;
    (void)sem_post(&bench->go);
    (void)pthread_join(thread, NULL);
    (void)sem_destroy(&bench->go);
    (void)sem_destroy(&bench->done);
    return status;
}

/* Room for the samples and for their medians. */
static sonic_status make_room(sonic_perf_bench *bench, sonic_perf_result *result,
                              sonic_error *error)
{
    size_t nodes = bench->party[0].share.graph.nodes, repeat = bench->options->repeat;
    bool good = (bench->deal = calloc(repeat, sizeof(double))) != NULL;
    for (unsigned i = 0; i < 2; i++) {
        sonic_perf_party *party = &bench->party[i];
        party->setup = calloc(repeat, sizeof(double));
        party->processor = calloc(repeat, sizeof(double));
        party->prepare = calloc(nodes * repeat, sizeof(double));
        party->online = calloc(nodes * repeat, sizeof(double));
        good = good && party->setup && party->processor && party->prepare && party->online;
    }
    result->dealt = calloc(nodes, sizeof *result->dealt);
    result->prepare = calloc(nodes, sizeof *result->prepare);
    result->online = calloc(nodes, sizeof *result->online);
    return good && result->dealt && result->prepare && result->online
               ? SONIC_OK
               : sonic_fail(error, SONIC_E_MEMORY, "out of memory for %zu layers", nodes);
}

static sonic_status take_plan(const sonic_perf_bench *bench, sonic_perf_result *result,
                              sonic_error *error)
{
    sonic_plan plan;
    sonic_status status = sonic_plan_make(&plan, &result->graph, bench->options->batch,
                                          bench->options->methods, error);
    if (status || bench->options->methods.source != SONIC_SOURCE_DEALER) {
        sonic_plan_free(&plan);
        return status;
    }
    result->dealt_bytes = plan.slot_bytes + plan.common_bytes;
    for (uint32_t node = 0; node < result->graph.nodes; node++)
        result->dealt[node] = plan.step[node].offline_bytes + plan.step[node].common_bytes;
    sonic_plan_free(&plan);
    return SONIC_OK;
}

static void free_party(sonic_perf_party *party)
{
    sonic_model_share_free(&party->share);
    free(party->input);
    free(party->output);
    free(party->prepare);
    free(party->online);
    free(party->setup);
    free(party->processor);
}

static sonic_status measure(sonic_perf_bench *bench, sonic_perf_result *result, sonic_error *error)
{
    const char *tmp = getenv("TMPDIR");
    if (!tmp || !*tmp)
        tmp = "/tmp";
    int n = snprintf(bench->dir, sizeof bench->dir, "%s/sonicnn-perf.XXXXXX", tmp);
    if (n < 0 || (size_t)n >= sizeof bench->dir || !mkdtemp(bench->dir))
        return sonic_fail(error, SONIC_E_FILE, "cannot make a directory in %s", tmp);
    sonic_bar_start(&bench->bar, "import, range proof", bench->options->quiet);
    sonic_bar_set(&bench->bar, 0, 1);
    sonic_status status = sonic_perf_share(bench, result, error);
    sonic_bar_set(&bench->bar, !status, 1);
    sonic_bar_end(&bench->bar);
    sonic_bar_start(&bench->bar, bench->options->label, bench->options->quiet);
    if (!status)
        status = make_room(bench, result, error);
    if (!status)
        status = take_plan(bench, result, error);
    if (!status)
        status = run_threads(bench, result, error);
    sonic_bar_end(&bench->bar);
    for (unsigned i = 0; i < 2; i++)
        free_party(&bench->party[i]);
    free(bench->deal);
    if (rmdir(bench->dir) != 0 && !status)
        return sonic_fail(error, SONIC_E_FILE, "cannot remove %s", bench->dir);
    return status;
}

sonic_status sonic_perf_run(sonic_perf_result *result, const sonic_perf_options *options,
                            sonic_error *error)
{
    *result = (sonic_perf_result){0};
    sonic_perf_bench *bench = calloc(1, sizeof *bench);
    if (!bench)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    bench->options = options;
    bench->party[0].bench = bench->party[1].bench = bench;
    sonic_status status = sonic_context_create(&bench->context, &options->context, error);
    if (!status && pthread_mutex_init(&bench->turn, NULL) != 0)
        status = sonic_fail(error, SONIC_E_SYSTEM, "cannot make a lock");
    if (!status) {
        (void)snprintf(result->tier, sizeof result->tier, "%s", sonic_context_tier(bench->context));
        result->threads = bench->context->threads;
        status = measure(bench, result, error);
        (void)pthread_mutex_destroy(&bench->turn);
    }
    sonic_context_free(bench->context);
    free(bench);
    if (status)
        sonic_perf_free(result);
    return status;
}

void sonic_perf_free(sonic_perf_result *result)
{
    sonic_graph_free(&result->graph);
    free(result->dealt);
    free(result->prepare);
    free(result->online);
    free(result->input);
    free(result->output);
    *result = (sonic_perf_result){0};
}
