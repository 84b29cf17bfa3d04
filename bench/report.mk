# `make bench-report` draws what `make bench BENCH_FLAGS=--benchmark_out=bench.json` measured.
BENCH_JSON = bench.json
BENCH_HTML = bench.html
if HAVE_JANSSON
check_PROGRAMS += bench/report
bench_report_SOURCES = \
	bench/report.c \
	bench/report.h \
	bench/report_arrange.c \
	bench/report_glance.c \
	bench/report_json.c \
	bench/report_kernels.c \
	bench/report_name.c \
	bench/report_networks.c \
	bench/report_page.c \
	bench/report_read.c \
	bench/report_roofs.c \
	bench/report_sections.h \
	bench/report_style.c \
	bench/report_write.c \
	bench/report_write.h
bench_report_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
bench_report_LDADD = libcore.la librandom.la $(JANSSON_LIBS)

bench-report: bench/report$(EXEEXT)
	./bench/report$(EXEEXT) $(BENCH_JSON) $(BENCH_HTML)
else
bench-report:
	@echo 'The report needs jansson (Debian: libjansson-dev): configure again.'
	@exit 1
endif
.PHONY: bench-report

TESTS += tests/report.sh
dist_noinst_SCRIPTS += tests/report.sh
EXTRA_DIST += tests/data/bench.json
