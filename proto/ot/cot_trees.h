/** @file
 * GGM trees of oblivious transfer: the maker has 2^k leaves of 16 bytes, the other party all of
 * them but one, and neither learns what the other one has or lacks.
 *
 * A tree is made of k base transfers, in which the other party got the key of the bit that its
 * missing leaf's number does not have.  The first level's nodes are the first transfer's two keys;
 * a node has as children its hashes H under two public keys (kernels/aes/aes.h, ccr).  Of each
 * further level the maker sends the XOR of the children on either side, hidden by that level's keys
 * of the base transfers: the other party gets the one sum that gives it the node beside its path.
 *
 * Checked (Roy, CRYPTO 2022, section 5): a leaf is hashed once more, into what is the leaf from
 * then on, and 32 bytes.  The maker sends these bytes' XOR over all leaves, with which the other
 * party has those of its missing leaf, too, and their hash, so that it finds out, except for a
 * guess of the missing leaf, that no leaf depends on which one it is missing.  With k = 1 there is
 * nothing to check: the leaves are the base transfer's keys.
 *
 * No branch and no address depends on leaves or on which is missing.
 */
#ifndef SONIC_PROTO_OT_COT_TREES_H
#define SONIC_PROTO_OT_COT_TREES_H

#include <stdbool.h>

#include "kernels/aes/aes.h"
#include "kernels/ot/ot.h"

enum { SONIC_COT_TREE_SEED_BYTES = 3 * 16, SONIC_COT_TREE_LEAVES_MAX = 1 << SONIC_OT_K_MAX };

/** What all trees of a batch have in common. */
typedef struct sonic_cot_trees {
    sonic_aes_key key[3]; /**< public */
    const sonic_aes_kernels *aes;
    unsigned k;
    bool checked;
} sonic_cot_trees;

/** @param seed  public and of this batch alone: hashes under keys that many batches share are
 *               attacked all at once */
void sonic_cot_trees_begin(sonic_cot_trees *trees, const sonic_aes_kernels *aes, unsigned k,
                           bool checked, const uint8_t seed[SONIC_COT_TREE_SEED_BYTES]);

/** Bytes of the maker's message for a tree: 32 (k - 1), and 64 more where checked and k > 1. */
size_t sonic_cot_tree_bytes(unsigned k, bool checked);

/** The maker's tree.
 * @param leaves  2^k secret leaves of 16 bytes
 * @param base    both keys of k transfers, secret */
void sonic_cot_tree_make(const sonic_cot_trees *trees, uint8_t *leaves, uint8_t *message,
                         const uint8_t base[][2][16]);

/** The other party's.
 * @param leaves   at y: the maker's leaf y ^ missing, at 0 zeroes
 * @param base     a key of each of k transfers: the one of bit i of missing ^ (2^k - 1); secret
 * @param missing  secret
 * @return whether the tree is what an honest maker sends; always true where not checked */
bool sonic_cot_tree_puncture(const sonic_cot_trees *trees, uint8_t *leaves, const uint8_t *message,
                             const uint8_t base[][16], unsigned missing);

#endif
