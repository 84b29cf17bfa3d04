# Oblivious transfer.
if HAVE_CRITERION
check_PROGRAMS += tests/test_ot
TESTS += tests/test_ot
tests_test_ot_SOURCES = tests/test_ot.c
tests_test_ot_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_ot_LDADD = libtest.la
check_PROGRAMS += tests/test_ot_relu
TESTS += tests/test_ot_relu
tests_test_ot_relu_SOURCES = tests/test_ot_relu.c
tests_test_ot_relu_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_ot_relu_LDADD = libdealt.la libtest.la
endif
