# Secrets under valgrind: one program, run part by part by the script.
tests_constant_time_wrap = -Wl,--wrap=sonic_pool_read -Wl,--wrap=sonic_spill_read \
	-Wl,--wrap=sonic_open_masked
tests_constant_time_wrap_sodium = \
	-Wl,--wrap=crypto_core_ristretto255_add \
	-Wl,--wrap=crypto_core_ristretto255_is_valid_point \
	-Wl,--wrap=crypto_core_ristretto255_sub \
	-Wl,--wrap=crypto_scalarmult_ristretto255 \
	-Wl,--wrap=crypto_scalarmult_ristretto255_base \
	-Wl,--wrap=sodium_is_zero \
	-Wl,--wrap=sodium_memcmp
if CONSTANT_TIME
check_PROGRAMS += tests/constant_time
tests_constant_time_SOURCES = \
	tests/constant_time.c \
	tests/constant_time.h \
	tests/constant_time_circuit.c \
	tests/constant_time_dpf_api.c \
	tests/constant_time_kernels.c \
	tests/constant_time_linear.c \
	tests/constant_time_material.c \
	tests/constant_time_ot.c \
	tests/constant_time_ot_api.c \
	tests/constant_time_session.c \
	tests/constant_time_sodium.c \
	tests/nets.c \
	tests/nets.h
tests_constant_time_LDFLAGS = $(tests_constant_time_wrap) $(tests_constant_time_wrap_sodium) \
	-Wl,--wrap=sonic_spill_write
tests_constant_time_LDADD = libcore.la
endif
TESTS += tests/constant_time.sh
dist_noinst_SCRIPTS += tests/constant_time.sh
EXTRA_DIST += tests/constant_time.supp
AM_TESTS_ENVIRONMENT += VALGRIND='$(VALGRIND)'; STRIP='$(STRIP)'; \
	CONSTANT_TIME_REPORT='$(CONSTANT_TIME_REPORT)'; export VALGRIND STRIP CONSTANT_TIME_REPORT;

# The same sessions without valgrind, which the thread sanitizer can watch.
check_PROGRAMS += tests/two_threads
TESTS += tests/two_threads
tests_two_threads_SOURCES = \
	tests/constant_time.h \
	tests/constant_time_circuit.c \
	tests/constant_time_session.c \
	tests/nets.c \
	tests/nets.h \
	tests/two_threads.c
tests_two_threads_LDFLAGS = $(tests_constant_time_wrap)
tests_two_threads_LDADD = libcore.la
