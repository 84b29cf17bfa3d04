libproto_la_SOURCES += \
	proto/channel/channel.c \
	proto/channel/channel.h \
	proto/channel/clock.h \
	proto/channel/memory.c \
	proto/channel/round.c \
	proto/channel/tcp.c \
	proto/channel/tcp.h \
	proto/channel/tcp_address.c \
	proto/channel/tcp_address.h \
	proto/channel/transfer.c \
	proto/channel/transfer.h
