# Point and comparison functions for a caller's own use.
if HAVE_CRITERION
DPF_BATCH = tests/dpf_batch.c tests/dpf_batch.h
check_PROGRAMS += tests/test_dpf_api tests/test_dpf_hostile
TESTS += tests/test_dpf_api tests/test_dpf_hostile
tests_test_dpf_api_SOURCES = tests/test_dpf_api.c $(DPF_BATCH)
tests_test_dpf_api_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_dpf_api_LDADD = libtest.la
tests_test_dpf_hostile_SOURCES = tests/test_dpf_hostile.c $(DPF_BATCH)
tests_test_dpf_hostile_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_dpf_hostile_LDADD = libtest.la
endif
