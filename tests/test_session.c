/* Sessions: the bytes on the wire, and material that serves once. */
#include <criterion/criterion.h>

#include <string.h>

#include <sodium.h>

#include "dispatch/cpu.h"
#include "proto/session/state.h"
#include "tests/session_run.h"

/* What either direction says under test randomness: of rings 32 and 64, truncation stochastic and
 * local, party 0 and 1.  A change here is a change of the protocol: raise its version. */
static const uint64_t wire[2][2][2] = {
    {{UINT64_C(0xe76801482912d9c5), UINT64_C(0x3182e717a81cf044)},
     {UINT64_C(0x50f7b79e4823a088), UINT64_C(0x15d22cb3a4034d25)}},
    {{UINT64_C(0x9c1802c4f4ac9320), UINT64_C(0xc589402a8aa08aa8)},
     {UINT64_C(0x74786d97316c32a5), UINT64_C(0x50b13e514297b6ef)}},
};

static void expect_wire(sonic_ring ring, sonic_truncation truncation, const char *const tier[2],
                        const int threads[2])
{
    sonic_model model;
    two_party both;
    session_net(&model, ring, truncation);
    two_party_create(&both, &model, 3, 2, 21);
    for (unsigned i = 0; i < 2; i++) {
        both.server[i].tier = tier[i];
        both.server[i].threads = threads[i];
    }
    session_io io = session_io_make(&both, 2);
    cr_assert_eq(two_party_run(&both, 2, io.x, io.y), SONIC_OK, "%s", both.server[0].error.text);
    session_expect_result(&both);
    for (unsigned i = 0; i < 2; i++) {
        cr_expect_str_eq(both.server[i].peer_tier, tier[!i]);
        cr_expect_eq(
            both.server[i].hash, wire[ring == SONIC_RING_64][truncation][i],
            "ring %d, truncation %d, party %u, tiers %s and %s, %d and %d threads: 0x%016llx", ring,
            truncation, i, tier[0], tier[1], threads[0], threads[1],
            (unsigned long long)both.server[i].hash);
    }
    session_io_free(io);
    two_party_free(&both);
}

Test(session, the_wire_is_the_same_on_all_pairs_of_tiers_and_threads)
{
    int turn = 0;
    for (int t0 = 0; t0 < SONIC_TIERS; t0++)
        for (int t1 = 0; t1 < SONIC_TIERS; t1++) {
            if (!(sonic_cpu_tiers() >> t0 & sonic_cpu_tiers() >> t1 & 1))
                continue;
            const char *tier[] = {sonic_tier_name((sonic_tier)t0), sonic_tier_name((sonic_tier)t1)};
            int threads[] = {1 + turn % 3, 1 + turn / 3 % 3};
            expect_wire(turn % 2 ? SONIC_RING_64 : SONIC_RING_32,
                        turn / 2 % 2 ? SONIC_TRUNC_LOCAL : SONIC_TRUNC_STOCHASTIC, tier, threads);
            turn++;
        }
    const char *ref[] = {"ref", "ref"};
    const int one[] = {1, 1};
    for (int i = 0; i < 4; i++)
        expect_wire(i % 2 ? SONIC_RING_64 : SONIC_RING_32,
                    i / 2 ? SONIC_TRUNC_LOCAL : SONIC_TRUNC_STOCHASTIC, ref, one);
}

/* Masks of 16 bytes of a few nodes and inferences of two sessions: none twice. */
Test(session, no_mask_serves_twice_without_a_dealer)
{
    enum { SLOTS = 4, NODES = 3, ALL = 2 * SLOTS * NODES };
    const sonic_model_share share = {.party = 1};
    sonic_step step[NODES] = {{0}};
    uint8_t mask[ALL][16];
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    for (unsigned i = 0; i < ALL; i++) {
        const struct sonic_session session = {.context = context,
                                              .model = &share,
                                              .plan = {.step = step},
                                              .seed = {(uint8_t)(1 + i % 2)},
                                              .slot = i / 2 % SLOTS};
        sonic_material material;
        sonic_session_material(&session, i / 2 / SLOTS, &material);
        cr_assert(material.is_made && material.party == 1);
        sonic_material_random(&material, 0, 0, mask[i], sizeof mask[i]);
        sonic_material_end(&material);
        for (unsigned before = 0; before < i; before++)
            cr_assert_neq(memcmp(mask[before], mask[i], sizeof mask[i]), 0, "%u, %u", before, i);
    }
    sonic_context_free(context);
}

/* Results say nothing of masks that are no secret, or the same in every inference. */
Test(session, masks_without_a_dealer_come_from_seeds_and_inferences_of_their_own)
{
    sonic_model model;
    two_party both;
    session_net(&model, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC);
    two_party_create(&both, &model, 1, 1, 22);
    two_party_use(&both, (sonic_methods){.source = SONIC_SOURCE_OT8}, 0);
    session_io io = session_io_make(&both, 2);
    cr_assert_eq(two_party_run(&both, 2, io.x, io.y), SONIC_OK, "%s", both.server[0].error.text);
    for (unsigned i = 0; i < 2; i++) {
        cr_assert_eq(both.server[i].next, 2);
        cr_assert(!sodium_is_zero(both.server[i].seed, SONIC_SEED_BYTES));
    }
    cr_assert_neq(memcmp(both.server[0].seed, both.server[1].seed, SONIC_SEED_BYTES), 0);
    session_io_free(io);
    two_party_free(&both);
}

Test(session, a_pool_is_used_to_its_end_and_no_further)
{
    sonic_model model;
    two_party both;
    session_net(&model, SONIC_RING_64, SONIC_TRUNC_STOCHASTIC);
    two_party_create(&both, &model, 1, 3, 23);
    session_io io = session_io_make(&both, 4);
    cr_assert_eq(two_party_run(&both, 1, io.x, io.y), SONIC_OK);
    cr_assert_eq(two_party_run(&both, 3, io.x, io.y), SONIC_E_USED_UP);
    for (unsigned i = 0; i < 2; i++) {
        const two_party_server *s = &both.server[i];
        cr_expect(s->done == 2 && s->next == 3 && s->zeroed && s->again == SONIC_E_POISONED);
        cr_expect(strstr(s->error.text, "is used up (3 of 3 inferences)"), "%s", s->error.text);
        cr_expect(strstr(s->error.text, both.path[i]), "%s", s->error.text);
    }
    cr_assert_eq(two_party_run(&both, 1, io.x, io.y), SONIC_E_USED_UP);
    for (unsigned i = 0; i < 2; i++) {
        cr_expect(strstr(both.server[i].error.text, "is used up (3 of 3 inferences)"));
        cr_expect_eq(both.server[i].sent, 112, "more than the handshake was sent");
    }
    session_io_free(io);
    two_party_free(&both);
}

/* Claims material and dies, as one server would that crashes before it uses it. */
static void claim_only(two_party *both, unsigned party, uint32_t slot)
{
    sonic_pool *pool;
    cr_assert_eq(sonic_pool_open(&pool, both->path[party], NULL), SONIC_OK);
    cr_assert_eq(sonic_pool_claim(pool, slot, NULL), SONIC_OK);
    sonic_pool_free(pool);
}

Test(session, a_crash_between_claim_and_use_skips_the_material)
{
    sonic_model model;
    two_party both;
    session_net(&model, SONIC_RING_32, SONIC_TRUNC_LOCAL);
    two_party_create(&both, &model, 2, 6, 24);
    session_io io = session_io_make(&both, 1);
    for (uint32_t slot = 0; slot < 4; slot += 2) {
        claim_only(&both, slot / 2, slot);
        cr_assert_eq(two_party_run(&both, 1, io.x, io.y), SONIC_OK, "%s",
                     both.server[0].error.text);
        session_expect_result(&both);
        cr_expect(both.server[0].next == slot + 2 && both.server[1].next == slot + 2);
    }
    claim_only(&both, 1, 5);
    cr_assert_eq(two_party_run(&both, 1, io.x, io.y), SONIC_E_USED_UP);
    cr_expect(strstr(both.server[0].error.text, "server 1 has used up its half of pool"), "%s",
              both.server[0].error.text);
    cr_expect(strstr(both.server[1].error.text, "is used up (6 of 6 inferences)"), "%s",
              both.server[1].error.text);
    session_io_free(io);
    two_party_free(&both);
}
