libproto_la_SOURCES += \
	proto/model/graph.c \
	proto/model/graph.h \
	proto/model/graph_check.c \
	proto/model/graph_io.c \
	proto/model/local_ops.c \
	proto/model/local_ops.h \
	proto/model/model.c \
	proto/model/model.h \
	proto/model/model_share.c \
	proto/model/plain.c \
	proto/model/quantise.c \
	proto/model/range.c \
	proto/model/range.h \
	proto/model/range_layer.c \
	proto/model/range_tensor.h \
	proto/model/real.c \
	proto/model/scale.c \
	proto/model/scale.h \
	proto/model/spectral.c \
	proto/model/spectral.h \
	proto/model/weights.c \
	proto/model/weights.h

# The importer, and the code that protoc-c makes of onnx.proto (not ours, hence without our warnings).
if HAVE_PROTOBUF_C
noinst_LTLIBRARIES += libonnx.la libonnxpb.la
libonnx_la_SOURCES = \
	proto/model/net.c \
	proto/model/net.h \
	proto/model/net_edit.c \
	proto/model/onnx.h \
	proto/model/onnx_arith.c \
	proto/model/onnx_attr.c \
	proto/model/onnx_fold.c \
	proto/model/onnx_fold_arith.c \
	proto/model/onnx_fold_move.c \
	proto/model/onnx_linear.c \
	proto/model/onnx_load.c \
	proto/model/onnx_lower.c \
	proto/model/onnx_pool.c \
	proto/model/onnx_relu.c \
	proto/model/onnx_shape.c \
	proto/model/onnx_tensor.c \
	proto/model/onnx_walk.c \
	proto/model/pass_affine.c \
	proto/model/pass_lower.c \
	proto/model/pass_order.c \
	proto/model/tensor.c \
	proto/model/tensor.h
libonnx_la_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
nodist_libonnxpb_la_SOURCES = proto/model/onnx.pb-c.c proto/model/onnx.pb-c.h
libonnxpb_la_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
libonnxpb_la_CFLAGS = $(HIDE_CFLAGS)
libproto_la_LIBADD += libonnx.la libonnxpb.la

BUILT_SOURCES += proto/model/onnx.pb-c.h
CLEANFILES += proto/model/onnx.pb-c.c proto/model/onnx.pb-c.h proto/model/onnx.proto
proto/model/onnx.pb-c.c: $(ONNX_PROTO)
	$(AM_V_GEN)$(MKDIR_P) proto/model && cp -f '$(ONNX_PROTO)' proto/model/onnx.proto && \
	chmod u+w proto/model/onnx.proto && \
	'$(PROTOC_C)' --proto_path=proto/model --c_out=proto/model proto/model/onnx.proto
# One run of protoc-c makes both.
proto/model/onnx.pb-c.h: proto/model/onnx.pb-c.c
	@test -f $@ || { rm -f proto/model/onnx.pb-c.c; $(MAKE) $(AM_MAKEFLAGS) proto/model/onnx.pb-c.c; }
$(libonnx_la_OBJECTS): proto/model/onnx.pb-c.h
else
libproto_la_SOURCES += proto/model/onnx_none.c
endif
