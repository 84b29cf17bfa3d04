# Channels, files, pools and shares.
if HAVE_CRITERION
SHARE_TESTS = \
	tests/test_channel \
	tests/test_channel_peer \
	tests/test_file \
	tests/test_file_counter \
	tests/test_file_damage \
	tests/test_pool \
	tests/test_share \
	tests/test_tcp
check_PROGRAMS += $(SHARE_TESTS)
TESTS += $(SHARE_TESTS)
tests_test_channel_SOURCES = tests/test_channel.c tests/channel_party.c tests/channel_party.h
tests_test_channel_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_channel_LDADD = libtest.la
tests_test_channel_peer_SOURCES = tests/test_channel_peer.c tests/channel_party.c \
	tests/channel_party.h
tests_test_channel_peer_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_channel_peer_LDADD = libtest.la
tests_test_file_SOURCES = tests/test_file.c tests/container.c tests/container.h
tests_test_file_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_file_LDADD = libtest.la
tests_test_file_counter_SOURCES = tests/test_file_counter.c tests/container.c tests/container.h
tests_test_file_counter_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_file_counter_LDADD = libtest.la
tests_test_file_damage_SOURCES = tests/test_file_damage.c tests/container.c tests/container.h
tests_test_file_damage_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_file_damage_LDADD = libtest.la
tests_test_pool_SOURCES = tests/test_pool.c
tests_test_pool_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_pool_LDADD = libtest.la
tests_test_share_SOURCES = tests/test_share.c
tests_test_share_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_share_LDADD = libtest.la
tests_test_tcp_SOURCES = tests/test_tcp.c
tests_test_tcp_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_tcp_LDADD = libtest.la
endif
