libproto_la_SOURCES += \
	proto/ot/base.c \
	proto/ot/base.h \
	proto/ot/chosen.c \
	proto/ot/cot.c \
	proto/ot/cot.h \
	proto/ot/cot_check.c \
	proto/ot/cot_run.h \
	proto/ot/cot_setup.c \
	proto/ot/cot_trees.c \
	proto/ot/cot_trees.h \
	proto/ot/link.c \
	proto/ot/link.h \
	proto/ot/pair.c \
	proto/ot/pair.h \
	proto/ot/party.c \
	proto/ot/party.h \
	proto/ot/receiver.c \
	proto/ot/sender.c \
	proto/ot/trees.c \
	proto/ot/trees.h \
	proto/ot/triples.c
