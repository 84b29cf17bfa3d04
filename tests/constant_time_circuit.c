/* A circuit between a garbler and an evaluator in two threads, with secret inputs, labels, delta
 * and randomness: few instances and many, twice in a row. */
#include "tests/constant_time.h"

#include <pthread.h>
#include <string.h>

#include "proto/gc/execute.h"
#include "proto/gc/relu_circuit.h"

enum { BITS = 32, WORDS = 3, TIMEOUT_MS = 120000, PLANE = 2 };

typedef struct side {
    const sonic_context *context;
    const sonic_execution *execution;
    sonic_channel *channel;
    bool garbles;
    uint64_t in[WORDS * BITS * PLANE], out[BITS * PLANE];
} side;

static void *run_side(void *arg)
{
    side *s = arg;
    sonic_error error;
    constant_time_require(!sonic_execute(s->context, s->channel, s->execution, s->garbles, s->out,
                                         s->in, NULL, &error),
                          "%s", error.text);
    sonic_channel_free(s->channel);
    return NULL;
}

/* Plain, with what is fed back. */
static void expect(uint64_t *out, const sonic_circuit *circuit, const uint64_t *in, size_t words)
{
    for (size_t w = 0; w < words; w++) {
        uint64_t x[WORDS * BITS], y[BITS];
        for (size_t i = 0; i < WORDS * BITS; i++)
            x[i] = in[i * words + w];
        for (int t = 0; t < 2; t++) {
            constant_time_require(!sonic_circuit_plain(circuit, y, x, NULL), "out of memory");
            memcpy(x, y, sizeof y);
        }
        for (size_t i = 0; i < BITS; i++)
            out[i * words + w] = y[i];
    }
}

static void run_both(const sonic_context *context, const sonic_circuit *circuit, size_t n)
{
    static const bool evaluators[WORDS] = {false, true, false};
    static const uint32_t feedback[WORDS] = {1, 0, 0};
    static side sides[2];
    const size_t words = (n + 63) / 64;
    const sonic_execution execution = {.circuit = circuit,
                                       .n = n,
                                       .repeat = 2,
                                       .evaluators = evaluators,
                                       .feedback = feedback,
                                       .tell = true};
    uint64_t expected[BITS * PLANE], state = n;
    pthread_t thread;
    sonic_error error;
    for (size_t i = 0; i < WORDS * BITS * words; i++)
        sides[0].in[i] = sides[1].in[i] = state =
            state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    expect(expected, circuit, sides[0].in, words);
    for (int i = 0; i < 2; i++) {
        sides[i].context = context;
        sides[i].execution = &execution;
        sides[i].garbles = i == 0;
        secret_hide(sides[i].in, sizeof sides[i].in);
    }
    constant_time_require(!sonic_channel_memory_pair(&sides[0].channel, &sides[1].channel, 1 << 12,
                                                     TIMEOUT_MS, &error),
                          "%s", error.text);
    constant_time_require(!pthread_create(&thread, NULL, run_side, &sides[1]), "no thread");
    (void)run_side(&sides[0]);
    (void)pthread_join(thread, NULL);
    for (int i = 0; i < 2; i++) {
        const size_t bytes = BITS * words * sizeof *expected;
        constant_time_require(secret_count(sides[i].out, bytes) > 0, "outputs are not secret");
        secret_open(sides[i].out, bytes);
        for (size_t w = 0; w < BITS * words; w++) {
            const size_t rest = n - w % words * 64;
            const uint64_t mask = rest < 64 ? (UINT64_C(1) << rest) - 1 : UINT64_MAX;
            constant_time_require(sides[i].out[w] == (expected[w] & mask), "%zu: a wrong output",
                                  n);
        }
    }
}

void constant_time_circuit(const sonic_context *context)
{
    static const size_t sizes[] = {1, 3, 128};
    sonic_circuit *circuit;
    constant_time_require(!sonic_relu_circuit(&circuit, SONIC_RING_32, 0, NULL), "no circuit");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        run_both(context, circuit, sizes[i]);
    sonic_circuit_free(circuit);
}
