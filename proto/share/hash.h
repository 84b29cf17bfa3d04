/** @file
 * XXH3: libxxhash's own choice among this processor's instructions, where it was built to choose.
 * Either way the same numbers.
 */
#ifndef SONIC_PROTO_SHARE_HASH_H
#define SONIC_PROTO_SHARE_HASH_H

#include "config.h"

#ifdef HAVE_XXH_X86DISPATCH
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

#endif
