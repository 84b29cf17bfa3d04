/* What a server did: seconds, bytes and rounds of each phase and of each layer. */
#include <stdio.h>

#include "tools/cli.h"
#include "tools/json.h"
#include "tools/serve.h"
#include "tools/table.h"

static const char *const phase_names[SONIC_PHASES] = { "setup", "offline", "online" };

/* Of a phase of a layer, SIZE_MAX: of all; the pool that came from the dealer is offline traffic.
 */
static sonic_serve_phase cost_of(const sonic_serving *serving, sonic_phase phase, size_t layer)
{
    sonic_traffic t = sonic_channel_traffic(serving->peer, phase, layer);
    sonic_serve_phase c = { sonic_session_seconds(serving->session, phase, layer), t.sent,
                            t.received, t.rounds };
    /* Of a layer: the part of the pool it used up, all of it server 1's. */
    if (phase == SONIC_OFFLINE && layer != SIZE_MAX && serving->model.party == 1 && serving->pool)
        c.received +=
            serving->batches * sonic_session_plan(serving->session)->step[layer].offline_bytes;
    if (phase == SONIC_OFFLINE && layer == SIZE_MAX) {
        c.seconds += serving->fetch_seconds;
        c.received += serving->fetched_bytes;
    }
    return c;
}

static void put_cost(sonic_json *in, const char *key, const sonic_serve_phase *c)
{
    sonic_json *json = sonic_json_put_object(in, key);
    sonic_json_put_real(json, "seconds", c->seconds);
    sonic_json_put_integer(json, "sent", c->sent);
    sonic_json_put_integer(json, "received", c->received);
    sonic_json_put_integer(json, "rounds", c->rounds);
}

static void report_json(const sonic_serving *serving)
{
    const sonic_graph *graph = &serving->model.graph;
    sonic_json *json = sonic_json_object();
    sonic_json_put_integer(json, "party", serving->model.party);
    sonic_json_put_integer(json, "ring", graph->ring);
    sonic_json_put_string(json, "tier", sonic_context_tier(serving->context));
    sonic_json_put_string(json, "peer_tier", sonic_session_peer_tier(serving->session));
    sonic_json_put_integer(json, "threads", (uint64_t)serving->context->threads);
    sonic_json_put_string(json, "relu", sonic_relu_name(serving->options->methods.relu));
    sonic_json_put_string(json, "offline", sonic_source_name(serving->options->methods.source));
    sonic_json_put_integer(json, "batch", serving->batch);
    sonic_json_put_integer(json, "requests", serving->requests);
    sonic_json_put_integer(json, "images", serving->images);
    sonic_json_put_integer(json, "inferences", serving->batches);
    sonic_json_put_integer(json, "dealer_bytes", serving->fetched_bytes);
    sonic_json *phases = sonic_json_put_object(json, "phases");
    for (unsigned p = 0; p < SONIC_PHASES; p++) {
        sonic_serve_phase c = cost_of(serving, (sonic_phase)p, SIZE_MAX);
        put_cost(phases, phase_names[p], &c);
    }
    sonic_json *layers = sonic_json_put_array(json, "layers");
    for (uint32_t i = 0; i < graph->nodes; i++) {
        sonic_json *layer = sonic_json_put_object(layers, NULL);
        sonic_json_put_string(layer, "name", graph->node[i].name);
        sonic_json_put_string(layer, "op", sonic_op_name(graph->node[i].op));
        for (unsigned p = 0; p < SONIC_PHASES; p++) {
            sonic_serve_phase c = cost_of(serving, (sonic_phase)p, i);
            put_cost(layer, phase_names[p], &c);
        }
    }
    if (!sonic_json_print(json))
        fprintf(stderr, "sonicnn: cannot print the report\n");
}

static void report_phases(const sonic_serving *serving)
{
    sonic_table *table = sonic_table_create("lrrrr");
    static const char *const heads[] = { "phase", "seconds", "sent", "received", "rounds" };
    for (size_t i = 0; i < 5; i++)
        sonic_table_cell(table, "%s", heads[i]);
    for (unsigned p = 0; p < SONIC_PHASES; p++) {
        char sent[16], received[16];
        sonic_serve_phase c = cost_of(serving, (sonic_phase)p, SIZE_MAX);
        sonic_cli_bytes(sent, (double)c.sent);
        sonic_cli_bytes(received, (double)c.received);
        sonic_table_cell(table, "%s", phase_names[p]);
        sonic_table_cell(table, "%.3f", c.seconds);
        sonic_table_cell(table, "%s", sent);
        sonic_table_cell(table, "%s", received);
        sonic_table_cell(table, "%llu", (unsigned long long)c.rounds);
    }
    sonic_table_print(table, stdout);
}

static void report_layers(const sonic_serving *serving)
{
    const sonic_graph *graph = &serving->model.graph;
    sonic_table *table = sonic_table_create("llrrrrrrr");
    static const char *const heads[] = { "layer",     "op",       "setup s", "bytes",
                                         "offline s", "bytes",    "online s", "bytes",
                                         "rounds" };
    for (size_t i = 0; i < 9; i++)
        sonic_table_cell(table, "%s", heads[i]);
    for (uint32_t i = 0; i < graph->nodes; i++) {
        char setup_bytes[16], offline_bytes[16], online_bytes[16];
        sonic_serve_phase setup = cost_of(serving, SONIC_SETUP, i);
        sonic_serve_phase offline = cost_of(serving, SONIC_OFFLINE, i);
        sonic_serve_phase online = cost_of(serving, SONIC_ONLINE, i);
        sonic_cli_bytes(setup_bytes, (double)(setup.sent + setup.received));
        sonic_cli_bytes(offline_bytes, (double)(offline.sent + offline.received));
        sonic_cli_bytes(online_bytes, (double)(online.sent + online.received));
        /* The input sends nothing: what is counted there is the handshake, what comparing begins
         * with and the servers' talk about who is next. */
        sonic_table_cell(table, "%s", i == 0 ? "(control)" : graph->node[i].name);
        sonic_table_cell(table, "%s", sonic_op_name(graph->node[i].op));
        sonic_table_cell(table, "%.4f", setup.seconds);
        sonic_table_cell(table, "%s", setup_bytes);
        sonic_table_cell(table, "%.4f", offline.seconds);
        sonic_table_cell(table, "%s", offline_bytes);
        sonic_table_cell(table, "%.4f", online.seconds);
        sonic_table_cell(table, "%s", online_bytes);
        sonic_table_cell(table, "%llu", (unsigned long long)online.rounds);
    }
    sonic_table_print(table, stdout);
}

void sonic_serve_report(const sonic_serving *serving)
{
    if (serving->options->json) {
        report_json(serving);
        return;
    }
    sonic_serve_phase online = cost_of(serving, SONIC_ONLINE, SIZE_MAX);
    printf("server %u answered %llu request%s: %llu image%s in %llu inference%s",
           serving->model.party, (unsigned long long)serving->requests,
           serving->requests == 1 ? "" : "s", (unsigned long long)serving->images,
           serving->images == 1 ? "" : "s", (unsigned long long)serving->batches,
           serving->batches == 1 ? "" : "s");
    if (serving->images > 0 && online.seconds > 0)
        printf(", %.1f images a second online", (double)serving->images / online.seconds);
    printf("\n\n");
    report_phases(serving);
    putchar('\n');
    report_layers(serving);
}

void sonic_serve_summarise(const sonic_serving *serving, sonic_serve_summary *summary)
{
    *summary = (sonic_serve_summary){.requests = serving->requests,
                                     .images = serving->images,
                                     .batches = serving->batches,
                                     .dealt = serving->fetched_bytes};
    for (unsigned p = 0; p < SONIC_PHASES; p++)
        summary->phase[p] = cost_of(serving, (sonic_phase)p, SIZE_MAX);
}
