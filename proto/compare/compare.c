/* The one place that knows the ways of comparing. */
#include "proto/compare/compare.h"

#include "dispatch/error.h"
#include "proto/compare/ppa.h"

sonic_status sonic_compare_relu(const sonic_compare *compare, const sonic_context *context,
                                sonic_channel *channel, const sonic_material *material,
                                sonic_ring ring, const sonic_relu_call *call, void *x,
                                sonic_error *error)
{
    switch (compare->relu) {
    case SONIC_RELU_PPA:
        return sonic_ppa_relu(context, channel, material, ring, call, x, error);
    default:
        return sonic_fail(error, SONIC_E_ARGUMENT, "there is no relu %d", (int)compare->relu);
    }
}
