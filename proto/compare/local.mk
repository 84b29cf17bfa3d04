libproto_la_SOURCES += \
	proto/compare/compare.c \
	proto/compare/compare.h \
	proto/compare/fss.c \
	proto/compare/fss.h \
	proto/compare/gc.c \
	proto/compare/gc.h \
	proto/compare/gc_online.c \
	proto/compare/gc_prepare.c \
	proto/compare/gc_run.h \
	proto/compare/open.c \
	proto/compare/open.h \
	proto/compare/pack.c \
	proto/compare/pack.h \
	proto/compare/ppa.c \
	proto/compare/ppa.h \
	proto/compare/ppa_bits.c \
	proto/compare/ppa_carry.c \
	proto/compare/ppa_run.h \
	proto/compare/ppa_select.c
