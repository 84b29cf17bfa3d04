libproto_la_SOURCES += proto/dpf/dpf.c
