/* Circuits by name, words as hexadecimal numbers, circuits in the clear. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "proto/gc/relu_circuit.h"
#include "proto/share/random.h"
#include "tools/circuit.h"

sonic_status sonic_circuit_load(sonic_circuit **circuit, const char *name, sonic_error *error)
{
    if (strcmp(name, "relu32") == 0)
        return sonic_relu_circuit(circuit, SONIC_RING_32, 0, error);
    if (strcmp(name, "relu64") == 0)
        return sonic_relu_circuit(circuit, SONIC_RING_64, 0, error);
    return sonic_circuit_read(circuit, name, error);
}

uint32_t sonic_circuit_wire(const uint32_t *width, uint32_t word)
{
    uint32_t wire = 0;
    for (uint32_t i = 0; i < word; i++)
        wire += width[i];
    return wire;
}

/* The value of a hexadecimal digit, or -1. */
static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

sonic_status sonic_circuit_set_word(sonic_circuit_job *job, uint32_t word, const char *text,
                                    sonic_error *error)
{
    const sonic_circuit_shape shape = sonic_circuit_shape_of(job->execution.circuit);
    const uint32_t width = shape.input_width[word];
    uint64_t *planes = job->in + sonic_circuit_wire(shape.input_width, word) * job->words;
    if (strcmp(text, "random") == 0) {
        sonic_random_bytes(planes, width * job->words * sizeof *planes);
        return SONIC_OK;
    }
    const size_t digits = strlen(text);
    if (digits == 0)
        return sonic_fail(error, SONIC_E_ARGUMENT, "input word %u is given no value", word);
    for (size_t i = 0; i < digits; i++) {
        const int value = digit_of(text[digits - 1 - i]);
        if (value < 0)
            return sonic_fail(error, SONIC_E_ARGUMENT,
                              "input word %u is not a hexadecimal number: '%.64s'", word, text);
        for (size_t bit = 4 * i; bit < 4 * i + 4; bit++) {
            const bool set = value >> (bit - 4 * i) & 1;
            if (set && bit >= width)
                return sonic_fail(error, SONIC_E_ARGUMENT,
                                  "input word %u has %u bits, the number given for it has more",
                                  word, width);
            if (bit < width)
                memset(planes + bit * job->words, set ? 0xff : 0, job->words * sizeof *planes);
        }
    }
    return SONIC_OK;
}

char *sonic_circuit_word(const sonic_circuit_job *job, uint32_t word)
{
    const sonic_circuit_shape shape = sonic_circuit_shape_of(job->execution.circuit);
    const uint32_t width = shape.output_width[word], digits = (width + 3) / 4;
    const uint64_t *planes = job->out + sonic_circuit_wire(shape.output_width, word) * job->words;
    char *text = calloc(digits + (size_t)1, 1);
    for (uint32_t i = 0; text && i < digits; i++) {
        unsigned value = 0;
        for (uint32_t bit = 4 * i; bit < 4 * i + 4 && bit < width; bit++)
            value |= (unsigned)(planes[bit * job->words] & 1) << (bit - 4 * i);
        text[digits - 1 - i] = "0123456789abcdef"[value];
    }
    return text;
}

/* What is fed back goes from one circuit's outputs to the next one's inputs. */
static void feed_back(const sonic_circuit_job *job, uint64_t *in, const uint64_t *out)
{
    const sonic_circuit_shape shape = sonic_circuit_shape_of(job->execution.circuit);
    for (uint32_t i = 0; i < shape.inputs; i++)
        if (job->feedback[i])
            memcpy(in + sonic_circuit_wire(shape.input_width, i),
                   out + sonic_circuit_wire(shape.output_width, job->feedback[i] - 1),
                   shape.input_width[i] * sizeof *in);
}

sonic_status sonic_circuit_compute(const sonic_circuit_job *job, uint64_t *out, sonic_error *error)
{
    const sonic_execution *x = &job->execution;
    const sonic_circuit_shape shape = sonic_circuit_shape_of(x->circuit);
    uint64_t *in = calloc(shape.input_wires + (size_t)1, sizeof *in);
    uint64_t *result = calloc(shape.output_wires + (size_t)1, sizeof *result);
    sonic_status status =
        in && result ? SONIC_OK : sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    for (size_t w = 0; !status && w < job->words; w++) {
        const uint64_t rest = x->n - w * 64, keep = rest < 64 ? (UINT64_C(1) << rest) - 1 : ~0ull;
        for (uint32_t i = 0; i < shape.input_wires; i++)
            in[i] = job->in[i * job->words + w];
        for (uint64_t t = 0; !status && t < x->repeat; t++) {
            if (t > 0)
                feed_back(job, in, result);
            status = sonic_circuit_plain(x->circuit, result, in, error);
        }
        for (uint32_t o = 0; !status && o < shape.output_wires; o++)
            out[o * job->words + w] = result[o] & keep;
    }
    free(in);
    free(result);
    return status;
}
