/** @file
 * OpenMP, or one thread where it was left out.
 */
#ifndef SONIC_DISPATCH_THREADS_H
#define SONIC_DISPATCH_THREADS_H

#include <stddef.h>

#ifdef _OPENMP
#include <omp.h>
#endif

/** The caller's number in the parallel region around it: from 0, below the number asked for. */
static inline size_t sonic_thread_index(void)
{
#ifdef _OPENMP
    return (size_t)omp_get_thread_num();
#else
    return 0;
#endif
}

/** How many of `threads` to use for `tasks` tasks of `work` units altogether, when a thread that
 * has fewer than `least` units costs more than it saves; at least 1. */
static inline int sonic_threads_for(int threads, size_t tasks, size_t work, size_t least)
{
    size_t most = work / least < tasks ? work / least : tasks;
    return most < (size_t)threads ? (most ? (int)most : 1) : threads;
}

#endif
