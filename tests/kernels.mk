# The kernels' tests.  The checks themselves (check_*.c) know no test framework: Criterion programs run them
# here, tier_check runs them in one process on an emulated processor.
check_LTLIBRARIES += libharness.la
libharness_la_SOURCES = \
	tests/harness.c \
	tests/harness.h
