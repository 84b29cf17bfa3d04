/* The reader of circuits on small files: what it takes, and one sentence with the line for all that
 * is wrong. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/circuit_run.h"

static sonic_circuit *parsed(const char *text)
{
    sonic_circuit *circuit;
    sonic_error error;
    cr_assert_eq(sonic_circuit_parse(&circuit, text, strlen(text), "t", &error), SONIC_OK,
                 "%s:\n%s", error.text, text);
    circuit_check(circuit);
    return circuit;
}

/* The text is a circuit of a 2-bit word x and a word y of 1 bit that has an output word for each
 * given one: expected[w][x + 4 y]. */
static void check_text(const char *text, unsigned words, const uint8_t expected[][8])
{
    sonic_circuit *circuit = parsed(text);
    const sonic_circuit_shape shape = sonic_circuit_shape_of(circuit);
    uint64_t in[2 * CIRCUIT_LANES] = {0}, out[4 * CIRCUIT_LANES];
    cr_assert(shape.inputs == 2 && shape.input_width[0] == 2 && shape.input_width[1] == 1);
    cr_assert_eq(shape.outputs, words);
    for (unsigned i = 0; i < 8; i++) {
        in[i] = i % 4;
        in[CIRCUIT_LANES + i] = i / 4;
    }
    circuit_run(circuit, out, in);
    for (unsigned w = 0; w < words; w++)
        for (unsigned i = 0; i < 8; i++)
            cr_assert_eq(out[CIRCUIT_LANES * w + i], expected[w][i], "word %u of %u in:\n%s", w, i,
                         text);
    sonic_circuit_free(circuit);
}

Test(bristol_refuse, every_gate_is_read)
{
    check_text("5 8\n2 2 1\n1 3\n\n"
               "2 1 0 1 3 AND\n2 1 0 2 4 XOR\n1 1 3 5 INV\n1 1 4 6 EQW\n1 1 1 7 EQ\n",
               1, (const uint8_t[][8]){{5, 7, 5, 6, 7, 5, 7, 4}});
    /* Lines end as they like; two output words, both of constants. */
    check_text("\r\n 2\t5 \r\n2 2 1\r\n2 1 1\r\n1 1 0 3 EQ\n\n  \n1 1 0 4 EQ", 2,
               (const uint8_t[][8]){{0}, {0}});
    /* w5 = w0 & w2 and w4 = w1 & w2. */
    check_text("1 5\n2 2 1\n1 2\n4 2 0 1 2 2 4 3 MAND\n", 1,
               (const uint8_t[][8]){{0, 0, 0, 0, 0, 2, 1, 3}});
    /* Operands of MAND are its first half and its second half, pair by pair. */
    check_text("2 6\n2 2 1\n1 3\n1 1 1 5 EQW\n4 2 0 0 1 2 3 4 MAND\n", 1,
               (const uint8_t[][8]){{0, 0, 4, 5, 0, 2, 4, 7}});
}

Test(bristol_refuse, inputs_may_be_outputs)
{
    sonic_circuit *circuit = parsed("0 3\n2 2 1\n1 3\n");
    const sonic_circuit_shape shape = sonic_circuit_shape_of(circuit);
    cr_assert(shape.gates == 0 && shape.slots == 3 && shape.depth == 0);
    sonic_circuit_free(circuit);
    check_text("0 3\n2 2 1\n2 1 2\n", 2,
               (const uint8_t[][8]){{0, 1, 0, 1, 0, 1, 0, 1}, {0, 0, 1, 1, 2, 2, 3, 3}});
}

/* After a head of 2 gates and 5 wires, 3 of them inputs. */
#define HEAD "2 5\n2 2 1\n1 1\n"

Test(bristol_refuse, every_malformation_has_its_sentence)
{
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"", "t, line 0: here should be the numbers of gates and wires, and nothing else"},
        {"\n\n", "t, line 2: here should be the numbers of gates and wires, and nothing else"},
        {"2\n", "t, line 1: here should be the numbers of gates and wires, and nothing else"},
        {"2 5 5\n", "t, line 1: here should be the numbers of gates and wires, and nothing else"},
        {"2 5 x\n", "t, line 1: here should be the numbers of gates and wires, and nothing else"},
        {"2 -5\n", "t, line 1: here should be the numbers of gates and wires, and nothing else"},
        {"16777217 5\n", "t, line 1: the circuit has more than 2^24 gates or wires"},
        {"2 16777217\n", "t, line 1: the circuit has more than 2^24 gates or wires"},
        {"2 18446744073709551618\n", "t, line 1: the circuit has more than 2^24 gates or wires"},
        {"4294967298 5\n", "t, line 1: the circuit has more than 2^24 gates or wires"},
        {"2 5\n", "t, line 1: here should be the number of inputs and the width of each"},
        {"2 5\n3 2 1\n", "t, line 2: here should be the number of inputs and the width of each"},
        {"2 5\n1 2 1\n", "t, line 2: here should be the number of inputs and the width of each"},
        {"2 5\n2 2 1 a\n", "t, line 2: here should be the number of inputs and the width of each"},
        {"2 5\n4294967297 2\n",
         "t, line 2: here should be the number of inputs and the width of each"},
        {"2 5\n2 2 4\n", "t, line 2: the inputs are wider than the 5 wires there are"},
        {"2 5\n2 4294967295 3\n", "t, line 2: the inputs are wider than the 5 wires there are"},
        {"2 5\n2 18446744073709551615 3\n",
         "t, line 2: the inputs are wider than the 5 wires there are"},
        {"16777216 16777216\n1 2\n1 1\n",
         "t, line 2: the text is too short to set the 16777214 wires that are no inputs"},
        {"2 5\n2 2 1\n2 1\n2 1 0 1 3 AND\n",
         "t, line 3: here should be the number of outputs and the width of each"},
        {"2 5\n2 2 1\n1 6\n2 1 0 1 3 AND\n",
         "t, line 3: the outputs are wider than the 5 wires there are"},
        {"2 5\n2 2 1\n0\n2 1 0 1 3 AND\n", "t, line 3: the circuit has no outputs"},
        {"2 5\n2 2 1\n2 0 0\n2 1 0 1 3 AND\n", "t, line 3: the circuit has no outputs"},
        {HEAD "2 1 0 1 3 AND\n", "t, line 4: the text ends after 1 of 2 gates"},
        {HEAD "2 1 0 1 3 AND\n2 1 0 1 4 AND\n\n1 1 3 4 INV\n",
         "t, line 7: something follows the last of 2 gates"},
        {HEAD "2 1 0 1 3 AND\n2 1 0 1 4 AND\nx",
         "t, line 6: something follows the last of 2 gates"},
        {"1 5\n2 2 1\n1 1\n2 1 0 1 4 AND\n", "t, line 4: wire 3 is set by no gate"},
        {HEAD "2 1 0 4 3 AND\n", "t, line 4: wire 4 is used before it is set"},
        {HEAD "2 1 0 3 3 AND\n", "t, line 4: wire 3 is used before it is set"},
        {HEAD "4 2 0 1 2 3 3 4 MAND\n", "t, line 4: wire 3 is used before it is set"},
        {HEAD "2 1 0 1 3 AND\n2 1 0 1 3 AND\n", "t, line 5: wire 3 is set for the second time"},
        {HEAD "4 2 0 1 2 2 4 4 MAND\n", "t, line 4: wire 4 is set for the second time"},
        {HEAD "2 1 0 1 2 AND\n", "t, line 4: wire 2 is set, but is an input"},
        {HEAD "2 1 0 5 3 AND\n", "t, line 4: an operand is beyond the 5 wires there are"},
        {HEAD "2 1 0 4294967296 3 AND\n", "t, line 4: an operand is beyond the 5 wires there are"},
        {HEAD "2 1 0 1 5 AND\n", "t, line 4: a result is beyond the 5 wires there are"},
        {HEAD "2 1 0 1 18446744073709551616 AND\n",
         "t, line 4: a result is beyond the 5 wires there are"},
        {HEAD "2 1 0 1 AND\n",
         "t, line 4: here should be the numbers of operands and results and as many wires"},
        {HEAD "2 1 0 1 3 4 AND\n",
         "t, line 4: here should be the numbers of operands and results and as many wires"},
        {HEAD "2 AND\n",
         "t, line 4: here should be the numbers of operands and results and as many wires"},
        {HEAD "4294967295 2 0 AND\n",
         "t, line 4: here should be the numbers of operands and results and as many wires"},
        {HEAD "3 1 0 1 2 3 AND\n", "t, line 4: AND cannot have 3 operands and 1 results"},
        {HEAD "1 1 0 3 XOR\n", "t, line 4: XOR cannot have 1 operands and 1 results"},
        {HEAD "2 2 0 1 3 4 XOR\n", "t, line 4: XOR cannot have 2 operands and 2 results"},
        {HEAD "4 2 0 1 1 2 3 4 AND\n", "t, line 4: AND cannot have 4 operands and 2 results"},
        {HEAD "2 2 0 1 3 4 INV\n", "t, line 4: INV cannot have 2 operands and 2 results"},
        {HEAD "2 1 0 1 3 INV\n", "t, line 4: INV cannot have 2 operands and 1 results"},
        {HEAD "2 1 0 1 3 EQ\n", "t, line 4: EQ cannot have 2 operands and 1 results"},
        {HEAD "0 1 3 EQW\n", "t, line 4: EQW cannot have 0 operands and 1 results"},
        {HEAD "3 2 0 1 2 3 4 MAND\n", "t, line 4: MAND cannot have 3 operands and 2 results"},
        {HEAD "0 0 MAND\n", "t, line 4: MAND cannot have 0 operands and 0 results"},
        {HEAD "1 1 2 3 EQ\n", "t, line 4: EQ's operand should be 0 or 1"},
        {HEAD "2 1 0 1 3 NAND\n", "t, line 4: there is no gate 'NAND'"},
        {HEAD "2 1 0 1 3 A\n", "t, line 4: there is no gate 'A'"},
        {HEAD "2 1 0 1 3 anything_longer_than_this\n",
         "t, line 4: there is no gate 'anything_longer_'"},
        {HEAD "2 1 0 1 3\n", "t, line 4: the line names no gate"},
        {HEAD "2 1 0 1 3 AND 4\n",
         "t, line 4: '4' follows the word 'AND', which should end the line"},
        {HEAD "2 1 0 1 3 AND 2 1 0 1 4 AND\n",
         "t, line 4: '2' follows the word 'AND', which should end the line"},
        {"# two\n" HEAD, "t, line 1: 'two' follows the word '#', which should end the line"},
        {HEAD "2 1 0 1 3 \x80\n", "t, line 4: byte 0x80 is no text"},
        {HEAD "2 1 0 1 3 \x7f\n", "t, line 4: byte 0x7f is no text"},
        {HEAD "2 1 0 1 3\v4 AND\n", "t, line 4: byte 0x0b is no text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sonic_circuit *circuit = NULL;
        sonic_error error;
        const sonic_status wanted =
            strstr(cases[i].sentence, "2^24") ? SONIC_E_UNSUPPORTED : SONIC_E_FORMAT;
        const size_t n = strlen(cases[i].text);
        cr_assert_eq(sonic_circuit_parse(&circuit, cases[i].text, n, "t", &error), wanted, "%s",
                     cases[i].text);
        cr_assert_str_eq(error.text, cases[i].sentence);
        cr_assert_eq(error.status, wanted);
        cr_assert_null(circuit);
        cr_assert_eq(sonic_circuit_parse(&circuit, cases[i].text, n, "t", NULL), wanted);
    }
}

/* A NUL byte is no end of the text, wherever it stands; nor does the reader go past n bytes. */
Test(bristol_refuse, nothing_hides_behind_a_nul)
{
    const char text[] = "1 4\n2 2 1\n1 1\n2 1 0 1 3 AND\n";
    const size_t n = sizeof text - 1;
    sonic_circuit *circuit;
    sonic_error error;
    for (size_t at = 0; at <= n; at++) {
        char *copy = malloc(n + 1);
        cr_assert(copy);
        memcpy(copy, text, at);
        copy[at] = '\0';
        memcpy(copy + at + 1, text + at, n - at);
        cr_assert_eq(sonic_circuit_parse(&circuit, copy, n + 1, "t", &error), SONIC_E_FORMAT,
                     "a NUL at %zu", at);
        cr_assert(strstr(error.text, ": byte 0x00 is no text"), "%s", error.text);
        free(copy);
        copy = malloc(at ? at : 1);
        cr_assert(copy);
        memcpy(copy, text, at);
        /* The last byte is an end of line, which may be missing. */
        cr_assert_eq(sonic_circuit_parse(&circuit, copy, at, "t", &error),
                     at < n - 1 ? SONIC_E_FORMAT : SONIC_OK, "%zu bytes", at);
        if (at >= n - 1)
            sonic_circuit_free(circuit);
        free(copy);
    }
}

static long most_resident_kib(void)
{
    struct rusage usage;
    cr_assert_eq(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/* 4 bytes a wire where a short file declares 2^24 inputs, otherwise no more than its length is
 * worth. Bounds have room for AddressSanitizer. */
Test(bristol_refuse, declared_counts_take_little_memory)
{
    static const struct {
        const char *text;
        sonic_status status;
        long kib;
    } cases[] = {
        {"16777216 16777216\n1 1\n1 1\n2 1 0 0 1 AND\n", SONIC_E_FORMAT, 4 << 10},
        {"1 16777216\n1 16777215\n1 1\n2 1 0 1 16777215 AND\n", SONIC_OK, 128 << 10},
        {"16777216 16777216\n1 16777215\n1 1\n2 1 0 1 16777215 AND\n", SONIC_E_FORMAT, 192 << 10},
    };
    const long before = most_resident_kib();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sonic_circuit *circuit = NULL;
        cr_assert_eq(sonic_circuit_parse(&circuit, cases[i].text, strlen(cases[i].text), "t", NULL),
                     cases[i].status, "%s", cases[i].text);
        cr_assert_leq(most_resident_kib() - before, cases[i].kib, "%ld KiB for\n%s",
                      most_resident_kib() - before, cases[i].text);
        sonic_circuit_free(circuit);
    }
}

Test(bristol_refuse, files)
{
    char path[] = "/tmp/sonicnn-circuit-XXXXXX";
    sonic_circuit *circuit = NULL;
    sonic_error error;
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    static const char text[] = "1 4\n2 2 1\n1 1\n2 1 0 1 3 AND\n";
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    cr_assert_eq(sonic_circuit_read(&circuit, path, &error), SONIC_OK, "%s", error.text);
    cr_assert_eq(sonic_circuit_shape_of(circuit).ands, 1);
    sonic_circuit_free(circuit);
    cr_assert_eq(write(fd, "x", 1), 1);
    (void)close(fd);
    cr_assert_eq(sonic_circuit_read(&circuit, path, &error), SONIC_E_FORMAT);
    char expected[100];
    (void)snprintf(expected, sizeof expected, "%s, line 5: something follows the last of 1 gates",
                   path);
    cr_assert_str_eq(error.text, expected);
    (void)unlink(path);
    cr_assert_eq(sonic_circuit_read(&circuit, path, &error), SONIC_E_FILE);
    cr_assert(strstr(error.text, path) && strstr(error.text, "no such file"), "%s", error.text);
    cr_assert_eq(sonic_circuit_read(&circuit, "/tmp", &error), SONIC_E_FORMAT);
    cr_assert_str_eq(error.text, "'/tmp' is not a file of at most 1024 MiB");
}
