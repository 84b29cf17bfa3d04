libproto_la_SOURCES += \
	proto/gc/arith.c \
	proto/gc/bristol.c \
	proto/gc/builder.c \
	proto/gc/circuit.c \
	proto/gc/circuit.h \
	proto/gc/garbler.c \
	proto/gc/label.h \
	proto/gc/netlist.h \
	proto/gc/plain.c \
	proto/gc/relu_circuit.c \
	proto/gc/relu_circuit.h \
	proto/gc/schedule.c
