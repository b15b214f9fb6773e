HV_OBJS += ioreq/server.o ioreq/range.o ioreq/page.o
