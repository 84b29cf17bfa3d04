/** @file
 * What the files of ot_linear share: in which order trees stand, and how they are cut into blocks.
 *
 * A multiplier is a weight of B, or of what sonic_ot_exchange() gives; multipliers stand in the
 * order output channel, tap (row and column of the kernel), input channel of the group.  Each has
 * one tree for every digit of 4 bits, from the lowest.  All multipliers of one output channel and
 * tap multiply windows of one shape, those that do not lie in the padding, and their products are
 * added up before they reach the output.
 */
#ifndef SONIC_PROTO_OFFLINE_OT_LINEAR_RUN_H
#define SONIC_PROTO_OFFLINE_OT_LINEAR_RUN_H

#include "proto/offline/ot_linear.h"
#include "proto/ot/trees.h"

enum { SONIC_OT_NODE_BYTES = 16 }; /**< of a seed, a node, a label */

/** Nodes that are kept of a tree: by who knows all seeds level 1, by the other those beside the
 * digit's path. */
enum { SONIC_OT_OWN_NODES = 2, SONIC_OT_PEER_NODES = SONIC_TREES_LEVELS };

/** Trees that grow together.  Their seeds, 32 KiB, and the masks of their digits are in the
 * second-level cache. */
enum { SONIC_OT_TREES = 128 };

/** Multipliers whose trees grow under one pair of keys: at most 16 trees each, with 3 parents that
 * their owner's peer does not know, below 2^20 altogether. */
enum { SONIC_OT_KEY_MULTIPLIERS = 1 << 14 };

/** Transfers of a block of setup, as many as a multiplier of the ring has bits, and blocks between
 * two rounds, which bound memory: 12 MiB of sums. */
enum { SONIC_OT_SETUP_TRANSFERS = 1 << 13, SONIC_OT_SETUP_GROUP = 64 };

/** Elements of a tap in one block, at most: an array of them is 8 KiB, so that two of lanes, the
 * input's, the sums' and the wire's are in the first-level cache together.  And bytes of a block.
 */
enum { SONIC_OT_STEP_BYTES = 8 << 10, SONIC_OT_WIRE_BYTES = 256 << 10 };

/** A tap, and the outputs of one image that meet an input there. */
typedef struct sonic_ot_tap {
    size_t y, x;        /**< in the kernel */
    size_t row, column; /**< first output */
    size_t rows, columns;
    size_t n;     /**< rows x columns x batch */
    size_t step;  /**< of them in a block */
    size_t take;  /**< multipliers in a block */
    size_t first; /**< block of an output channel */
} sonic_ot_tap;

/** A convolution for one image. */
typedef struct sonic_ot_shape {
    sonic_ring ring;
    sonic_conv_shape conv;
    size_t oh, ow;
    size_t channels; /**< of a group */
    size_t taps;
    size_t multipliers;
} sonic_ot_shape;

sonic_ot_shape sonic_ot_shape_of(const sonic_graph *graph, uint32_t node);

/** A fully connected layer Y = A W^T as the transpose of W A^T, of which the inputs of some images
 * are the weights: a convolution of 1 x 1 from `inputs` to `images` channels, over a row of all
 * outputs. */
sonic_ot_shape sonic_ot_exchange(const sonic_ot_shape *shape, size_t images, size_t inputs);

/** What is multiplied by inputs at once, which bounds memory as setup's groups do: some images,
 * or some inputs of one. */
typedef struct sonic_ot_group {
    size_t images, inputs;
} sonic_ot_group;
sonic_ot_group sonic_ot_group_of(const sonic_ot_shape *shape, size_t batch);

/** Digits of a multiplier; bytes that an element takes on the wire for all of them. */
size_t sonic_ot_digits(sonic_ring ring);
size_t sonic_ot_wire(sonic_ring ring);

/** Fills the taps for a batch.  @return blocks of one output channel */
size_t sonic_ot_taps(sonic_ot_tap *taps, const sonic_ot_shape *shape, size_t batch);

/** The public seeds of one direction's keys, which both parties derive from the first extension. */
typedef struct sonic_ot_seeds {
    uint8_t side[2][16], fold[16];
} sonic_ot_seeds;

/** Key number `number` of a seed: AES under seed ^ number. */
void sonic_ot_key(sonic_aes_key *key, const sonic_kernels *kernels, const uint8_t seed[16],
                  uint64_t number);

/** How many multipliers, of `most` from multiplier `at` on, grow together; keys are theirs. */
size_t sonic_ot_together(const sonic_ot_shape *shape, size_t at, size_t most);
void sonic_ot_trees_keys(sonic_trees_keys *keys, const sonic_kernels *kernels,
                         const sonic_ot_seeds *seeds, size_t at);

/** The products of secret vectors and a secret convolution's multipliers, of which each party has
 * both: one's vectors by the other's multipliers.  Direction 0: this party knows all seeds and has
 * the vectors; 1: the multipliers. */
typedef struct sonic_ot_products {
    sonic_ot_pair *pair;
    sonic_ot_shape shape;
    uint8_t *nodes[2];   /**< SONIC_OT_OWN_NODES, and SONIC_OT_PEER_NODES, of each tree */
    uint8_t *multiplier; /**< this party's, in their order, little-endian */
    sonic_ot_seeds seeds[2];
    uint64_t blocks; /**< until now: each has a key of its own */
} sonic_ot_products;

/** Sets the trees up.
 * @param mask  this party's multipliers, laid out as a convolution's weights are; not kept */
SONIC_MUST_CHECK sonic_status sonic_ot_products_create(sonic_ot_products **products,
                                                       sonic_ot_pair *pair,
                                                       const sonic_ot_shape *shape,
                                                       const void *mask, sonic_error *error);
/** Wipes and frees; NULL is allowed. */
void sonic_ot_products_free(sonic_ot_products *products);

/** c += this party's share of the products for `batch` images.
 * @param a  this party's vectors: its images */
SONIC_MUST_CHECK sonic_status sonic_ot_products_add(sonic_ot_products *products, void *c,
                                                    const void *a, size_t batch,
                                                    sonic_error *error);

/** A digit of this party's multiplier number `at`; secret. */
static inline unsigned sonic_ot_digit(const sonic_ot_products *products, size_t at, size_t digit)
{
    return products->multiplier[at * sonic_ring_bytes(products->shape.ring) + digit / 2] >>
               digit % 2 * 4 &
           15;
}

#endif
