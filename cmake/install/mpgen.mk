# How make generates C++ from Cap'n Proto schemas: include this file, and set srcdir to where the schemas are.
#
#   srcdir = .
#   include $(shell pkg-config --variable=includedir libmultiprocess)/mpgen.mk
#
# MPGEN_PREFIX says where mpgen is installed, if not with this file.

ifndef MPGEN_PREFIX
MPGEN_PREFIX := $(patsubst %/include/mpgen.mk,%,$(abspath $(lastword $(MAKEFILE_LIST))))
endif

# Files that stay as they are keep their time, so it is set here.
%.capnp.c++ %.capnp.h %.capnp.proxy-client.c++ %.capnp.proxy-server.c++ %.capnp.proxy-types.c++ %.capnp.proxy-types.h \
%.capnp.proxy.h: %.capnp
	$(MPGEN_PREFIX)/bin/mpgen '$(srcdir)' '$(srcdir)' $< '$(MPGEN_PREFIX)/include'
	@touch $(addprefix $*.capnp,.c++ .h .proxy-client.c++ .proxy-server.c++ .proxy-types.c++ .proxy-types.h .proxy.h)

# Or make would try to link schemas from what is generated from them.
%.capnp: ;
