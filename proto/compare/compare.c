/* The one place that knows the ways of comparing. */
#include "proto/compare/compare.h"

#include "proto/compare/fss.h"
#include "proto/compare/ppa.h"

sonic_status sonic_compare_begin(sonic_compare *compare, const sonic_context *context,
                                 sonic_channel *channel, unsigned party, sonic_error *error)
{
    if (compare->methods.relu == SONIC_RELU_GC)
        return sonic_gc_create(&compare->gc, context, channel, party, error);
    return SONIC_OK;
}

void sonic_compare_end(sonic_compare *compare)
{
    sonic_gc_free(compare->gc);
    compare->gc = NULL;
}

sonic_status sonic_compare_prepare(const sonic_compare *compare, sonic_ring ring,
                                   const sonic_relu_call *call, sonic_error *error)
{
    if (compare->methods.relu == SONIC_RELU_GC)
        return sonic_gc_prepare(compare->gc, ring, call->shift, call->n, compare->spill,
                                compare->at + call->spill_at, error);
    return SONIC_OK;
}

sonic_status sonic_compare_relu(const sonic_compare *compare, const sonic_context *context,
                                sonic_channel *channel, const sonic_material *material,
                                sonic_ring ring, const sonic_relu_call *call, void *x,
                                sonic_error *error)
{
    if (compare->methods.relu == SONIC_RELU_GC)
        return sonic_gc_relu(compare->gc, ring, call->shift, x, call->n, compare->spill,
                             compare->at + call->spill_at, error);
    if (compare->methods.relu == SONIC_RELU_FSS)
        return sonic_fss_relu(context, channel, material, ring, call, x, error);
    return sonic_ppa_relu(context, channel, material, ring, call, x, error);
}
