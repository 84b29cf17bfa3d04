# Circuits: the builder, the reader, the order of their gates.
if HAVE_CRITERION
CIRCUIT_RUN = tests/circuit_run.c tests/circuit_run.h
check_PROGRAMS += tests/test_words
TESTS += tests/test_words
tests_test_words_SOURCES = tests/test_words.c $(CIRCUIT_RUN)
tests_test_words_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_words_LDADD = libtest.la
check_PROGRAMS += tests/test_builder
TESTS += tests/test_builder
tests_test_builder_SOURCES = tests/test_builder.c $(CIRCUIT_RUN)
tests_test_builder_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_builder_LDADD = libtest.la
check_PROGRAMS += tests/test_bristol
TESTS += tests/test_bristol
tests_test_bristol_SOURCES = tests/test_bristol.c $(CIRCUIT_RUN)
tests_test_bristol_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_bristol_LDADD = libharness.la libtest.la
check_PROGRAMS += tests/test_bristol_refuse
TESTS += tests/test_bristol_refuse
tests_test_bristol_refuse_SOURCES = tests/test_bristol_refuse.c $(CIRCUIT_RUN)
tests_test_bristol_refuse_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_bristol_refuse_LDADD = libtest.la
check_PROGRAMS += tests/test_relu_circuit
TESTS += tests/test_relu_circuit
tests_test_relu_circuit_SOURCES = tests/test_relu_circuit.c $(CIRCUIT_RUN)
tests_test_relu_circuit_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_relu_circuit_LDADD = libtest.la
endif
