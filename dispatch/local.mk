noinst_LTLIBRARIES += libdispatch.la
libdispatch_la_SOURCES = \
	dispatch/context.c \
	dispatch/context.h \
	dispatch/cpu.c \
	dispatch/cpu.h \
	dispatch/error.c \
	dispatch/error.h \
	dispatch/kernels.h \
	dispatch/select.c
