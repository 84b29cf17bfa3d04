# One convenience library a tier, each with the flags of its tier and nothing more.
KERNEL_LIBS = libkernels_ref.la
noinst_LTLIBRARIES += libkernels_ref.la
libkernels_ref_la_SOURCES = \
	kernels/common/checked.h \
	kernels/aes/aes.h \
	kernels/bitmat/bitmat.h \
	kernels/bool/bool.h \
	kernels/conv/conv.h \
	kernels/ring/ring.h \
	kernels/vec/vec.h
libkernels_ref_la_CFLAGS = $(AM_CFLAGS)
