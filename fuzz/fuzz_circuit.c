/* Fuzzes the reader of circuits: any text gives a sentence, or a circuit that, written down as text
 * and read again, computes the same. */
#include "config.h"

#include <string.h>

#include <sonicnn/garble.h>

#include "fuzz/fuzz.h"
#include "proto/gc/circuit.h"

/* What a short text can make large takes too long to write down. */
enum { WIRES_MAX = 1 << 16, LINE_MAX = 48 };

void fuzz_seed(void)
{
    static const char *const text[] = {
        "1 3\n2 1 1\n1 1\n2 1 0 1 2 AND\n",
        "5 8\n2 2 1\n1 3\n\n"
        "2 1 0 1 3 AND\n2 1 0 2 4 XOR\n1 1 3 5 INV\n1 1 4 6 EQW\n1 1 1 7 EQ\n",
        "2 7\n2 2 2\n2 1 2\n4 2 0 1 2 3 4 5 MAND\n2 1 4 5 6 XOR\n",
        "0 3\n2 2 1\n1 3\n",
    };
    for (unsigned i = 0; i < sizeof text / sizeof *text; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "text%u", i);
        fuzz_write_seed(name, text[i], strlen(text[i]));
    }
}

static char *write_widths(char *at, uint32_t words, const uint32_t *width)
{
    at += sprintf(at, "%u", words);
    for (uint32_t w = 0; w < words; w++)
        at += sprintf(at, " %u", width[w]);
    return at + sprintf(at, "\n");
}

/* The circuit as text, a wire for whatever a gate writes to a slot; *n bytes. */
static char *text_of(const sonic_circuit *circuit, size_t *n)
{
    const sonic_circuit_shape s = sonic_circuit_shape_of(circuit);
    char *text = malloc((s.gates + s.output_wires + s.inputs + s.outputs + 3) * LINE_MAX),
         *at = text;
    uint32_t *wire = calloc((size_t)s.slots + 1, sizeof *wire), next = s.input_wires;
    fuzz_require(text && wire);
    for (uint32_t i = 0; i < s.input_wires; i++)
        wire[i] = i;
    at += sprintf(at, "%u %u\n", (uint32_t)s.gates + s.output_wires,
                  s.input_wires + (uint32_t)s.gates + s.output_wires);
    at = write_widths(at, s.inputs, s.input_width);
    at = write_widths(at, s.outputs, s.output_width);
    for (uint64_t i = 0; i < s.gates; i++) {
        const sonic_gate *gate = &circuit->gate[i];
        fuzz_require(gate->a < s.slots && gate->b < s.slots && gate->out < s.slots);
        if (gate->op == SONIC_GATE_ZERO)
            at += sprintf(at, "1 1 0 %u EQ\n", next);
        else if (gate->op == SONIC_GATE_NOT)
            at += sprintf(at, "1 1 %u %u INV\n", wire[gate->a], next);
        else
            at += sprintf(at, "2 1 %u %u %u %s\n", wire[gate->a], wire[gate->b], next,
                          gate->op == SONIC_GATE_AND ? "AND" : "XOR");
        wire[gate->out] = next++;
    }
    for (uint32_t w = 0; w < s.output_wires; w++)
        at += sprintf(at, "1 1 %u %u EQW\n", wire[sonic_circuit_output_slot(circuit, w)], next++);
    free(wire);
    *n = (size_t)(at - text);
    return text;
}

/* The outputs for inputs that the number of a wire determines. */
static uint64_t *outputs_of(const sonic_circuit *circuit)
{
    const sonic_circuit_shape s = sonic_circuit_shape_of(circuit);
    uint64_t *in = malloc((s.input_wires + (size_t)1) * sizeof *in);
    uint64_t *out = malloc(s.output_wires * sizeof *out);
    sonic_error error = {0};
    fuzz_require(in && out);
    for (uint32_t i = 0; i < s.input_wires; i++)
        in[i] = (i + 1) * 0x9e3779b97f4a7c15;
    fuzz_require(sonic_circuit_plain(circuit, out, in, &error) == SONIC_OK);
    free(in);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    sonic_circuit *circuit, *again;
    sonic_error error = {0};
    sonic_status status = sonic_circuit_parse(&circuit, (const char *)data, n, "text", &error);
    if (status) {
        fuzz_require_sentence(status, &error);
        return 0;
    }
    const sonic_circuit_shape shape = sonic_circuit_shape_of(circuit);
    fuzz_require(shape.ands <= shape.gates && shape.gates <= 2 * n && shape.depth <= shape.ands);
    fuzz_require(shape.output_wires > 0);
    if (shape.input_wires + shape.output_wires < WIRES_MAX) {
        size_t length;
        char *text = text_of(circuit, &length);
        fuzz_require(sonic_circuit_parse(&again, text, length, "again", &error) == SONIC_OK);
        fuzz_require(sonic_circuit_shape_of(again).ands == shape.ands);
        uint64_t *first = outputs_of(circuit), *second = outputs_of(again);
        fuzz_require(memcmp(first, second, shape.output_wires * sizeof *first) == 0);
        free(first);
        free(second);
        free(text);
        sonic_circuit_free(again);
    }
    sonic_circuit_free(circuit);
    return 0;
}
