libproto_la_SOURCES += \
	proto/share/error.c \
	proto/share/error.h \
	proto/share/random.h \
	proto/share/file.h \
	proto/share/share.h
