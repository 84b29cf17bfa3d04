# `make bench` builds and runs the microbenchmarks; BENCH_FLAGS are Google Benchmark's
# (--benchmark_filter=ring, --benchmark_out=FILE ...).
CEILING_LIBS =
if TIER_AESNI
CEILING_LIBS += libceiling_aesni.la
EXTRA_LTLIBRARIES += libceiling_aesni.la
libceiling_aesni_la_SOURCES = kernels/ceiling/ceiling_aesni.c
libceiling_aesni_la_CFLAGS = $(AM_CFLAGS) $(AESNI_CFLAGS)
endif
if TIER_AVX2
CEILING_LIBS += libceiling_avx2.la
EXTRA_LTLIBRARIES += libceiling_avx2.la
libceiling_avx2_la_SOURCES = kernels/ceiling/ceiling_avx2.c
libceiling_avx2_la_CFLAGS = $(AM_CFLAGS) $(AVX2_CFLAGS)
endif
if TIER_VAES256
CEILING_LIBS += libceiling_vaes256.la
EXTRA_LTLIBRARIES += libceiling_vaes256.la
libceiling_vaes256_la_SOURCES = kernels/ceiling/ceiling_vaes256.c
libceiling_vaes256_la_CFLAGS = $(AM_CFLAGS) $(VAES256_CFLAGS)
endif
if TIER_AVX512
CEILING_LIBS += libceiling_avx512.la
EXTRA_LTLIBRARIES += libceiling_avx512.la
libceiling_avx512_la_SOURCES = kernels/ceiling/ceiling_avx512.c
libceiling_avx512_la_CFLAGS = $(AM_CFLAGS) $(AVX512_CFLAGS)
endif

CLEANFILES += $(CEILING_LIBS)

if HAVE_BENCHMARK
EXTRA_PROGRAMS += bench/kernels
bench_kernels_SOURCES = \
	bench/measure.c \
	bench/measure.h \
	bench/products.c \
	bench/shim.cc \
	bench/shim.h \
	bench/streams.c \
	kernels/ceiling/aes_tmpl.h \
	kernels/ceiling/ceiling.h \
	kernels/ceiling/ring_tmpl.h
bench_kernels_CPPFLAGS = $(AM_CPPFLAGS) $(BENCHMARK_CFLAGS)
bench_kernels_LDADD = libcore.la librandom.la $(CEILING_LIBS) $(BENCHMARK_LIBS)
CLEANFILES += bench/kernels$(EXEEXT)

bench: bench/kernels$(EXEEXT)
	./bench/kernels$(EXEEXT) --benchmark_min_time=0.05 $(BENCH_FLAGS)
else
bench:
	@echo 'The microbenchmarks need Google Benchmark (Debian: libbenchmark-dev): configure again.'
	@exit 1
endif
.PHONY: bench
