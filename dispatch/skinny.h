/** @file
 * Products with so few rows or columns that packing costs more than it brings.
 */
#ifndef SONIC_DISPATCH_SKINNY_H
#define SONIC_DISPATCH_SKINNY_H

#include "dispatch/product.h"

/** Computes the product, of matrices that lie as they are, if it is a skinny one whose rows (or
 * columns) are contiguous.  @return whether it did */
bool sonic_skinny_run(int threads, const sonic_product *product);

#endif
