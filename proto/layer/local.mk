libproto_la_SOURCES +=
