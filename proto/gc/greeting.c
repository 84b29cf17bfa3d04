/* How the two parties of an execution find out that they agree. */
#include "proto/gc/greeting.h"

#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/load.h"
#include "proto/gc/circuit.h"

enum { MAGIC = 8, DIGEST = 32, AT_N = MAGIC, AT_REPEAT = AT_N + 8, AT_CIRCUIT = AT_REPEAT + 8 };
enum { AT_REST = AT_CIRCUIT + DIGEST, BYTES = AT_REST + DIGEST };

static const char magic[2][MAGIC + 1] = {"sonicG1e", "sonicG1g"};

/* Numbers enter a digest as little-endian 64-bit ones. */
static void digest_number(crypto_generichash_state *state, uint64_t number)
{
    number = sonic_le64(number);
    (void)crypto_generichash_update(state, (const uint8_t *)&number, sizeof number);
}

static void digest_numbers(crypto_generichash_state *state, const uint32_t *numbers, uint32_t n)
{
    digest_number(state, n);
    for (uint32_t i = 0; i < n; i++)
        digest_number(state, numbers[i]);
}

static void digest_circuit(uint8_t out[DIGEST], const sonic_circuit *circuit)
{
    crypto_generichash_state state;
    const sonic_circuit_shape *shape = &circuit->shape;
    (void)crypto_generichash_init(&state, NULL, 0, DIGEST);
    digest_numbers(&state, shape->input_width, shape->inputs);
    digest_numbers(&state, shape->output_width, shape->outputs);
    digest_numbers(&state, circuit->output_slot, shape->output_wires);
    digest_number(&state, shape->slots);
    digest_number(&state, shape->gates);
    for (uint64_t i = 0; i < shape->gates; i++) {
        const sonic_gate *gate = &circuit->gate[i];
        digest_number(&state, (uint64_t)gate->op << 32 | gate->out);
        digest_number(&state, (uint64_t)gate->a << 32 | gate->b);
    }
    (void)crypto_generichash_final(&state, out, DIGEST);
}

static void digest_rest(uint8_t out[DIGEST], const sonic_execution *execution)
{
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, DIGEST);
    for (uint32_t i = 0; i < execution->circuit->shape.inputs; i++) {
        digest_number(&state, execution->evaluators[i]);
        digest_number(&state, execution->feedback ? execution->feedback[i] : 0);
    }
    digest_number(&state, execution->period ? execution->period : SONIC_GARBLE_PERIOD);
    digest_number(&state, execution->tell);
    digest_number(&state, execution->open);
    (void)crypto_generichash_final(&state, out, DIGEST);
}

/* What this side says. */
static void write_greeting(uint8_t out[BYTES], const sonic_execution *execution, bool garbles)
{
    memcpy(out, magic[garbles], MAGIC);
    sonic_store64(out + AT_N, 0, sonic_le64(execution->n));
    sonic_store64(out + AT_REPEAT, 0, sonic_le64(execution->repeat));
    digest_circuit(out + AT_CIRCUIT, execution->circuit);
    digest_rest(out + AT_REST, execution);
}

static sonic_status check_number(const uint8_t *mine, const uint8_t *theirs, const char *what,
                                 const char *peer, sonic_error *error)
{
    const uint64_t here = sonic_le64(sonic_load64(mine, 0));
    const uint64_t there = sonic_le64(sonic_load64(theirs, 0));
    if (here == there)
        return SONIC_OK;
    return sonic_fail(error, SONIC_E_MISMATCH, "%s computes %llu %s, this side %llu", peer,
                      (unsigned long long)there, what, (unsigned long long)here);
}

static sonic_status compare(const uint8_t *mine, const uint8_t *theirs, bool garbles,
                            const char *peer, sonic_error *error)
{
    if (memcmp(theirs, magic[garbles], MAGIC) == 0)
        return sonic_fail(error, SONIC_E_MISMATCH, "both sides %s, one of them has to %s",
                          garbles ? "garble" : "evaluate", garbles ? "evaluate" : "garble");
    if (memcmp(theirs, magic[!garbles], MAGIC) != 0)
        return sonic_fail(error, SONIC_E_PEER, "%s speaks another protocol than this version", peer);
    if (memcmp(theirs + AT_CIRCUIT, mine + AT_CIRCUIT, DIGEST) != 0)
        return sonic_fail(error, SONIC_E_MISMATCH, "%s has another circuit", peer);
    sonic_status status = check_number(mine + AT_N, theirs + AT_N, "instances", peer, error);
    if (!status)
        status = check_number(mine + AT_REPEAT, theirs + AT_REPEAT, "repetitions", peer, error);
    if (!status && memcmp(theirs + AT_REST, mine + AT_REST, DIGEST) != 0)
        status = sonic_fail(error, SONIC_E_MISMATCH,
                            "%s has another view of whose inputs are whose, of what is fed back, "
                            "of who learns the outputs, or of showing the inputs afterwards",
                            peer);
    return status;
}

sonic_status sonic_execution_greet(sonic_channel *channel, const sonic_execution *execution,
                                   bool garbles, sonic_error *error)
{
    uint8_t mine[BYTES], theirs[BYTES];
    write_greeting(mine, execution, garbles);
    sonic_status status = sonic_channel_exchange(channel, mine, theirs, BYTES, error);
    return status ? status : compare(mine, theirs, garbles, sonic_channel_peer(channel), error);
}
