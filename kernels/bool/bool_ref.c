/* Bit-sliced kernels in portable C. */
#include "kernels/bool/bool.h"

#include "kernels/bool/bool_tmpl.h"

void sonic_bool_select_ref(sonic_bool_kernels *table)
{
    fill(table);
}
