libproto_la_SOURCES += \
	proto/share/file.h \
	proto/share/file_bytes.c \
	proto/share/file_bytes.h \
	proto/share/file_counter.c \
	proto/share/file_layout.c \
	proto/share/file_layout.h \
	proto/share/file_read.c \
	proto/share/file_whole.c \
	proto/share/file_write.c \
	proto/share/hash.h \
	proto/share/random.h \
	proto/share/secret.h \
	proto/share/share.c \
	proto/share/spill.c \
	proto/share/spill.h
