# Channels, files, pools and shares.
if HAVE_CRITERION
check_PROGRAMS += tests/test_channel
TESTS += tests/test_channel
tests_test_channel_SOURCES = tests/test_channel.c
tests_test_channel_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_channel_LDADD = libtest.la
endif
