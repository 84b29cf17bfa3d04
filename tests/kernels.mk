# The kernels' tests.  The checks themselves (check_*.c) know no test framework: Criterion programs run them
# here, tier_check runs them in one process on an emulated processor.
check_LTLIBRARIES += libharness.la
libharness_la_SOURCES = \
	tests/check_aes.c \
	tests/check_bitmat.c \
	tests/check_bool.c \
	tests/check_conv.c \
	tests/check_dpf.c \
	tests/check_garble.c \
	tests/check_ot.c \
	tests/check_ring.c \
	tests/check_vec.c \
	tests/check_vec_exact.c \
	tests/check_vole.c \
	tests/checks.h \
	tests/dpf_run.c \
	tests/dpf_run.h \
	tests/elements.h \
	tests/harness.c \
	tests/harness.h \
	tests/textbook_aes.c \
	tests/textbook_aes.h

if HAVE_CRITERION
KERNEL_TESTS = tests/test_aes tests/test_garble tests/test_ot_kernels tests/test_bitmat tests/test_bool tests/test_vec tests/test_dispatch \
	tests/test_ring tests/test_conv tests/test_vole tests/test_dpf tests/test_packed tests/test_scratch
check_PROGRAMS += $(KERNEL_TESTS)
TESTS += $(KERNEL_TESTS)
tests_test_aes_SOURCES = tests/test_aes.c
tests_test_aes_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_aes_LDADD = libharness.la libtest.la
tests_test_garble_SOURCES = tests/test_garble.c
tests_test_garble_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_garble_LDADD = libharness.la libtest.la
tests_test_ot_kernels_SOURCES = tests/test_ot_kernels.c
tests_test_ot_kernels_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_ot_kernels_LDADD = libharness.la libtest.la
tests_test_bitmat_SOURCES = tests/test_bitmat.c
tests_test_bitmat_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_bitmat_LDADD = libharness.la libtest.la
tests_test_bool_SOURCES = tests/test_bool.c
tests_test_bool_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_bool_LDADD = libharness.la libtest.la
tests_test_vec_SOURCES = tests/test_vec.c
tests_test_vec_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_vec_LDADD = libharness.la libtest.la
tests_test_dispatch_SOURCES = tests/test_dispatch.c
tests_test_dispatch_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_dispatch_LDADD = libtest.la
tests_test_ring_SOURCES = tests/test_ring.c
tests_test_ring_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_ring_LDADD = libharness.la libtest.la
tests_test_conv_SOURCES = tests/test_conv.c
tests_test_conv_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_conv_LDADD = libharness.la libtest.la
tests_test_vole_SOURCES = tests/test_vole.c
tests_test_vole_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_vole_LDADD = libharness.la libtest.la
tests_test_dpf_SOURCES = tests/test_dpf.c
tests_test_dpf_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_dpf_LDADD = libharness.la libtest.la
tests_test_packed_SOURCES = tests/test_packed.c
tests_test_packed_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_packed_LDADD = libharness.la libtest.la
# The linker puts the test between the library and the heap.
tests_test_scratch_SOURCES = bench/networks.c bench/networks.h tests/test_scratch.c
tests_test_scratch_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_scratch_LDFLAGS = -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=aligned_alloc -Wl,--wrap=free
tests_test_scratch_LDADD = libtest.la
endif

check_PROGRAMS += tests/tier_check
tests_tier_check_SOURCES = tests/tier_check.c
tests_tier_check_LDADD = libharness.la libdispatch.la $(KERNEL_LIBS)
dist_noinst_SCRIPTS += tests/emulated.sh
