libproto_la_SOURCES += \
	proto/offline/plan.h \
	proto/offline/pool.h \
	proto/offline/material.h \
	proto/offline/deal.h \
	proto/offline/ppa_plan.h
