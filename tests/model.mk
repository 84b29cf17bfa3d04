# Quantisation, the plain reference, and models as files of shares.
if HAVE_CRITERION
check_PROGRAMS += tests/test_quantise tests/test_plain tests/test_model_share
TESTS += tests/test_quantise tests/test_plain tests/test_model_share
tests_test_quantise_SOURCES = tests/test_quantise.c tests/nets.c tests/nets.h
tests_test_quantise_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_quantise_LDADD = libtest.la
tests_test_plain_SOURCES = tests/test_plain.c tests/nets.c tests/nets.h
tests_test_plain_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_plain_LDADD = libtest.la
tests_test_model_share_SOURCES = tests/test_model_share.c tests/nets.c tests/nets.h
tests_test_model_share_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_model_share_LDADD = libtest.la
if HAVE_PROTOBUF_C
check_PROGRAMS += tests/test_trained
TESTS += tests/test_trained
endif
tests_test_trained_SOURCES = tests/test_trained.c
tests_test_trained_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_trained_LDADD = libtest.la
endif
