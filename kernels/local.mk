# One convenience library a tier, each with the flags of its tier and nothing more.
KERNEL_LIBS = libkernels_ref.la
noinst_LTLIBRARIES += libkernels_ref.la
libkernels_ref_la_SOURCES = \
	kernels/common/checked.h \
	kernels/common/load.h \
	kernels/common/loop.h \
	kernels/aes/aes.h \
	kernels/aes/aes_ref.c \
	kernels/aes/aes_sbox.h \
	kernels/bitmat/bitmat.h \
	kernels/bitmat/bitmat_ref.c \
	kernels/bool/bool.h \
	kernels/bool/bool_ref.c \
	kernels/bool/bool_tmpl.h \
	kernels/conv/conv.h \
	kernels/ring/ring.h \
	kernels/vec/vec.h \
	kernels/vec/vec_ref.c \
	kernels/vec/vec_tmpl.h
libkernels_ref_la_CFLAGS = $(AM_CFLAGS)
