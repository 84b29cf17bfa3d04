# The programs, as people use them and as hostile files and peers do.
PROGRAM_TESTS = tests/programs.sh tests/hostile.sh tests/accuracy.sh tests/readme.sh tests/perf.sh \
	tests/plan.sh tests/compare.sh tests/circuit.sh
TESTS += $(PROGRAM_TESTS)
dist_noinst_SCRIPTS += $(PROGRAM_TESTS)
EXTRA_DIST += tests/programs_lib.sh tests/data/README tests/data/fashion-images.gz \
	tests/data/fashion-labels.gz

if HAVE_CRITERION
DATA_TESTS = tests/test_data tests/test_data_idx tests/test_data_npy tests/test_data_png
check_PROGRAMS += $(DATA_TESTS)
TESTS += $(DATA_TESTS)
tests_test_data_SOURCES = tests/test_data.c tests/data_sample.c tests/data_sample.h
tests_test_data_CPPFLAGS = $(TEST_CPPFLAGS) $(ZLIB_CFLAGS)
tests_test_data_LDADD = libtools.la libtest.la $(ZLIB_LIBS)
tests_test_data_idx_SOURCES = tests/test_data_idx.c tests/data_sample.c tests/data_sample.h
tests_test_data_idx_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_data_idx_LDADD = libtools.la libtest.la
tests_test_data_npy_SOURCES = tests/test_data_npy.c tests/data_sample.c tests/data_sample.h
tests_test_data_npy_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_data_npy_LDADD = libtools.la libtest.la
tests_test_data_png_SOURCES = tests/test_data_png.c tests/data_sample.c tests/data_sample.h
tests_test_data_png_CPPFLAGS = $(TEST_CPPFLAGS) $(PNG_CFLAGS)
tests_test_data_png_LDADD = libtools.la libtest.la $(PNG_LIBS)
check_PROGRAMS += tests/test_compare tests/test_perf
TESTS += tests/test_compare tests/test_perf
tests_test_compare_SOURCES = tests/test_compare.c
tests_test_compare_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_compare_LDADD = libtools.la libtest.la
tests_test_perf_SOURCES = tests/test_perf.c
tests_test_perf_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_perf_LDADD = libtools.la libtest.la
endif

check_PROGRAMS += tests/agree
tests_agree_SOURCES = tests/agree.c
tests_agree_LDADD = libcore.la librandom.la
if SANITIZED
AM_TESTS_ENVIRONMENT += SANITIZED=yes; export SANITIZED;
endif
