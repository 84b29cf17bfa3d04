noinst_LTLIBRARIES += libdispatch.la
libdispatch_la_SOURCES = \
	dispatch/context.h \
	dispatch/cpu.h \
	dispatch/error.c \
	dispatch/error.h \
	dispatch/kernels.h
