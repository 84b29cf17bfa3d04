/** @file
 * What the processor and the operating system can run (CPUID, XCR0).
 */
#ifndef SONIC_DISPATCH_CPU_H
#define SONIC_DISPATCH_CPU_H

#include <stddef.h>

/** The processor's own name, or "unknown": at most n - 1 characters and a NUL. */
void sonic_cpu_name(char *name, size_t n);

/** Names of the capabilities found ("aes avx2 vaes ..."), space separated, at most n - 1 characters
 * and a NUL. */
void sonic_cpu_features(char *text, size_t n);

/** Bit t is set when tier t (a sonic_tier) was built and the processor and the operating system
 * both support it.  Bit 0 is always set. */
unsigned sonic_cpu_tiers(void);

/** The subset of sonic_cpu_tiers() that is preferred: without tiers that are known to be slower on
 * this processor, because they lower its clock or because its other instructions do more. */
unsigned sonic_cpu_preferred(void);

#endif
