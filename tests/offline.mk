# The offline material and the comparison that consumes it.
if HAVE_CRITERION
check_LTLIBRARIES += libdealt.la
libdealt_la_SOURCES = tests/dealt.c tests/dealt.h
libdealt_la_CPPFLAGS = $(TEST_CPPFLAGS)
check_PROGRAMS += tests/test_ppa
TESTS += tests/test_ppa
tests_test_ppa_SOURCES = tests/test_ppa.c
tests_test_ppa_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_ppa_LDADD = libdealt.la libtest.la
endif
