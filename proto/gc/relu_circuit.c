/* ReLU of two shares from the builder's words. */
#include "proto/gc/relu_circuit.h"

#include "dispatch/error.h"

enum { WIDTH_MAX = 64 };

sonic_status sonic_relu_circuit(sonic_circuit **circuit, sonic_ring ring, unsigned shift,
                                sonic_error *error)
{
    const uint32_t width = (uint32_t)ring;
    sonic_wire x[WIDTH_MAX], s[WIDTH_MAX], m[WIDTH_MAX];
    sonic_builder *builder;
    if ((ring != SONIC_RING_32 && ring != SONIC_RING_64) || shift > width - 2)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "there is no ReLU circuit for words of %d bits and a shift of %u",
                          (int)ring, shift);
    sonic_status status = sonic_builder_create(&builder, error);
    if (status)
        return status;
    sonic_builder_input(builder, x, width);
    sonic_builder_input(builder, s, width);
    sonic_builder_input(builder, m, width);
    sonic_builder_add(builder, x, x, s, width);
    sonic_builder_relu(builder, x, x, width);
    for (uint32_t i = 0; i < width; i++)
        x[i] = i + shift < width ? x[i + shift] : sonic_builder_constant(builder, false);
    sonic_builder_add(builder, x, x, m, width);
    sonic_builder_output(builder, x, width);
    return sonic_builder_finish(circuit, builder, error);
}
