# Circuits garbled and evaluated.
if HAVE_CRITERION
check_PROGRAMS += tests/test_garbler
TESTS += tests/test_garbler
tests_test_garbler_SOURCES = tests/test_garbler.c
tests_test_garbler_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_garbler_LDADD = libexecution.la libdealt.la libtest.la
check_LTLIBRARIES += libexecution.la
libexecution_la_SOURCES = tests/circuit_run.c tests/circuit_run.h tests/execution.c \
	tests/execution.h tests/random_circuit.c tests/random_circuit.h
libexecution_la_CPPFLAGS = $(TEST_CPPFLAGS)
check_PROGRAMS += tests/test_execute tests/test_execute_circuits
TESTS += tests/test_execute tests/test_execute_circuits
tests_test_execute_circuits_SOURCES = tests/test_execute_circuits.c
tests_test_execute_circuits_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_execute_circuits_LDADD = libexecution.la libdealt.la libtest.la
tests_test_execute_SOURCES = tests/test_execute.c
tests_test_execute_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_execute_LDADD = libexecution.la libdealt.la libtest.la
endif
