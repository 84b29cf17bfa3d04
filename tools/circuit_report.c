/* What `sonicnn circuit` prints: outputs, and what a run took. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "dispatch/error.h"
#include "tools/circuit.h"
#include "tools/json.h"
#include "tools/table.h"

static const char *const part_names[SONIC_EXECUTION_PARTS] = { "setup", "inputs", "tables",
                                                               "outputs" };

static sonic_traffic traffic_of(const sonic_channel *channel, unsigned part)
{
    return sonic_channel_traffic(
        channel, part == SONIC_EXECUTION_SETUP ? SONIC_SETUP : SONIC_ONLINE, part);
}

/* Of everything but setting up. */
static double run_seconds(const sonic_circuit_job *job)
{
    double sum = 0;
    for (unsigned part = SONIC_EXECUTION_SETUP + 1; part < SONIC_EXECUTION_PARTS; part++)
        sum += job->seconds[part];
    return sum;
}

static uint64_t memory_bytes(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

static sonic_status report_json(const sonic_circuit_job *job, const sonic_channel *channel,
                                sonic_error *error)
{
    const sonic_circuit_shape shape = sonic_circuit_shape_of(job->execution.circuit);
    const uint64_t times = job->execution.n * job->execution.repeat;
    sonic_json *json = sonic_json_object();
    sonic_json_put_string(json, "circuit", job->name);
    sonic_json_put_string(json, "role", job->role);
    sonic_json_put_integer(json, "gates", shape.gates);
    sonic_json_put_integer(json, "ands", shape.ands);
    sonic_json_put_integer(json, "depth", shape.depth);
    sonic_json_put_integer(json, "instances", job->execution.n);
    sonic_json_put_integer(json, "repeat", job->execution.repeat);
    if (job->has_outputs && job->execution.n == 1) {
        sonic_json *outputs = sonic_json_put_array(json, "outputs");
        for (uint32_t o = 0; o < shape.outputs; o++) {
            char *text = sonic_circuit_word(job, o);
            sonic_json_put_string(outputs, NULL, text ? text : "");
            free(text);
        }
    }
    if (job->checked)
        sonic_json_put_bool(json, "checked", true);
    if (channel) {
        sonic_json *parts = sonic_json_put_object(json, "parts");
        for (unsigned p = 0; p < SONIC_EXECUTION_PARTS; p++) {
            const sonic_traffic t = traffic_of(channel, p);
            sonic_json *part = sonic_json_put_object(parts, part_names[p]);
            sonic_json_put_real(part, "seconds", job->seconds[p]);
            sonic_json_put_integer(part, "sent", t.sent);
            sonic_json_put_integer(part, "received", t.received);
        }
        sonic_json_put_real(json, "seconds", run_seconds(job));
        sonic_json_put_real(json, "ands_per_second",
                            (double)(shape.ands * times) / run_seconds(job));
        sonic_json_put_integer(json, "memory_bytes", memory_bytes());
    }
    return sonic_json_print(json)
               ? SONIC_OK
               : sonic_fail(error, SONIC_E_SYSTEM, "cannot write the output");
}

static void report_run(const sonic_circuit_job *job, const sonic_channel *channel)
{
    const sonic_circuit_shape shape = sonic_circuit_shape_of(job->execution.circuit);
    const double ands =
        (double)shape.ands * (double)job->execution.n * (double)job->execution.repeat;
    sonic_table *table = sonic_table_create("lrrr");
    char sent[16], received[16];
    sonic_table_cell(table, "part");
    sonic_table_cell(table, "seconds");
    sonic_table_cell(table, "sent");
    sonic_table_cell(table, "received");
    for (unsigned p = 0; p < SONIC_EXECUTION_PARTS; p++) {
        const sonic_traffic t = traffic_of(channel, p);
        sonic_cli_bytes(sent, (double)t.sent);
        sonic_cli_bytes(received, (double)t.received);
        sonic_table_cell(table, "%s", part_names[p]);
        sonic_table_cell(table, "%.6f", job->seconds[p]);
        sonic_table_cell(table, "%s", sent);
        sonic_table_cell(table, "%s", received);
    }
    sonic_table_print(table, stdout);
    printf("\n%llu gates, %llu of them AND, %u deep; instances %zu, times %llu\n",
           (unsigned long long)shape.gates, (unsigned long long)shape.ands, shape.depth,
           job->execution.n, (unsigned long long)job->execution.repeat);
    printf("%.0f ANDs in %.6f s after the setup: %.3g million a second\n", ands, run_seconds(job),
           ands / run_seconds(job) * 1e-6);
    char memory[16];
    sonic_cli_bytes(memory, (double)memory_bytes());
    printf("at most %s of memory\n", memory);
}

sonic_status sonic_circuit_report(const sonic_circuit_job *job, const sonic_channel *channel,
                                  bool json, sonic_error *error)
{
    const sonic_circuit_shape shape = sonic_circuit_shape_of(job->execution.circuit);
    if (json)
        return report_json(job, channel, error);
    for (uint32_t o = 0; job->has_outputs && job->execution.n == 1 && o < shape.outputs; o++) {
        char *text = sonic_circuit_word(job, o);
        printf("output %u = %s\n", o, text ? text : "(out of memory)");
        free(text);
    }
    if (job->checked)
        printf("all outputs are those of the circuit in the clear\n");
    if (channel)
        report_run(job, channel);
    return SONIC_OK;
}
