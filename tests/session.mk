# Layers and sessions: both servers as threads of one process.
if HAVE_CRITERION
check_LTLIBRARIES += libtwoparty.la
libtwoparty_la_SOURCES = \
	tests/build_model.c \
	tests/build_model.h \
	tests/expect.c \
	tests/expect.h \
	tests/oracle.c \
	tests/oracle.h \
	tests/two_party.c \
	tests/two_party.h
libtwoparty_la_CPPFLAGS = $(TEST_CPPFLAGS)
libtwoparty_la_LIBADD = libtest.la
check_PROGRAMS += tests/test_weights
TESTS += tests/test_weights
tests_test_weights_SOURCES = tests/test_weights.c
tests_test_weights_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_weights_LDADD = libtwoparty.la
check_PROGRAMS += tests/test_layer
TESTS += tests/test_layer
tests_test_layer_SOURCES = tests/test_layer.c
tests_test_layer_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_layer_LDADD = libtwoparty.la
SESSION_RUN = tests/session_run.c tests/session_run.h
SESSION_TESTS = tests/test_session tests/test_session_memory tests/test_session_peer
check_PROGRAMS += $(SESSION_TESTS)
TESTS += $(SESSION_TESTS)
tests_test_session_SOURCES = tests/test_session.c $(SESSION_RUN)
tests_test_session_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_session_LDADD = libtwoparty.la
tests_test_session_memory_SOURCES = tests/test_session_memory.c $(SESSION_RUN)
tests_test_session_memory_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_session_memory_LDADD = libtwoparty.la
tests_test_session_peer_SOURCES = tests/test_session_peer.c $(SESSION_RUN)
tests_test_session_peer_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_session_peer_LDADD = libtwoparty.la
check_PROGRAMS += tests/test_handshake
TESTS += tests/test_handshake
tests_test_handshake_SOURCES = tests/test_handshake.c
tests_test_handshake_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_handshake_LDADD = libtwoparty.la
check_PROGRAMS += tests/test_server
TESTS += tests/test_server
tests_test_server_SOURCES = tests/test_server.c
tests_test_server_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_server_LDADD = libtwoparty.la
if HAVE_PROTOBUF_C
check_PROGRAMS += tests/test_network tests/test_inputs
TESTS += tests/test_network tests/test_inputs
endif
tests_test_network_SOURCES = tests/test_network.c
tests_test_network_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_network_LDADD = libtwoparty.la
tests_test_inputs_SOURCES = tests/test_inputs.c
tests_test_inputs_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_inputs_LDADD = libtwoparty.la
endif
