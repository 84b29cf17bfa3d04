/* The material of products of bits: round 0 and the levels of a comparison. */
#include <string.h>

#include "proto/offline/ot_relu_run.h"
#include "proto/offline/streams.h"

static const uint8_t nothing[16];

static const sonic_bool_kernels *boolean(const sonic_ot_run *run)
{
    return &run->pair->context->kernels.boolean;
}

/* This party's planes of a kind. */
static void expand(const sonic_ot_run *run, const sonic_ot_block *block, unsigned round,
                   unsigned kind, size_t planes, uint8_t *out)
{
    sonic_material_random(run->streams, SONIC_STREAM_PPA(run->index, round, kind),
                          block->number * sonic_ppa_plane_bytes(planes, SONIC_PPA_BLOCK), out,
                          sonic_ppa_plane_bytes(planes, block->shape.rows));
}

/* Where a level's pairs are in the string: the full ones' bytes, then the others'. */
typedef struct level_place {
    unsigned round, pairs, full;
    size_t two_at, two, one_at, one; /* bytes */
} level_place;

static void next_level(const sonic_ot_run *run, const sonic_ot_block *block, level_place *place)
{
    const sonic_ppa_level level = sonic_ppa_level_of(run->shape.ring, place->round++);
    const size_t rows = block->shape.rows;
    place->two_at += place->two;
    place->one_at += place->one;
    place->pairs = level.pairs;
    place->full = level.full;
    place->two = sonic_ppa_plane_bytes(level.full, rows);
    place->one = sonic_ppa_plane_bytes(level.pairs, rows) - place->two;
}

static level_place first_level(const sonic_ot_block *block)
{
    return (level_place){.one_at = 8 * block->shape.two};
}

/* A level's planes into their places in the string. */
static void expand_level(const sonic_ot_run *run, const sonic_ot_block *block,
                         const level_place *place, unsigned kind, uint64_t *string)
{
    uint8_t *bytes = (uint8_t *)string;
    expand(run, block, place->round, kind, place->pairs, run->out);
    memcpy(bytes + place->two_at, run->out, place->two);
    memcpy(bytes + place->one_at, run->out + place->two, place->one);
}

/* Party 0 chooses the first half of round 0's products, and party 1 the second. */
static void expand_and(const sonic_ot_run *run, const sonic_ot_block *block)
{
    const size_t at = block->shape.two + block->shape.one, half = 8 * block->shape.and;
    uint64_t *chosen[2] = {block->choice + at, block->correction[0] + at};
    memset(run->out, 0, 2 * half);
    expand(run, block, 0, SONIC_PPA_AND_MASK, (size_t)run->shape.ring - 1, run->out);
    memcpy(chosen[run->pair->party], run->out, half);
    memcpy(chosen[1 - run->pair->party], run->out + half, half);
}

void sonic_ot_bits_begin(const sonic_ot_run *run, sonic_ot_block *block)
{
    const size_t words = sonic_ot_words(&block->shape);
    level_place place = first_level(block);
    memset(block->choice, 0, 8 * words);
    memset(block->correction[0], 0, 8 * words);
    memset(block->correction[1], 0, 8 * block->shape.two);
    while (place.round < sonic_ppa_levels(run->shape.ring)) {
        next_level(run, block, &place);
        expand_level(run, block, &place, SONIC_PPA_MU, block->choice);
        expand_level(run, block, &place, SONIC_PPA_NU, block->correction[0]);
        expand(run, block, place.round, SONIC_PPA_OMEGA, place.full,
               (uint8_t *)block->correction[1] + place.two_at);
    }
    expand_and(run, block);
}

/* Hashes of two bits where the piece has words of two, of one elsewhere. */
static void hash(const sonic_ot_run *run, const sonic_ot_block *block, const sonic_ot_piece *piece,
                 uint64_t *const out[2], const uint8_t *delta, const sonic_aes_key *pi)
{
    const size_t two = 64 * sonic_ot_piece_two(&block->shape, piece);
    const sonic_ot_kernels *ot = &run->pair->context->kernels.ot;
    ot->bits((uint8_t *)out[0], (uint8_t *)out[1], run->labels, delta, two, pi);
    ot->bits((uint8_t *)(out[0] + two / 64), NULL, run->labels + 16 * two, delta, piece->n - two,
             pi);
}

static sonic_status choose_bits(const sonic_ot_run *run, sonic_ot_block *block,
                                const sonic_ot_piece *piece, uint8_t *message, sonic_error *error)
{
    sonic_cot_receiver *receiver = run->pair->receiver;
    uint64_t *out[2] = {block->received[0] + piece->first, block->received[1] + piece->first};
    sonic_status status =
        sonic_cot_receive(receiver, run->labels, message,
                          (const uint8_t *)(block->choice + piece->first), piece->n, error);
    if (!status)
        hash(run, block, piece, out, nothing, sonic_cot_receiver_pi(receiver));
    return status;
}

static sonic_status answer_bits(const sonic_ot_run *run, sonic_ot_block *block,
                                const sonic_ot_piece *piece, const uint8_t *message,
                                sonic_error *error)
{
    const sonic_cot_sender *sender = run->pair->sender;
    const sonic_bool_kernels *kernels = boolean(run);
    const size_t first = piece->first, own = block->shape.two + block->shape.one;
    sonic_status status = sonic_cot_send(run->pair->sender, run->labels, message, piece->n, error);
    if (status)
        return status;
    uint64_t *pad[2] = {block->sent[0] + first, block->sent[1] + first};
    hash(run, block, piece, pad, nothing, sonic_cot_sender_pi(sender));
    hash(run, block, piece, run->hash, run->pair->delta, sonic_cot_sender_pi(sender));
    for (unsigned i = 0; i < 2; i++) {
        const size_t end = i == 0 ? own : block->shape.two;
        const size_t words = i == 0 ? piece->n / 64 : sonic_ot_piece_two(&block->shape, piece);
        uint64_t *value = block->correction[i] + first;
        kernels->bxor(run->hash[i], run->hash[i], pad[i], words);
        if (first < end) /* products of own bits */
            kernels->and_xor(pad[i], block->choice + first, value, pad[i],
                             sonic_size_min(words, end - first));
        kernels->bxor(value, value, run->hash[i], words);
    }
    return SONIC_OK;
}

static void send_bits(const sonic_ot_run *run, const sonic_ot_block *block,
                      const sonic_ot_piece *piece, uint8_t *message)
{
    (void)run;
    memcpy(message, block->correction[0] + piece->first, piece->n / 8);
    memcpy(message + piece->n / 8, block->correction[1] + piece->first,
           8 * sonic_ot_piece_two(&block->shape, piece));
}

static void correct_bits(const sonic_ot_run *run, sonic_ot_block *block,
                         const sonic_ot_piece *piece, const uint8_t *message)
{
    const size_t words[2] = {piece->n / 64, sonic_ot_piece_two(&block->shape, piece)};
    for (unsigned i = 0; i < 2; message += 8 * words[i++]) {
        uint64_t *received = block->received[i] + piece->first;
        memcpy(run->hash[0], message, 8 * words[i]);
        boolean(run)->and_xor(received, block->choice + piece->first, run->hash[0], received,
                              words[i]);
    }
}

const sonic_ot_kind sonic_ot_bits = {choose_bits, answer_bits, send_bits, correct_bits};

static sonic_status write_and(const sonic_ot_run *run, sonic_ot_block *block, sonic_error *error)
{
    const size_t at = block->shape.two + block->shape.one, half = 8 * block->shape.and;
    uint64_t *share[2] = {block->received[0] + at, block->sent[0] + at};
    memcpy(run->out, share[run->pair->party], half);
    memcpy(run->out + half, share[1 - run->pair->party], half);
    return sonic_ot_write_round(run, block, 0, error);
}

sonic_status sonic_ot_bits_write(const sonic_ot_run *run, sonic_ot_block *block, sonic_error *error)
{
    const sonic_ot_block_shape *shape = &block->shape;
    const uint8_t *c = (const uint8_t *)block->sent[0], *d = (const uint8_t *)block->sent[1];
    level_place place = first_level(block);
    sonic_status status = write_and(run, block, error);
    boolean(run)->bxor(block->sent[0], block->sent[0], block->received[0], shape->two + shape->one);
    boolean(run)->bxor(block->sent[1], block->sent[1], block->received[1], shape->two);
    while (!status && place.round < sonic_ppa_levels(run->shape.ring)) {
        next_level(run, block, &place);
        memcpy(run->out, c + place.two_at, place.two);
        memcpy(run->out + place.two, c + place.one_at, place.one);
        memcpy(run->out + place.two + place.one, d + place.two_at, place.two);
        status = sonic_ot_write_round(run, block, place.round, error);
    }
    return status;
}
