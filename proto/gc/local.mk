libproto_la_SOURCES += \
	proto/gc/arith.c \
	proto/gc/bristol.c \
	proto/gc/builder.c \
	proto/gc/circuit.c \
	proto/gc/circuit.h \
	proto/gc/execute.c \
	proto/gc/execute.h \
	proto/gc/execute_run.h \
	proto/gc/execute_window.c \
	proto/gc/garbler.c \
	proto/gc/greeting.c \
	proto/gc/greeting.h \
	proto/gc/label.h \
	proto/gc/netlist.h \
	proto/gc/plain.c \
	proto/gc/relu_circuit.c \
	proto/gc/relu_circuit.h \
	proto/gc/schedule.c
