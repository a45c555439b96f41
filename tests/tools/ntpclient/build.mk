# The core as an ordinary NTP client. The second one is what goes under an
# LD_PRELOAD (clknetsim), which AddressSanitizer does not abide.
NTPCLIENT_SRC := $(wildcard tests/tools/ntpclient/*.c) $(CORE) \
                 $(wildcard firmware/services/timekeeper*.c) $(B)/version.c
$(H)/ntpclient-san: private LIBS = -Wl,--gc-sections
$(H)/ntpclient-san: $(call objects,$(H),$(NTPCLIENT_SRC))
	$(LINK)
$(H)/ntpclient: $(call objects,$(BENCH),$(NTPCLIENT_SRC))
	$(Q)gcc -Wl,--gc-sections $^ -lm -o $@
