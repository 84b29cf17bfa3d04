# The microbenchmarks, so that they stay right; without Google Benchmark the script skips itself.
TESTS += tests/bench.sh
dist_noinst_SCRIPTS += tests/bench.sh
if HAVE_CRITERION
if HAVE_PROTOBUF_C
check_PROGRAMS += tests/test_bench
TESTS += tests/test_bench
endif
tests_test_bench_SOURCES = \
	bench/competitors/needs.c \
	bench/competitors/needs.h \
	bench/networks.c \
	bench/networks.h \
	bench/verify.c \
	bench/verify.h \
	tests/test_bench.c
tests_test_bench_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_bench_LDADD = libtest.la
endif
