# The libraries as one archive a build: $(call third_party,DIR,CC,FLAGS,AR)
# makes DIR/libthird.a; FLAGS names the variable with the compiler's flags.
# lib.mk runs as a make of its own because the sources
# are there only after the fetch.

SRC := $(B)/src
THIRD_CONFIG := $(wildcard third_party/config/*.h third_party/config/*/*.h) \
                firmware/core/limit.h
THIRD_INC := -isystem third_party/config -isystem $(SRC)/lwip/src/include \
             -isystem $(SRC)/mbedtls/include -isystem $(SRC)/fatfs \
             -DMBEDTLS_CONFIG_FILE="<mbedtls_config.h>"

define third_party
$(1)/libthird.a: $$(FETCHED) $(1)/flags $$(THIRD_CONFIG) third_party/lib.mk
	@mkdir -p $$(@D)
	+@$$(MAKE) --no-print-directory -f third_party/lib.mk OUT=$(1) \
	    SRC=$$(SRC) CC='$(2)' CFLAGS='$$($(3))' AR='$(4)' \
	    COLD='$$($(5))'
	@touch $$@
endef
