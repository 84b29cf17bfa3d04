# Oblivious transfer.
if HAVE_CRITERION
COT_STATES = tests/cot_states.c tests/cot_states.h
check_PROGRAMS += tests/test_ot
TESTS += tests/test_ot
tests_test_ot_SOURCES = tests/test_ot.c
tests_test_ot_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_ot_LDADD = libtest.la
check_PROGRAMS += tests/test_ot_compare
TESTS += tests/test_ot_compare
tests_test_ot_compare_SOURCES = tests/test_ot_compare.c tests/relu_run.c tests/relu_run.h
tests_test_ot_compare_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_ot_compare_LDADD = libdealt.la libtest.la
check_PROGRAMS += tests/test_ot_relu
TESTS += tests/test_ot_relu
tests_test_ot_relu_SOURCES = tests/test_ot_relu.c
tests_test_ot_relu_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_ot_relu_LDADD = libdealt.la libtest.la
check_PROGRAMS += tests/test_cot_trees
TESTS += tests/test_cot_trees
tests_test_cot_trees_SOURCES = tests/test_cot_trees.c
tests_test_cot_trees_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_cot_trees_LDADD = libtest.la
check_PROGRAMS += tests/test_cot
TESTS += tests/test_cot
tests_test_cot_SOURCES = tests/test_cot.c $(COT_STATES)
tests_test_cot_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_cot_LDADD = libtest.la
check_PROGRAMS += tests/test_cot_hostile
TESTS += tests/test_cot_hostile
tests_test_cot_hostile_SOURCES = tests/test_cot_hostile.c $(COT_STATES)
tests_test_cot_hostile_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_cot_hostile_LDADD = libtest.la
endif
