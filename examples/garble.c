/* The millionaires' problem by garbled circuits: has Bob more than Alice?  Alice garbles, Bob
 * evaluates and learns just that; here one process plays both.
 *
 *   cc garble.c $(pkg-config --cflags --libs sonicnn) -o garble && ./garble 3000000 3000001
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <sonicnn/garble.h>

enum { BITS = 32, LABEL = SONIC_LABEL_BYTES };

/* All that Bob gets, who cannot tell labels of zero from labels of one; `colour`: the result's. */
typedef struct message {
    uint8_t seed[SONIC_GARBLE_SEED_BYTES], labels[2 * BITS * LABEL], colour;
    uint8_t tables[BITS * SONIC_TABLE_BYTES]; /* comparing n bits takes n AND gates */
} message;

static void check(int failed, const char *why)
{
    if (failed && fprintf(stderr, "garble: %s\n", why))
        exit(1);
}

static void make_circuit(sonic_circuit **circuit, sonic_error *error)
{
    sonic_wire alice[BITS], bob[BITS], less;
    sonic_builder *builder;
    check(sonic_builder_create(&builder, error), error->text);
    sonic_builder_input(builder, alice, BITS);
    sonic_builder_input(builder, bob, BITS);
    less = sonic_builder_less(builder, alice, bob, BITS, false);
    sonic_builder_output(builder, &less, 1);
    check(sonic_builder_finish(circuit, builder, error), error->text);
}

/* Alice.  In earnest Bob's bits are his own: he gets their labels by oblivious transfer. */
static void garble(message *to, const sonic_context *context, const sonic_circuit *circuit,
                   uint8_t *label, uint64_t bits, sonic_error *error)
{
    const uint64_t gates = sonic_circuit_shape_of(circuit).gates;
    sonic_garbler *alice;
    check(sonic_garbler_create(&alice, context, 0, error), error->text);
    memcpy(to->seed, sonic_garbler_seed(alice), sizeof to->seed);
    for (int i = 0; i < 2 * BITS; i++)
        check(getentropy(label + i * LABEL, LABEL), "no randomness");
    for (int i = 0; i < 2 * BITS * LABEL; i++) { /* a mask, not a branch: bits are secret */
        const uint8_t mask = (uint8_t) - (bits >> i / LABEL & 1);
        to->labels[i] = label[i] ^ (sonic_garbler_delta(alice)[i % LABEL] & mask);
    }
    check(sonic_garbler_run(alice, to->tables, label, 1, circuit, 0, gates, error), error->text);
    to->colour = label[sonic_circuit_output_slot(circuit, 0) * LABEL] & 1;
    sonic_garbler_free(alice);
}

/* Bob. */
static int evaluate(const message *in, const sonic_context *context, const sonic_circuit *circuit,
                    uint8_t *label, sonic_error *error)
{
    const uint64_t gates = sonic_circuit_shape_of(circuit).gates;
    sonic_evaluator *bob;
    check(sonic_evaluator_create(&bob, context, in->seed, 0, error), error->text);
    memcpy(label, in->labels, sizeof in->labels);
    check(sonic_evaluator_run(bob, in->tables, label, 1, circuit, 0, gates, error), error->text);
    sonic_evaluator_free(bob);
    return (label[sonic_circuit_output_slot(circuit, 0) * LABEL] & 1) ^ in->colour;
}

int main(int argc, char **argv)
{
    static message sent;
    sonic_context *context;
    sonic_circuit *circuit;
    sonic_error error;
    check(argc != 3, "what has Alice, and what has Bob?");
    const uint32_t alice = strtoul(argv[1], NULL, 10), bob = strtoul(argv[2], NULL, 10);
    check(sonic_context_create(&context, NULL, &error), error.text);
    make_circuit(&circuit, &error);
    const uint32_t slots = sonic_circuit_shape_of(circuit).slots;
    uint8_t *labels = calloc(2 * slots, LABEL); /* Alice's, then Bob's */
    check(!labels, "no memory");
    garble(&sent, context, circuit, labels, alice | (uint64_t)bob << BITS, &error);
    puts(evaluate(&sent, context, circuit, labels + slots * LABEL, &error) ? "yes" : "no");
    free(labels);
    sonic_circuit_free(circuit);
    sonic_context_free(context);
}
