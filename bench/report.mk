# `make bench-report` draws what `make bench BENCH_OUT=bench` measured, or BENCH_OUT=NAME the same NAME:
# BENCH_JSON, by default NAME.kernels.json and NAME.layers.json, becomes BENCH_HTML, by default NAME.html.
BENCH_NAME = $(or $(BENCH_OUT),bench)
BENCH_HTML = $(BENCH_NAME).html
if HAVE_JANSSON
check_PROGRAMS += bench/report
bench_report_SOURCES = \
	bench/report.c \
	bench/report.h \
	bench/report_arrange.c \
	bench/report_glance.c \
	bench/report_json.c \
	bench/report_kernels.c \
	bench/report_layers.c \
	bench/report_layers.h \
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
	@json='$(BENCH_JSON)'; \
	if test -z "$$json"; then \
	  for file in $(BENCH_NAME).kernels.json $(BENCH_NAME).layers.json; do \
	    test ! -s $$file || json="$$json $$file"; \
	  done; \
	fi; \
	./bench/report$(EXEEXT) $${json:-$(BENCH_NAME).kernels.json} $(BENCH_HTML) && \
	  echo 'wrote $(BENCH_HTML)'
else
bench-report:
	@echo 'The report needs jansson (Debian: libjansson-dev): configure again.'
	@exit 1
endif
.PHONY: bench-report

TESTS += tests/report.sh
dist_noinst_SCRIPTS += tests/report.sh
EXTRA_DIST += tests/data/bench.json
