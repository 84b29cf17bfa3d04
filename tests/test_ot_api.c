/* <sonicnn/ot.h>: every form at every k, checked and not, of many sizes; bytes; pairs of tiers. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <xxhash.h>

#include "dispatch/cpu.h"
#include "proto/ot/cot.h"
#include "tests/ot_run.h"

enum { LABEL = 16, CALL = 32, CHUNK = 1 << 17, PROOF = 2064 };

static const unsigned ks[] = {1, 2, 4, 8};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint64_t up(uint64_t n, uint64_t to)
{
    return (n + to - 1) / to;
}

/* What the header promises. */
static uint64_t receiver_bytes(const ot_job *job, sonic_ot_options options)
{
    uint64_t bytes = job->n ? CALL : 0;
    if (!options.malicious || job->form == OT_TRIPLES)
        return bytes + 128 / options.k * up(job->n, 8);
    for (uint64_t done = 0; done < job->n; done += CHUNK) {
        const uint64_t m = job->n - done < CHUNK ? job->n - done : CHUNK;
        bytes += 128 / options.k * (16 * up(m, 128) + 16) + PROOF;
    }
    return bytes;
}

static uint64_t sender_bytes(const ot_job *job, sonic_ot_options options)
{
    if (job->form == OT_TRIPLES)
        return receiver_bytes(job, options);
    const uint64_t messages = job->form == OT_CHOSEN ? 2 * (uint64_t)job->n * job->size : 0;
    return messages + (options.malicious ? 16 * up(job->n, CHUNK) : 0);
}

static void check_bytes(const ot_side side[2])
{
    const sonic_ot_options o = side[0].options;
    const sonic_cot_options inner = {.k = o.k, .checked = o.malicious};
    uint64_t sent[2] = {0, 0};
    for (size_t i = 0; i < side[0].count; i++) {
        sent[0] += sender_bytes(&side[0].jobs[i], o);
        sent[1] += receiver_bytes(&side[0].jobs[i], o);
    }
    const uint64_t s = sonic_cot_setup_sent(inner), r = sonic_cot_setup_received(inner);
    const bool triples = side[0].count && side[0].jobs[0].form == OT_TRIPLES;
    cr_assert_eq(side[0].setup_sent, triples ? s + r : s);
    cr_assert_eq(side[1].setup_sent, triples ? s + r : r);
    for (unsigned i = 0; i < 2; i++) {
        cr_assert_eq(
            side[i].sent - side[i].setup_sent, sent[i], "side %u sent %llu bytes, not %llu", i,
            (unsigned long long)(side[i].sent - side[i].setup_sent), (unsigned long long)sent[i]);
        cr_assert_eq(side[i].received - side[i].setup_received, sent[!i]);
    }
}

static void run_all(sonic_ot_options options, const ot_job *jobs, size_t count, uint64_t seed)
{
    ot_side side[2];
    ot_run_begin(side, options, jobs, count, seed);
    ot_run(side);
    ot_run_check(side);
    check_bytes(side);
    ot_run_end(side);
}

/* In every k, with and without a check. */
static void run_everywhere(const ot_job *jobs, size_t count, uint64_t seed)
{
    for (size_t i = 0; i < COUNT(ks); i++)
        for (unsigned malicious = 0; malicious < 2; malicious++)
            run_all((sonic_ot_options){ks[i], malicious}, jobs, count, seed + i);
}

Test(ot_api, every_form_of_every_count)
{
    static const size_t counts[] = {0, 1, 7, 127, 128, 129, 8191, 8192, 8193, 20000};
    for (ot_form form = OT_CORRELATED; form <= OT_CHOSEN; form++) {
        ot_job jobs[COUNT(counts)];
        for (size_t i = 0; i < COUNT(counts); i++)
            jobs[i] = (ot_job){form, counts[i], form == OT_CHOSEN ? 16 : 0};
        run_everywhere(jobs, COUNT(jobs), 10 + form);
    }
}

Test(ot_api, more_than_a_chunk)
{
    static const ot_job jobs[] = {{OT_CORRELATED, CHUNK + 1, 0},
                                  {OT_RANDOM, 3 * CHUNK - 5, 0},
                                  {OT_CHOSEN, CHUNK + 77, 5},
                                  {OT_RANDOM, CHUNK, 0}};
    run_everywhere(jobs, COUNT(jobs), 30);
}

Test(ot_api, messages_of_every_size)
{
    static const size_t sizes[] = {1,  2,  15,  16,   17,   31,   32,    33,
                                   47, 48, 100, 4095, 4096, 4097, 70000, 300000};
    ot_job jobs[COUNT(sizes)];
    for (size_t i = 0; i < COUNT(sizes); i++)
        jobs[i] = (ot_job){OT_CHOSEN, sizes[i] < 1000 ? 301 : 5, sizes[i]};
    run_everywhere(jobs, COUNT(jobs), 40);
}

Test(ot_api, forms_take_turns)
{
    static const ot_job jobs[] = {
        {OT_RANDOM, 100, 0},      {OT_CHOSEN, 9, 24},    {OT_CORRELATED, 1000, 0},
        {OT_CHOSEN, 8193, 1},     {OT_CHOSEN, 0, 3},     {OT_RANDOM, 1, 0},
        {OT_CORRELATED, 8200, 0}, {OT_RANDOM, 40000, 0}, {OT_CORRELATED, 1, 0},
    };
    run_everywhere(jobs, COUNT(jobs), 50);
}

Test(ot_api, bit_triples)
{
    static const ot_job jobs[] = {{OT_TRIPLES, 1, 0},    {OT_TRIPLES, 0, 0},
                                  {OT_TRIPLES, 127, 0},  {OT_TRIPLES, 128, 0},
                                  {OT_TRIPLES, 8191, 0}, {OT_TRIPLES, 8193, 0},
                                  {OT_TRIPLES, 9, 0},    {OT_TRIPLES, 300001, 0}};
    for (size_t i = 0; i < COUNT(ks); i++)
        run_all((sonic_ot_options){.k = ks[i]}, jobs, COUNT(jobs), 60 + i);
}

/* Each of the shares by itself is no constant and no other's: a count of ones around a half; of the
 * sum of both shares of c a quarter. */
Test(ot_api, bit_triples_are_random)
{
    enum { N = 1 << 16, BYTES = N / 8 };
    static const ot_job job = {OT_TRIPLES, N, 0};
    ot_side side[2];
    ot_run_begin(side, (sonic_ot_options){.k = 2}, &job, 1, 70);
    ot_run(side);
    ot_run_check(side);
    for (unsigned v = 0; v < 6; v++)
        for (unsigned w = 0; w <= v; w++) {
            size_t ones = 0;
            for (size_t i = 0; i < N; i++)
                ones += ot_run_bit(side[v % 2].out[0] + v / 2 * BYTES, i) ^
                        (v == w ? 0 : ot_run_bit(side[w % 2].out[0] + w / 2 * BYTES, i));
            const size_t wanted = v == 5 && w == 4 ? N / 4 : N / 2;
            cr_assert(ones > wanted - 1000 && ones < wanted + 1000, "%zu ones in %u ^ %u", ones, v,
                      w);
        }
    ot_run_end(side);
}

static int compare_labels(const void *a, const void *b)
{
    return memcmp(a, b, LABEL);
}

/* All keys of all calls differ, and from those of a pair of other randomness. */
Test(ot_api, no_key_comes_twice)
{
    static const ot_job jobs[] = {{OT_RANDOM, 9000, 0}, {OT_RANDOM, 9000, 0}, {OT_RANDOM, 1, 0}};
    for (unsigned malicious = 0; malicious < 2; malicious++) {
        ot_side side[2][2];
        uint8_t *all = ot_run_take((size_t)2 * 2 * 18001 * LABEL);
        size_t n = 0;
        for (unsigned s = 0; s < 2; s++) {
            ot_run_begin(side[s], (sonic_ot_options){4, malicious}, jobs, COUNT(jobs), 80 + 10 * s);
            ot_run(side[s]);
            ot_run_check(side[s]);
            for (size_t i = 0; i < COUNT(jobs); i++) {
                memcpy(all + n * LABEL, side[s][0].out[i], ot_run_bytes(&jobs[i], 0));
                n += 2 * jobs[i].n;
            }
            ot_run_end(side[s]);
        }
        qsort(all, n, LABEL, compare_labels);
        for (size_t i = 1; i < n; i++)
            cr_assert(memcmp(all + (i - 1) * LABEL, all + i * LABEL, LABEL) != 0);
        free(all);
    }
}

/* Both sides' bytes after the setup, and what they made of them: keys that both hash otherwise fit
 * each other as well, and may hide nothing. */
static uint64_t transcript(sonic_ot_options options, const ot_job *jobs, size_t count)
{
    ot_side side[2];
    uint64_t sent[2], setup[2], hash = 0;
    for (unsigned run = 0; run < 2; run++) {
        ot_run_begin(side, options, jobs, count, 100);
        for (unsigned s = 0; s < 2 && run; s++) {
            side[s].fault.replay = setup[s];
            side[s].fault.replay_bytes = sent[s]; /* all: nothing follows */
        }
        ot_run(side);
        ot_run_check(side);
        for (unsigned s = 0; s < 2; s++) {
            setup[s] = side[s].setup_sent;
            sent[s] = side[s].sent - setup[s];
            hash = run ? XXH3_64bits_withSeed(side[s].record, sent[s], hash) : 0;
            for (size_t i = 0; i < count; i++)
                hash = XXH3_64bits_withSeed(side[s].out[i], ot_run_bytes(&jobs[i], s), hash);
        }
        ot_run_end(side);
    }
    return hash;
}

/* No change of the code alone may change them. */
Test(ot_api, transcripts)
{
    static const ot_job jobs[] = {{OT_RANDOM, 9000, 0},
                                  {OT_CHOSEN, 300, 7},
                                  {OT_CHOSEN, 300, 40},
                                  {OT_CORRELATED, 300, 0},
                                  {OT_RANDOM, 70, 0}};
    static const ot_job triples[] = {{OT_TRIPLES, 9000, 0}, {OT_TRIPLES, 70, 0}};
    static const uint64_t wanted[] = {UINT64_C(0x74b0776ebc5a58ad), UINT64_C(0x339f1426d49fe11a),
                                      UINT64_C(0xf683b0bd1e12aa6a)};
    for (unsigned i = 0; i < 3; i++) {
        const sonic_ot_options options = {.k = 4, .malicious = i == 1};
        const uint64_t got =
            i == 2 ? transcript(options, triples, 2) : transcript(options, jobs, COUNT(jobs));
        cr_expect(got == wanted[i], "%u: another transcript, 0x%016llx", i,
                  (unsigned long long)got);
    }
}

Test(ot_api, pairs_of_tiers)
{
    static const ot_job jobs[] = {
        {OT_RANDOM, 8300, 0}, {OT_CHOSEN, 130, 33}, {OT_CORRELATED, 500, 0}};
    static const ot_job triples = {OT_TRIPLES, 8300, 0};
    for (unsigned s = 0; s < SONIC_TIERS; s++)
        for (unsigned r = 0; r < SONIC_TIERS; r++) {
            if (!(sonic_cpu_tiers() >> s & sonic_cpu_tiers() >> r & 1))
                continue;
            for (unsigned kind = 0; kind < 3; kind++) {
                ot_side side[2];
                ot_run_begin(side, (sonic_ot_options){ks[(s + r) % 4], kind == 1},
                             kind == 2 ? &triples : jobs, kind == 2 ? 1 : COUNT(jobs), 90);
                side[0].tier = sonic_tier_name((sonic_tier)s);
                side[1].tier = sonic_tier_name((sonic_tier)r);
                ot_run(side);
                ot_run_check(side);
                ot_run_end(side);
            }
        }
}
