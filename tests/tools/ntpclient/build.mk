# The core as an ordinary NTP client. The second one is what goes under an
# LD_PRELOAD (clknetsim), which AddressSanitizer does not abide.
NTPCLIENT_SRC := $(wildcard tests/tools/ntpclient/*.c) $(CORE) \
                 $(wildcard firmware/services/timekeeper*.c) $(B)/version.c
NTPCLIENT_DEP := $(NTPCLIENT_SRC) $(wildcard tests/tools/ntpclient/*.h \
                 firmware/*.h firmware/core/*.h firmware/services/*.h)
NTPCLIENT_CC = @mkdir -p $(@D); echo "  $@"; gcc -std=c11 -D_GNU_SOURCE \
    $(WARN) -iquote firmware -ffunction-sections -Wl,--gc-sections
$(H)/ntpclient-san: $(NTPCLIENT_DEP)
	$(NTPCLIENT_CC) -O1 -g $(SAN) $(NTPCLIENT_SRC) -lm -o $@
$(H)/ntpclient: $(NTPCLIENT_DEP)
	$(NTPCLIENT_CC) -O2 $(NTPCLIENT_SRC) -lm -o $@
