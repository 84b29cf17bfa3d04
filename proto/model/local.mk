libproto_la_SOURCES += \
	proto/model/graph.h \
	proto/model/model.h
