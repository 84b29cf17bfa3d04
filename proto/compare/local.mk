libproto_la_SOURCES += \
	proto/compare/ppa.h
