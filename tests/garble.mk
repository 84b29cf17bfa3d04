# Circuits garbled and evaluated.
if HAVE_CRITERION
check_PROGRAMS += tests/test_garbler
TESTS += tests/test_garbler
tests_test_garbler_SOURCES = tests/test_garbler.c tests/circuit_run.c tests/circuit_run.h \
	tests/random_circuit.c tests/random_circuit.h
tests_test_garbler_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_garbler_LDADD = libdealt.la libtest.la
endif
