libproto_la_SOURCES += \
	proto/session/handshake.c \
	proto/session/handshake.h \
	proto/session/request.c \
	proto/session/request.h \
	proto/session/server.c \
	proto/session/session.c \
	proto/session/session.h \
	proto/session/session_meet.c \
	proto/session/session_run.c \
	proto/session/state.h
