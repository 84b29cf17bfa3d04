libproto_la_SOURCES += \
	proto/session/session.h
