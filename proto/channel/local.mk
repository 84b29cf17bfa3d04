libproto_la_SOURCES += \
	proto/channel/channel.h \
	proto/channel/tcp.h
