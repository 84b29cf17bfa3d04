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
	kernels/aes/aes_slice.h \
	kernels/bitmat/bitmat.h \
	kernels/bitmat/bitmat_ref.c \
	kernels/bool/bool.h \
	kernels/bool/bool_ref.c \
	kernels/bool/bool_tmpl.h \
	kernels/conv/conv.h \
	kernels/conv/conv_range.h \
	kernels/conv/conv_ref.c \
	kernels/conv/conv_tmpl.h \
	kernels/conv/depthwise_core_tmpl.h \
	kernels/conv/depthwise_line_tmpl.h \
	kernels/conv/depthwise_tmpl.h \
	kernels/dpf/dpf.h \
	kernels/dpf/dpf_ref.c \
	kernels/dpf/dpf_ref_tmpl.h \
	kernels/garble/garble.h \
	kernels/garble/garble_ref.c \
	kernels/ot/ot.h \
	kernels/ot/ot_ref.c \
	kernels/ring/form_lanes_tmpl.h \
	kernels/ring/lanes_ref.h \
	kernels/ring/panel_tmpl.h \
	kernels/ring/ring.h \
	kernels/ring/ring_ref.c \
	kernels/ring/ring_tmpl.h \
	kernels/ring/skinny_tmpl.h \
	kernels/ring/tile_tmpl.h \
	kernels/vec/vec.h \
	kernels/vec/vec_ref.c \
	kernels/vec/vec_tmpl.h \
	kernels/vole/lanes.h \
	kernels/vole/vole.h \
	kernels/vole/vole_ref.c \
	kernels/vole/vole_tmpl.h
libkernels_ref_la_CFLAGS = $(AM_CFLAGS) $(LOOP_CFLAGS)
EXTRA_DIST += kernels/aes/aes_tmpl.h kernels/aes/rounds_tmpl.h kernels/bitmat/bitmat_tmpl.h \
	kernels/dpf/dpf_step_tmpl.h kernels/dpf/dpf_tmpl.h kernels/garble/garble_tmpl.h kernels/ot/ot_tmpl.h \
	kernels/ot/row_hash_tmpl.h kernels/vole/fold_tmpl.h

if TIER_AESNI
KERNEL_LIBS += libkernels_aesni.la
noinst_LTLIBRARIES += libkernels_aesni.la
libkernels_aesni_la_SOURCES = \
	kernels/aes/aes_aesni.c \
	kernels/aes/lanes_aesni.h \
	kernels/dpf/dpf_aesni.c \
	kernels/garble/garble_aesni.c \
	kernels/ot/ot_aesni.c \
	kernels/vole/pack_shuffle.h \
	kernels/vole/vole_aesni.c
libkernels_aesni_la_CFLAGS = $(AM_CFLAGS) $(AESNI_CFLAGS) $(LOOP_CFLAGS)
endif

if TIER_AVX2
KERNEL_LIBS += libkernels_avx2.la
noinst_LTLIBRARIES += libkernels_avx2.la
libkernels_avx2_la_SOURCES = \
	kernels/bitmat/bitmat_avx2.c \
	kernels/bool/bool_avx2.c \
	kernels/conv/conv_avx2.c \
	kernels/ring/form_avx2_tmpl.h \
	kernels/ring/lanes_avx2.h \
	kernels/ring/ring_avx2.c \
	kernels/vec/vec_avx2.c
libkernels_avx2_la_CFLAGS = $(AM_CFLAGS) $(AVX2_CFLAGS) $(LOOP_CFLAGS)
endif

if TIER_VAES256
KERNEL_LIBS += libkernels_vaes256.la
noinst_LTLIBRARIES += libkernels_vaes256.la
libkernels_vaes256_la_SOURCES = \
	kernels/aes/aes_vaes256.c \
	kernels/aes/lanes_vaes256.h \
	kernels/dpf/dpf_vaes256.c \
	kernels/garble/garble_vaes256.c \
	kernels/ot/ot_vaes256.c \
	kernels/vole/vole_vaes256.c
libkernels_vaes256_la_CFLAGS = $(AM_CFLAGS) $(VAES256_CFLAGS) $(LOOP_CFLAGS)
endif

if TIER_AVX512
KERNEL_LIBS += libkernels_avx512.la
noinst_LTLIBRARIES += libkernels_avx512.la
libkernels_avx512_la_SOURCES = \
	kernels/aes/aes_avx512.c \
	kernels/aes/lanes_avx512.h \
	kernels/bitmat/bitmat_avx512.c \
	kernels/bool/bool_avx512.c \
	kernels/conv/conv_avx512.c \
	kernels/dpf/dpf_avx512.c \
	kernels/garble/garble_avx512.c \
	kernels/ot/ot_avx512.c \
	kernels/ring/lanes_avx512.h \
	kernels/ring/ring_avx512.c \
	kernels/vec/vec_avx512.c \
	kernels/vole/vole_avx512.c
libkernels_avx512_la_CFLAGS = $(AM_CFLAGS) $(AVX512_CFLAGS) $(LOOP_CFLAGS)
endif

if TIER_AVX512IFMA
KERNEL_LIBS += libkernels_avx512ifma.la
noinst_LTLIBRARIES += libkernels_avx512ifma.la
libkernels_avx512ifma_la_SOURCES = \
	kernels/ring/form_ifma_tmpl.h \
	kernels/ring/form_vnni_tmpl.h \
	kernels/ring/ring_avx512ifma.c
libkernels_avx512ifma_la_CFLAGS = $(AM_CFLAGS) $(AVX512IFMA_CFLAGS) $(LOOP_CFLAGS)
endif
