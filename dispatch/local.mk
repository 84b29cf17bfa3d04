noinst_LTLIBRARIES += libdispatch.la
libdispatch_la_SOURCES = \
	dispatch/context.c \
	dispatch/context.h \
	dispatch/conv.c \
	dispatch/conv_shape.c \
	dispatch/conv_shape.h \
	dispatch/cpu.c \
	dispatch/cpu.h \
	dispatch/depthwise.c \
	dispatch/depthwise.h \
	dispatch/error.c \
	dispatch/error.h \
	dispatch/kernels.h \
	dispatch/product.c \
	dispatch/product.h \
	dispatch/ring.c \
	dispatch/select.c \
	dispatch/skinny.c \
	dispatch/skinny.h \
	dispatch/threads.h
