# Every test prints TAP, so that automake counts single tests; the Criterion ones through tests/tap.
TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
LOG_COMPILER = $(SHELL) $(top_srcdir)/tests/tap
AM_TESTS_ENVIRONMENT = top_srcdir='$(abs_top_srcdir)'; top_builddir='$(abs_top_builddir)'; \
	export top_srcdir top_builddir;
dist_noinst_SCRIPTS += tests/tap tests/tally

# What every Criterion test links: the library without its randomness, and the tests' own.
if HAVE_CRITERION
check_LTLIBRARIES += libtest.la
libtest_la_SOURCES = tests/random_test.c tests/random_test.h tests/trained.c tests/trained.h
libtest_la_LIBADD = libcore.la $(CRITERION_LIBS)
endif
TEST_CPPFLAGS = $(AM_CPPFLAGS) $(CRITERION_CFLAGS)

# The library as a user installs and links it.
TESTS += tests/install.sh
dist_noinst_SCRIPTS += tests/install.sh
AM_TESTS_ENVIRONMENT += CC='$(CC)'; CXX='$(CXX)'; CFLAGS='$(CFLAGS)'; LDFLAGS='$(LDFLAGS)'; export CC CXX CFLAGS LDFLAGS;
if HAVE_CRITERION
check_PROGRAMS += tests/test_graph
TESTS += tests/test_graph
tests_test_graph_SOURCES = tests/test_graph.c
tests_test_graph_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_graph_LDADD = libtest.la
endif

# The longest tests first: others run beside them.
TESTS += tests/emulated.sh
include tests/constant_time.mk
include tests/tools.mk
include tests/bench.mk
include tests/kernels.mk
include tests/circuit.mk
include tests/dpf.mk
include tests/garble.mk
include tests/channel.mk
include tests/session.mk
include tests/offline.mk
include tests/ot.mk
include tests/model.mk

if HAVE_CRITERION
if HAVE_PROTOBUF_C
IMPORT_CHECK = tests/import_check.c tests/import_check.h tests/onnx_build.c tests/onnx_build.h \
	tests/onnx_eval.c tests/onnx_eval.h tests/onnx_eval_shape.c tests/onnx_eval_window.c
check_PROGRAMS += tests/test_import
TESTS += tests/test_import
tests_test_import_SOURCES = tests/test_import.c $(IMPORT_CHECK)
tests_test_import_CPPFLAGS = $(TEST_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_test_import_LDADD = libtest.la $(PROTOBUF_C_LIBS)
$(tests_test_import_OBJECTS): proto/model/onnx.pb-c.h
check_PROGRAMS += tests/test_import_fold
TESTS += tests/test_import_fold
tests_test_import_fold_SOURCES = tests/test_import_fold.c $(IMPORT_CHECK)
tests_test_import_fold_CPPFLAGS = $(TEST_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_test_import_fold_LDADD = libtest.la $(PROTOBUF_C_LIBS)
$(tests_test_import_fold_OBJECTS): proto/model/onnx.pb-c.h
check_PROGRAMS += tests/test_import_random
TESTS += tests/test_import_random
tests_test_import_random_SOURCES = tests/test_import_random.c $(IMPORT_CHECK)
tests_test_import_random_CPPFLAGS = $(TEST_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_test_import_random_LDADD = libtest.la $(PROTOBUF_C_LIBS)
$(tests_test_import_random_OBJECTS): proto/model/onnx.pb-c.h
check_PROGRAMS += tests/test_activations
TESTS += tests/test_activations
tests_test_activations_SOURCES = tests/test_activations.c $(IMPORT_CHECK)
tests_test_activations_CPPFLAGS = $(TEST_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_test_activations_LDADD = libtwoparty.la $(PROTOBUF_C_LIBS)
$(tests_test_activations_OBJECTS): proto/model/onnx.pb-c.h
check_PROGRAMS += tests/test_import_file
TESTS += tests/test_import_file
tests_test_import_file_SOURCES = tests/test_import_file.c tests/onnx_build.c tests/onnx_build.h
tests_test_import_file_CPPFLAGS = $(TEST_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_test_import_file_LDADD = libtest.la $(PROTOBUF_C_LIBS)
$(tests_test_import_file_OBJECTS): proto/model/onnx.pb-c.h
check_PROGRAMS += tests/test_import_refuse
TESTS += tests/test_import_refuse
tests_test_import_refuse_SOURCES = tests/test_import_refuse.c tests/onnx_build.c tests/onnx_build.h
tests_test_import_refuse_CPPFLAGS = $(TEST_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_test_import_refuse_LDADD = libtest.la $(PROTOBUF_C_LIBS)
$(tests_test_import_refuse_OBJECTS): proto/model/onnx.pb-c.h
endif
endif
