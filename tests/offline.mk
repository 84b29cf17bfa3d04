# The offline material and the comparison that consumes it.
if HAVE_CRITERION
check_LTLIBRARIES += libdealt.la
libdealt_la_SOURCES = tests/dealt.c tests/dealt.h
libdealt_la_CPPFLAGS = $(TEST_CPPFLAGS)
check_PROGRAMS += tests/test_plan
TESTS += tests/test_plan
tests_test_plan_SOURCES = tests/test_plan.c
tests_test_plan_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_plan_LDADD = libdealt.la libtest.la
check_PROGRAMS += tests/test_material
TESTS += tests/test_material
tests_test_material_SOURCES = tests/test_material.c
tests_test_material_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_material_LDADD = libdealt.la libtest.la
check_PROGRAMS += tests/test_deal
TESTS += tests/test_deal
tests_test_deal_SOURCES = tests/test_deal.c
tests_test_deal_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_deal_LDADD = libdealt.la libtest.la
check_PROGRAMS += tests/test_ppa
TESTS += tests/test_ppa
tests_test_ppa_SOURCES = tests/test_ppa.c tests/relu_run.c tests/relu_run.h
tests_test_ppa_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_ppa_LDADD = libdealt.la libtest.la
check_PROGRAMS += tests/test_ppa_wire
TESTS += tests/test_ppa_wire
tests_test_ppa_wire_SOURCES = tests/test_ppa_wire.c tests/relu_run.c tests/relu_run.h
tests_test_ppa_wire_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_ppa_wire_LDADD = libdealt.la libtest.la
endif
