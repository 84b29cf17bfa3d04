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
	proto/model/spectral.h
