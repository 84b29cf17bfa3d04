# One folder a room; a room uses only floors below it (doc/design.md).
noinst_LTLIBRARIES += libproto.la
libproto_la_SOURCES =
libproto_la_CPPFLAGS = $(AM_CPPFLAGS)
libproto_la_LIBADD =
include proto/channel/local.mk
include proto/share/local.mk
include proto/dpf/local.mk
include proto/model/local.mk
include proto/ot/local.mk
include proto/offline/local.mk
include proto/gc/local.mk
include proto/compare/local.mk
include proto/layer/local.mk
include proto/session/local.mk
