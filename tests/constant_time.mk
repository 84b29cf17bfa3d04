# Secrets under valgrind: one program, run part by part by the script.
if CONSTANT_TIME
check_PROGRAMS += tests/constant_time
tests_constant_time_SOURCES = \
	tests/constant_time.c \
	tests/constant_time.h \
	tests/constant_time_kernels.c \
	tests/constant_time_session.c \
	tests/nets.c \
	tests/nets.h
tests_constant_time_LDFLAGS = -Wl,--wrap=sonic_pool_read -Wl,--wrap=sonic_spill_read
tests_constant_time_LDADD = libcore.la
endif
TESTS += tests/constant_time.sh
dist_noinst_SCRIPTS += tests/constant_time.sh
EXTRA_DIST += tests/constant_time.supp
AM_TESTS_ENVIRONMENT += VALGRIND='$(VALGRIND)'; STRIP='$(STRIP)'; \
	CONSTANT_TIME_REPORT='$(CONSTANT_TIME_REPORT)'; export VALGRIND STRIP CONSTANT_TIME_REPORT;
