# `make bench` builds and runs the microbenchmarks (bench-kernels, bench-layers: one half of them) and
# writes bench.kernels.json and bench.layers.json (BENCH_OUT is their path without .kernels.json).  BENCH_FLAGS are Google
# Benchmark's and those of bench/options.c (--benchmark_filter=ring --network=resnet50 ...).
#
# `make bench-claims` measures what this project says of its speed: medians of ten repetitions in
# random order, products and convolutions pinned to one core, a network's linear layers on one and
# on two threads, and ReLU.
BENCH_OUT = bench
BENCH_PIN = taskset -c 1
BENCH_CLAIM = --benchmark_repetitions=10 --benchmark_display_aggregates_only=true \
	--benchmark_min_time=0.05
BENCH_MIXED = $(BENCH_CLAIM) --benchmark_enable_random_interleaving=true --network=resnet50
BENCH_SHAPES = 256x256x256|1024x1024x1024|64x576x3136|1x4096x1000
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

if TIER_AVX512IFMA
CEILING_LIBS += libceiling_avx512ifma.la
EXTRA_LTLIBRARIES += libceiling_avx512ifma.la
libceiling_avx512ifma_la_SOURCES = kernels/ceiling/ceiling_avx512ifma.c
libceiling_avx512ifma_la_CFLAGS = $(AM_CFLAGS) $(AVX512IFMA_CFLAGS)
endif

CLEANFILES += $(CEILING_LIBS)

# Competitors of our products, each built by every compiler at hand for this processor.  They are
# programs' parts only: nothing here reaches the library.  Each says what it needs, and the benches
# run it where that is there.  Of C++ only the competitor itself stays global: the linker chooses
# one of all objects' instances of a template, and must not give generic code one of these.
COMPETITORS =
COMPETITOR_v3 = -march=x86-64-v3
COMPETITOR_native = -march=native
COMPETITOR_native512 = -march=native -mprefer-vector-width=512
if COMPETITOR_GCC
COMPETITORS += bench/competitors/loops-gcc_v3.o bench/competitors/loops-gcc_native.o \
	bench/competitors/loops-gcc_native512.o
endif
if COMPETITOR_CLANG
COMPETITORS += bench/competitors/loops-clang_v3.o bench/competitors/loops-clang_native.o \
	bench/competitors/loops-clang_native512.o
endif
if EIGEN_GCC
COMPETITORS += bench/competitors/eigen-gcc_v3.o bench/competitors/eigen-gcc_native.o
endif
if EIGEN_CLANG
COMPETITORS += bench/competitors/eigen-clang_v3.o bench/competitors/eigen-clang_native.o
endif
LOOPS = $(srcdir)/bench/competitors/loops.c
EIGEN = $(srcdir)/bench/competitors/eigen.cc
NEEDS = $(srcdir)/bench/competitors/needs.h
COMPILE_LOOPS = -O3 -fPIE $(COMPETITOR_$*) -I$(srcdir) -c $(LOOPS) -o $@
COMPILE_EIGEN = -O3 -fPIE -fwrapv $(COMPETITOR_$*) -I$(srcdir) $(EIGEN_CFLAGS) -c $(EIGEN) -o $@
CLOSE_EIGEN = $(OBJCOPY) -R .group --wildcard --keep-global-symbol='eigen_*' $@
bench/competitors/loops-gcc_%.o: $(LOOPS) $(NEEDS)
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(COMPETITOR_GCC) -DBUILD=gcc_$* $(COMPILE_LOOPS)
bench/competitors/loops-clang_%.o: $(LOOPS) $(NEEDS)
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(COMPETITOR_CLANG) -DBUILD=clang_$* $(COMPILE_LOOPS)
bench/competitors/eigen-gcc_%.o: $(EIGEN) $(NEEDS)
	$(AM_V_CXX)$(MKDIR_P) $(@D) && $(COMPETITOR_GXX) -DBUILD=gcc_$* -fno-gnu-unique $(COMPILE_EIGEN)
	$(AM_V_at)$(CLOSE_EIGEN)
bench/competitors/eigen-clang_%.o: $(EIGEN) $(NEEDS)
	$(AM_V_CXX)$(MKDIR_P) $(@D) && $(COMPETITOR_CLANGXX) -DBUILD=clang_$* $(COMPILE_EIGEN)
	$(AM_V_at)$(CLOSE_EIGEN)
CLEANFILES += $(COMPETITORS)
EXTRA_DIST += bench/competitors/eigen.cc bench/competitors/loops.c

if HAVE_BENCHMARK
check_PROGRAMS += bench/kernels bench/layers bench/transfers
BENCH_COMMON = \
	bench/ceilings.c \
	bench/ceilings.h \
	bench/networks.c \
	bench/networks.h \
	bench/options.c \
	bench/options.h \
	bench/shim.cc \
	bench/shim.h \
	bench/verify.c \
	bench/verify.h \
	kernels/ceiling/ceiling.h
BENCH_CPPFLAGS = $(AM_CPPFLAGS) $(BENCHMARK_CFLAGS) -DBENCH_COMPILER='"$(CC) $(CFLAGS)"'
bench_kernels_SOURCES = $(BENCH_COMMON) \
	bench/competitors/competitors.c \
	bench/competitors/competitors.h \
	bench/competitors/needs.c \
	bench/competitors/needs.h \
	bench/convolutions.c \
	bench/cot.c \
	bench/dpf.c \
	bench/garble.c \
	bench/measure.c \
	bench/measure.h \
	bench/operands.c \
	bench/operands.h \
	bench/ot.c \
	bench/products.c \
	bench/streams.c \
	bench/vole.c \
	kernels/ceiling/aes_tmpl.h \
	kernels/ceiling/ring_lanes.h \
	kernels/ceiling/ring_tmpl.h
bench_kernels_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_kernels_LDADD = libcore.la librandom.la $(CEILING_LIBS) $(COMPETITORS) $(BENCHMARK_LIBS)
bench_kernels_DEPENDENCIES = libcore.la librandom.la $(CEILING_LIBS) $(COMPETITORS)
bench_layers_SOURCES = $(BENCH_COMMON) \
	bench/layers.c \
	bench/pair.c \
	bench/pair.h \
	bench/pair_check.c \
	bench/pair_state.h
bench_layers_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_layers_LDADD = libcore.la librandom.la $(CEILING_LIBS) $(BENCHMARK_LIBS)
bench_transfers_SOURCES = \
	bench/ceilings.c \
	bench/ceilings.h \
	bench/shim.cc \
	bench/shim.h \
	bench/transfers.c \
	kernels/ceiling/ceiling.h
bench_transfers_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_transfers_LDADD = libcore.la librandom.la $(CEILING_LIBS) $(BENCHMARK_LIBS)

bench: bench-kernels bench-layers
bench-kernels: bench/kernels$(EXEEXT)
	./bench/kernels$(EXEEXT) --benchmark_min_time=0.05 \
	  --benchmark_out=$(BENCH_OUT).kernels.json $(BENCH_FLAGS)
	@echo 'wrote $(BENCH_OUT).kernels.json'
bench-layers: bench/layers$(EXEEXT)
	./bench/layers$(EXEEXT) --benchmark_min_time=0.05 \
	  --benchmark_out=$(BENCH_OUT).layers.json $(BENCH_FLAGS)
	@echo 'wrote $(BENCH_OUT).layers.json'
bench-transfers: bench/transfers$(EXEEXT)
	./bench/transfers$(EXEEXT) $(BENCH_FLAGS)
bench-claims: bench/kernels$(EXEEXT) bench/layers$(EXEEXT)
	$(BENCH_PIN) ./bench/kernels$(EXEEXT) $(BENCH_MIXED) --benchmark_out=$(BENCH_OUT).claims.json \
	  --benchmark_filter='^(ring/.*/($(BENCH_SHAPES))|conv/(conv|packed).*)/avx' $(BENCH_FLAGS)
	./bench/kernels$(EXEEXT) $(BENCH_MIXED) --benchmark_out=$(BENCH_OUT).threads.json \
	  --benchmark_filter='^conv/network.*/avx' $(BENCH_FLAGS)
	$(BENCH_PIN) ./bench/layers$(EXEEXT) $(BENCH_CLAIM) --benchmark_out=$(BENCH_OUT).relu.json \
	  --benchmark_filter='/relu/1048576/.*/memory' $(BENCH_FLAGS)
else
bench bench-kernels bench-layers bench-transfers bench-claims:
	@echo 'The microbenchmarks need Google Benchmark (Debian: libbenchmark-dev): configure again.'
	@exit 1
endif
.PHONY: bench bench-kernels bench-layers bench-transfers bench-claims
