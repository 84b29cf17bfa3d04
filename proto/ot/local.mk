libproto_la_SOURCES += \
	proto/ot/base.c \
	proto/ot/base.h \
	proto/ot/cot.c \
	proto/ot/cot.h \
	proto/ot/pair.h
