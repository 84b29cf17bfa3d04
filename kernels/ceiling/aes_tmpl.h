/* AES rounds on registers, over a tier's vocabulary (kernels/aes/lanes_<tier>.h). */

static uint64_t aes_ceiling(uint64_t steps, void *sink)
{
    enum { FLIGHT = 8, ROUNDS = 10 };
    uint8_t *memory = sink;
    VEC v[FLIGHT];
    const VEC key = LOAD(memory + FLIGHT * sizeof(VEC));
#pragma GCC unroll 8
    for (unsigned i = 0; i < FLIGHT; i++)
        v[i] = LOAD(memory + i * sizeof(VEC));
    for (uint64_t s = 0; s < steps; s++)
#pragma GCC unroll 10
        for (unsigned r = 0; r < ROUNDS; r++)
#pragma GCC unroll 8
            for (unsigned i = 0; i < FLIGHT; i++)
                v[i] = ENC(v[i], key);
#pragma GCC unroll 8
    for (unsigned i = 0; i < FLIGHT; i++)
        STORE(memory + i * sizeof(VEC), v[i]);
    return steps * FLIGHT * LANES;
}
