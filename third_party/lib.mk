# OUT/libthird.a from the unpacked sources; called by build.mk. The warnings
# in there are not ours.
MAKEFLAGS += -rR

INC := -Ithird_party/config -I$(SRC)/lwip/src/include \
       -I$(SRC)/mbedtls/include -I$(SRC)/fatfs -iquote firmware \
       -DMBEDTLS_CONFIG_FILE='<mbedtls_config.h>'
# Names are ours to ask for: firmware/adapters/net_dns.c stands for dns.c.
FILES := $(wildcard $(SRC)/mbedtls/library/*.c) \
         $(filter-out %/dns.c, \
             $(wildcard $(SRC)/lwip/src/core/*.c $(SRC)/lwip/src/core/ipv4/*.c \
                        $(SRC)/lwip/src/core/ipv6/*.c)) \
         $(SRC)/lwip/src/netif/ethernet.c \
         $(wildcard $(SRC)/lwip/src/apps/mdns/*.c) \
         $(SRC)/fatfs/ff.c $(SRC)/fatfs/ffunicode.c
OBJ := $(patsubst $(SRC)/%.c,$(OUT)/third/%.o,$(FILES))

$(OUT)/libthird.a: $(OBJ)
	@rm -f $@
	@$(AR) rcs $@ $^
	@echo "$@"

# On a board what is not arithmetic is small rather than fast: a quarter of it.
FAST := $(addprefix mbedtls/library/,aes bignum bignum_core bignum_mod \
            bignum_mod_raw constant_time ecp ecp_curves ecp_curves_new \
            platform_util sha256 sha512)
SMALL := $(if $(findstring arm-none-eabi-,$(CC)),-Os)
# Every datagram passes through these, or every byte of one: the board's
# processor has no smaller code for them (COLD).
WARM := $(FAST) $(addprefix mbedtls/library/,block_cipher chacha20 chachapoly \
            cipher cipher_wrap ctr_drbg entropy gcm poly1305) $(addprefix lwip/src/,core/def \
            core/inet_chksum core/ip core/mem core/memp core/netif core/pbuf \
            core/udp core/ipv4/etharp core/ipv4/ip4 core/ipv4/ip4_addr \
            core/ipv6/ip6 core/ipv6/ip6_addr netif/ethernet)

$(OUT)/third/%.o: $(SRC)/%.c $(OUT)/flags third_party/lib.mk
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(if $(filter $(FAST),$*),,$(SMALL)) \
	    $(if $(filter $(WARM),$*),,$(COLD)) -w $(INC) -MD -MP \
	    -c $< -o $@

-include $(OBJ:.o=.d)
