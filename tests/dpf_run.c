/* Calls of kernels/dpf by operation and width, and the plain comparison. */
#include "tests/dpf_run.h"

#include "tests/elements.h"

const char *dpf_name(const dpf_run *run)
{
    static const char *const names[DPF_OPS] = {"point", "comparison", "step"};
    return names[run->op];
}

size_t dpf_element(const dpf_run *run)
{
    return run->ring == SONIC_MOD64 ? 8 : 4;
}

size_t dpf_key_bytes(const dpf_run *run)
{
    return run->op == DPF_STEP ? sonic_dpf_step_key_bytes(dpf_element(run), run->bits)
                               : sonic_dpf_key_bytes(run->bits);
}

size_t dpf_out_bytes(const dpf_run *run)
{
    return run->op == DPF_STEP ? 2 * dpf_element(run) * run->n : (run->n + 7) / 8;
}

uint64_t dpf_number(const dpf_run *run, const uint8_t *elements, size_t j)
{
    return element_get(elements, j, dpf_element(run)) & UINT64_MAX >> (64 - run->bits);
}

void dpf_generate(const dpf_run *run, const sonic_kernels *kernels, uint8_t *keys)
{
    const sonic_dpf_kernels *const dpf = &kernels->dpf[run->ring];
    if (run->op == DPF_STEP)
        dpf->step_generate(keys, run->seeds, run->alpha, run->beta, run->bits, run->n, &run->pi);
    else
        dpf->generate(keys, run->seeds, run->alpha, run->bits, run->n, (sonic_dpf_kind)run->op,
                      &run->pi);
}

void dpf_eval(const dpf_run *run, const sonic_kernels *kernels, uint8_t *out, const uint8_t *keys,
              unsigned party)
{
    const sonic_dpf_kernels *const dpf = &kernels->dpf[run->ring];
    if (run->op == DPF_STEP)
        dpf->step_eval(out, run->seeds[party], keys, run->x, run->bits, run->n, party, &run->pi);
    else
        dpf->eval(out, run->seeds[party], keys, run->x, run->bits, run->n, (sonic_dpf_kind)run->op,
                  party, &run->pi);
}

bool dpf_holds(const dpf_run *run, size_t j)
{
    const uint64_t x = dpf_number(run, run->x, j), alpha = dpf_number(run, run->alpha, j);
    return run->op == DPF_EQUAL ? x == alpha : x < alpha;
}

bool dpf_right(const dpf_run *run, const uint8_t *first, const uint8_t *second, size_t j)
{
    const size_t bytes = dpf_element(run);
    const bool one = dpf_holds(run, j);
    if (run->op != DPF_STEP)
        return ((first[j / 8] ^ second[j / 8]) >> j % 8 & 1) == one;
    for (size_t i = 2 * j; i < 2 * j + 2; i++) {
        const uint64_t sum = element_get(first, i, bytes) + element_get(second, i, bytes);
        if (element_reduce(sum, bytes) != (one ? element_get(run->beta, i, bytes) : 0))
            return false;
    }
    return true;
}
