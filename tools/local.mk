# The program: what its subcommands share is a library of its own, which the tests link, too.
noinst_LTLIBRARIES += libtools.la
libtools_la_SOURCES = \
	tools/budget.c \
	tools/budget.h \
	tools/cli.c \
	tools/cli.h \
	tools/compare.h \
	tools/compare_costs.c \
	tools/data.c \
	tools/data.h \
	tools/data_file.c \
	tools/data_file.h \
	tools/data_idx.c \
	tools/data_npy.c \
	tools/data_png.c \
	tools/data_source.c \
	tools/data_source.h \
	tools/json.c \
	tools/json.h \
	tools/perf.h \
	tools/perf_predict.c \
	tools/perf_turns.c \
	tools/perf_turns.h \
	tools/progress.c \
	tools/progress.h \
	tools/scores.c \
	tools/scores.h \
	tools/table.c \
	tools/table.h
libtools_la_CPPFLAGS = $(AM_CPPFLAGS) $(PNG_CFLAGS) $(ZLIB_CFLAGS) $(JANSSON_CFLAGS)
libtools_la_LIBADD = $(PNG_LIBS) $(ZLIB_LIBS) $(JANSSON_LIBS)

bin_PROGRAMS += sonicnn
sonicnn_SOURCES = \
	tools/blocks.h \
	tools/circuit.c \
	tools/circuit.h \
	tools/circuit_report.c \
	tools/circuit_words.c \
	tools/commands.c \
	tools/commands.h \
	tools/compare.c \
	tools/compare_json.c \
	tools/compare_report.c \
	tools/deal.c \
	tools/deal_serve.c \
	tools/deal_serve.h \
	tools/demo.c \
	tools/demo.h \
	tools/demo_draw.c \
	tools/demo_pass.c \
	tools/demo_role.c \
	tools/door.c \
	tools/door.h \
	tools/errand.c \
	tools/errand.h \
	tools/host.c \
	tools/host.h \
	tools/incoming.c \
	tools/incoming.h \
	tools/infer.c \
	tools/info.c \
	tools/main.c \
	tools/perf.c \
	tools/perf_bench.h \
	tools/perf_json.c \
	tools/perf_options.c \
	tools/perf_report.c \
	tools/perf_run.c \
	tools/perf_share.c \
	tools/plain.c \
	tools/plan.c \
	tools/plan.h \
	tools/plan_json.c \
	tools/plan_report.c \
	tools/plain_run.c \
	tools/reveal.c \
	tools/serve.c \
	tools/serve.h \
	tools/serve_batch.c \
	tools/serve_fetch.c \
	tools/serve_report.c \
	tools/serve_run.c \
	tools/share_input.c \
	tools/share_model.c
sonicnn_LDADD = libtools.la libcore.la librandom.la
