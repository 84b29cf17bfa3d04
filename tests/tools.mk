# The programs, as people use them and as hostile files and peers do.
PROGRAM_TESTS = tests/programs.sh tests/hostile.sh
TESTS += $(PROGRAM_TESTS)
dist_noinst_SCRIPTS += $(PROGRAM_TESTS)
EXTRA_DIST += tests/programs_lib.sh tests/data/README tests/data/fashion-images.gz \
	tests/data/fashion-labels.gz
