libproto_la_SOURCES += \
	proto/share/random.h \
	proto/share/file.h \
	proto/share/share.c \
	proto/share/share.h
