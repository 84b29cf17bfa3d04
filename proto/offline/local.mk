libproto_la_SOURCES += \
	proto/offline/deal.c \
	proto/offline/deal.h \
	proto/offline/deal_elements.c \
	proto/offline/deal_elements.h \
	proto/offline/deal_linear.c \
	proto/offline/deal_ppa.c \
	proto/offline/deal_run.h \
	proto/offline/deal_tmpl.h \
	proto/offline/gc_plan.c \
	proto/offline/gc_plan.h \
	proto/offline/material.c \
	proto/offline/material.h \
	proto/offline/ot_linear.h \
	proto/offline/ot_relu.h \
	proto/offline/plan.c \
	proto/offline/plan.h \
	proto/offline/pool.c \
	proto/offline/pool.h \
	proto/offline/ppa_plan.c \
	proto/offline/ppa_plan.h \
	proto/offline/relu_plan.c \
	proto/offline/relu_plan.h \
	proto/offline/source.c \
	proto/offline/source.h \
	proto/offline/streams.h
