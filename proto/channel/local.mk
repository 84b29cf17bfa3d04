libproto_la_SOURCES += \
	proto/channel/channel.c \
	proto/channel/channel.h \
	proto/channel/memory.c \
	proto/channel/tcp.h
