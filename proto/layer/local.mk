libproto_la_SOURCES += \
	proto/layer/layer.c \
	proto/layer/layer.h \
	proto/layer/linear.c \
	proto/layer/linear_open.c \
	proto/layer/max_pool.c \
	proto/layer/relu.c \
	proto/layer/trunc.c
