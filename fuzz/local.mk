# libFuzzer targets. The library above the kernels is compiled a second time, instrumented, with $(FUZZ_CC)
# whatever builds the rest; the kernels, which parse nothing, are those of the build.
# A new target is fuzz/fuzz_NAME.c (fuzz/fuzz.h says what goes in) and its NAME in FUZZ_NAMES.
FUZZ_NAMES = \
	circuit \
	data \
	dpf \
	file \
	graph \
	handshake \
	onnx \
	request
EXTRA_DIST += fuzz/fuzz.h fuzz/fuzz.c $(FUZZ_NAMES:%=fuzz/fuzz_%.c)
dist_noinst_SCRIPTS += tests/fuzz.sh

if FUZZERS
FUZZ_TARGETS = $(FUZZ_NAMES:%=fuzz/fuzz_%)
FUZZ_CFLAGS = -g -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all -Wno-unknown-pragmas
FUZZ_SANITIZERS = address,undefined
FUZZ_CODE = fuzz/fuzz.c $(filter %.c,$(libproto_la_SOURCES) $(libonnx_la_SOURCES) \
	$(nodist_libonnxpb_la_SOURCES) $(libdispatch_la_SOURCES) $(librandom_la_SOURCES) \
	$(libtools_la_SOURCES))
FUZZ_OBJECTS = $(FUZZ_CODE:%.c=fuzz/o/%.o)
FUZZ_LIBS = $(KERNEL_LIBS:%.la=.libs/%.a) $(SODIUM_LIBS) $(XXHASH_LIBS) $(PROTOBUF_C_LIBS) $(PNG_LIBS) \
	$(ZLIB_LIBS) $(JANSSON_LIBS) $(LIBS)

check_DATA += $(FUZZ_TARGETS)
TESTS += tests/fuzz.sh
AM_TESTS_ENVIRONMENT += FUZZ_TARGETS='$(FUZZ_TARGETS)'; export FUZZ_TARGETS;
CLEANFILES += $(FUZZ_TARGETS) fuzz/libfuzz.a $(FUZZ_OBJECTS) $(FUZZ_OBJECTS:.o=.d) \
	$(FUZZ_NAMES:%=fuzz/o/fuzz/fuzz_%.o) $(FUZZ_NAMES:%=fuzz/o/fuzz/fuzz_%.d)

$(FUZZ_OBJECTS) fuzz/o/fuzz/fuzz_onnx.o: | $(BUILT_SOURCES)
fuzz/o/%.o: %.c
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(FUZZ_CC) -fsanitize=fuzzer-no-link,$(FUZZ_SANITIZERS) $(FUZZ_CFLAGS) $(DEFS) \
		$(libtools_la_CPPFLAGS) $(PROTOBUF_C_CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

fuzz/libfuzz.a: $(FUZZ_OBJECTS)
	$(AM_V_GEN)rm -f $@ && $(AR) cr $@ $(FUZZ_OBJECTS)

$(FUZZ_TARGETS): fuzz/%: fuzz/o/fuzz/%.o fuzz/libfuzz.a $(KERNEL_LIBS)
	$(AM_V_CCLD)$(FUZZ_CC) -fsanitize=fuzzer,$(FUZZ_SANITIZERS) -o $@ $< fuzz/libfuzz.a $(FUZZ_LIBS)

.PRECIOUS: fuzz/o/%.o

-include $(FUZZ_OBJECTS:.o=.d) $(FUZZ_NAMES:%=fuzz/o/fuzz/fuzz_%.d)
endif
