/* Reads Bristol Fashion: a line with the numbers of gates and wires, one with the number of input
 * words and their widths, the same for outputs, then a line a gate: how many operands and results,
 * which wires they are, and the gate's name.  Lines may be empty.  The file is not trusted. */
#include "proto/gc/netlist.h"

#include <stdio.h>
#include <string.h>

#include "dispatch/error.h"
#include "proto/share/file_bytes.h"

enum {
    TEXT_MAX = 1 << 30, /* 2^24 gates take less */
    NAME_SHOWN = 16,
};

/* A wire that no gate has set. */
#define UNSET UINT32_MAX

typedef struct reader {
    const char *at, *end; /* what was not read yet */
    size_t line;
    sonic_words number; /* in the line; those that are too large are UINT32_MAX */
    const char *name;   /* the word behind them */
    int name_length;    /* 0: there is none */
    sonic_builder *builder;
    uint32_t gates, wires, input_wires;
    sonic_wire *wire; /* what a wire of the file is to the builder, or UNSET */
    sonic_error *error;
} reader;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static sonic_status read_token(reader *r)
{
    const char *start = r->at;
    uint64_t value = 0;
    bool is_number = true;
    for (; r->at < r->end && !is_blank(*r->at) && *r->at != '\n'; r->at++) {
        if (*r->at < ' ' || *r->at > '~')
            return sonic_fail(r->error, SONIC_E_FORMAT, "byte 0x%02x is no text",
                              (unsigned)(unsigned char)*r->at);
        is_number = is_number && *r->at >= '0' && *r->at <= '9';
        if (is_number && value < UINT32_MAX)
            value = 10 * value + (uint64_t)(*r->at - '0');
    }
    const int length = r->at - start < NAME_SHOWN ? (int)(r->at - start) : NAME_SHOWN;
    if (r->name_length)
        return sonic_fail(r->error, SONIC_E_FORMAT,
                          "'%.*s' follows the word '%.*s', which should end the line", length,
                          start, r->name_length, r->name);
    if (!is_number) {
        r->name = start;
        r->name_length = length;
    } else if (!sonic_words_push(&r->number, value < UINT32_MAX ? (uint32_t)value : UINT32_MAX)) {
        return sonic_fail(r->error, SONIC_E_MEMORY, "no memory for the line");
    }
    return SONIC_OK;
}

static bool is_empty(const reader *r)
{
    return !r->number.n && !r->name_length;
}

/* Reads the next line that is not empty; at the end of the text it stays empty. */
static sonic_status next_line(reader *r)
{
    r->number.n = 0;
    r->name_length = 0;
    while (r->at < r->end && is_empty(r)) {
        r->line++;
        while (r->at < r->end && *r->at != '\n') {
            sonic_status status = SONIC_OK;
            if (is_blank(*r->at))
                r->at++;
            else
                status = read_token(r);
            if (status)
                return status;
        }
        r->at += r->at < r->end;
    }
    return SONIC_OK;
}

/* The first line. */
static sonic_status read_counts(reader *r)
{
    sonic_status status = next_line(r);
    if (status)
        return status;
    if (r->number.n != 2 || r->name_length)
        return sonic_fail(r->error, SONIC_E_FORMAT,
                          "here should be the numbers of gates and wires, and nothing else");
    r->gates = r->number.at[0];
    r->wires = r->number.at[1];
    if (r->gates > SONIC_CIRCUIT_GATES_MAX || r->wires > SONIC_CIRCUIT_GATES_MAX)
        return sonic_fail(r->error, SONIC_E_UNSUPPORTED,
                          "the circuit has more than 2^24 gates or wires");
    return SONIC_OK;
}

/* A line of widths, which stay in r->number behind their count. */
static sonic_status read_widths(reader *r, const char *what, uint32_t *sum)
{
    sonic_status status = next_line(r);
    uint64_t wires = 0;
    if (status)
        return status;
    if (!r->number.n || r->name_length || r->number.n - 1 != r->number.at[0])
        return sonic_fail(r->error, SONIC_E_FORMAT,
                          "here should be the number of %s and the width of each", what);
    for (size_t i = 1; i < r->number.n; i++)
        wires += r->number.at[i];
    if (wires > r->wires)
        return sonic_fail(r->error, SONIC_E_FORMAT, "the %s are wider than the %u wires there are",
                          what, r->wires);
    *sum = (uint32_t)wires;
    return SONIC_OK;
}

static sonic_status read_inputs(reader *r)
{
    sonic_status status = read_widths(r, "inputs", &r->input_wires);
    if (status)
        return status;
    /* A gate's line has two bytes and more for each wire that it sets. */
    if (r->wires - r->input_wires > (size_t)(r->end - r->at) / 2)
        return sonic_fail(r->error, SONIC_E_FORMAT,
                          "the text is too short to set the %u wires that are no inputs",
                          r->wires - r->input_wires);
    r->wire = malloc((r->wires + (size_t)1) * sizeof *r->wire);
    if (!r->wire)
        return sonic_fail(r->error, SONIC_E_MEMORY, "no memory for %u wires", r->wires);
    sonic_wire *next = r->wire;
    for (size_t i = 1; i < r->number.n; next += r->number.at[i++])
        sonic_builder_input(r->builder, next, r->number.at[i]);
    for (uint32_t w = r->input_wires; w < r->wires; w++)
        r->wire[w] = UNSET;
    return SONIC_OK;
}

static sonic_status check_operands(const reader *r, const uint32_t *operand, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (operand[i] >= r->wires)
            return sonic_fail(r->error, SONIC_E_FORMAT,
                              "an operand is beyond the %u wires there are", r->wires);
        if (r->wire[operand[i]] == UNSET)
            return sonic_fail(r->error, SONIC_E_FORMAT, "wire %u is used before it is set",
                              operand[i]);
    }
    return SONIC_OK;
}

static sonic_status set_wire(const reader *r, uint32_t w, sonic_wire value)
{
    if (w >= r->wires)
        return sonic_fail(r->error, SONIC_E_FORMAT, "a result is beyond the %u wires there are",
                          r->wires);
    if (r->wire[w] != UNSET)
        return sonic_fail(r->error, SONIC_E_FORMAT,
                          w < r->input_wires ? "wire %u is set, but is an input"
                                             : "wire %u is set for the second time",
                          w);
    r->wire[w] = value;
    return SONIC_OK;
}

typedef enum gate_kind { GATE_AND, GATE_XOR, GATE_INV, GATE_EQ, GATE_EQW, GATE_MAND } gate_kind;

static const struct {
    const char *name;
    uint32_t operands; /* of one result */
} gate_kinds[] = {{"AND", 2}, {"XOR", 2}, {"INV", 1}, {"EQ", 1}, {"EQW", 1}, {"MAND", 2}};

static sonic_status read_kind(const reader *r, gate_kind *kind)
{
    const uint32_t *number = r->number.at;
    size_t i = 0;
    while (i <= GATE_MAND && (strlen(gate_kinds[i].name) != (size_t)r->name_length ||
                              memcmp(gate_kinds[i].name, r->name, (size_t)r->name_length) != 0))
        i++;
    if (!r->name_length)
        return sonic_fail(r->error, SONIC_E_FORMAT, "the line names no gate");
    if (i > GATE_MAND)
        return sonic_fail(r->error, SONIC_E_FORMAT, "there is no gate '%.*s'", r->name_length,
                          r->name);
    if (r->number.n < 2 || r->number.n - 2 != (uint64_t)number[0] + number[1])
        return sonic_fail(r->error, SONIC_E_FORMAT,
                          "here should be the numbers of operands and results and as many wires");
    if (!number[1] || (i != GATE_MAND && number[1] != 1) ||
        number[0] != (uint64_t)gate_kinds[i].operands * number[1])
        return sonic_fail(r->error, SONIC_E_FORMAT, "%s cannot have %u operands and %u results",
                          gate_kinds[i].name, number[0], number[1]);
    *kind = (gate_kind)i;
    return SONIC_OK;
}

static sonic_wire make_gate(const reader *r, gate_kind kind, uint32_t a, uint32_t b)
{
    switch (kind) {
    case GATE_AND:
    case GATE_MAND: return sonic_builder_and(r->builder, r->wire[a], r->wire[b]);
    case GATE_XOR: return sonic_builder_xor(r->builder, r->wire[a], r->wire[b]);
    case GATE_INV: return sonic_builder_not(r->builder, r->wire[a]);
    case GATE_EQ: return sonic_builder_constant(r->builder, a == 1);
    case GATE_EQW: break;
    }
    return r->wire[a];
}

static sonic_status read_gate(reader *r)
{
    gate_kind kind = GATE_AND;
    sonic_status status = read_kind(r, &kind);
    if (status)
        return status;
    const uint32_t operands = r->number.at[0], results = r->number.at[1];
    const uint32_t *operand = r->number.at + 2, *result = operand + operands;
    if (kind != GATE_EQ)
        status = check_operands(r, operand, operands);
    else if (*operand > 1)
        status = sonic_fail(r->error, SONIC_E_FORMAT, "EQ's operand should be 0 or 1");
    for (uint32_t i = 0; !status && i < results; i++)
        status = set_wire(r, result[i],
                          make_gate(r, kind, operand[i], operand[operands - results + i]));
    return status;
}

static sonic_status read_gates(reader *r)
{
    for (uint32_t i = 0; i < r->gates; i++) {
        sonic_status status = next_line(r);
        if (!status && is_empty(r))
            status = sonic_fail(r->error, SONIC_E_FORMAT, "the text ends after %u of %u gates", i,
                                r->gates);
        if (!status)
            status = read_gate(r);
        if (status)
            return status;
    }
    sonic_status status = next_line(r);
    if (!status && !is_empty(r))
        status = sonic_fail(r->error, SONIC_E_FORMAT, "something follows the last of %u gates",
                            r->gates);
    for (uint32_t w = r->input_wires; !status && w < r->wires; w++)
        if (r->wire[w] == UNSET)
            status = sonic_fail(r->error, SONIC_E_FORMAT, "wire %u is set by no gate", w);
    return status;
}

/* The outputs are the last wires: their widths are needed once all gates have been read. */
static sonic_status read_all(reader *r)
{
    uint32_t output_wires;
    sonic_words width = {0};
    sonic_status status = read_counts(r);
    if (!status)
        status = read_inputs(r);
    if (!status)
        status = read_widths(r, "outputs", &output_wires);
    if (status)
        return status;
    if (!output_wires)
        return sonic_fail(r->error, SONIC_E_FORMAT, "the circuit has no outputs");
    width = r->number;
    r->number = (sonic_words){0};
    status = read_gates(r);
    const sonic_wire *next = r->wire + (r->wires - output_wires);
    for (size_t i = 1; !status && i < width.n; next += width.at[i++])
        sonic_builder_output(r->builder, next, width.at[i]);
    free(width.at);
    return status;
}

sonic_status sonic_circuit_parse(sonic_circuit **circuit, const char *text, size_t n,
                                 const char *name, sonic_error *error)
{
    reader r = {.at = text, .end = text + n, .error = error};
    char place[200];
    sonic_status status = sonic_builder_create(&r.builder, error);
    if (status)
        return status;
    status = read_all(&r);
    free(r.number.at);
    free(r.wire);
    if (!status)
        return sonic_builder_finish(circuit, r.builder, error);
    sonic_builder_free(r.builder);
    (void)snprintf(place, sizeof place, "%.150s, line %zu", name, r.line);
    return sonic_fail_in(error, status, place);
}

sonic_status sonic_circuit_read(sonic_circuit **circuit, const char *path, sonic_error *error)
{
    uint8_t *text;
    size_t n;
    sonic_status status = sonic_file_read_whole(path, TEXT_MAX, &text, &n, error);
    if (status)
        return status;
    status = sonic_circuit_parse(circuit, (const char *)text, n, path, error);
    free(text);
    return status;
}
