# Channels, files, pools and shares.
if HAVE_CRITERION
SHARE_TESTS = tests/test_channel tests/test_file
check_PROGRAMS += $(SHARE_TESTS)
TESTS += $(SHARE_TESTS)
tests_test_channel_SOURCES = tests/test_channel.c
tests_test_channel_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_channel_LDADD = libtest.la
tests_test_file_SOURCES = tests/test_file.c
tests_test_file_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_file_LDADD = libtest.la
endif
