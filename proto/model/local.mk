libproto_la_SOURCES += \
	proto/model/graph.c \
	proto/model/graph.h \
	proto/model/graph_check.c \
	proto/model/graph_io.c \
	proto/model/local_ops.c \
	proto/model/local_ops.h \
	proto/model/model.c \
	proto/model/model.h \
	proto/model/real.c
