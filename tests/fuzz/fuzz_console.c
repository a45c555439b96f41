/* Keys on the console: any bytes typed at any pace, into a UART that takes a
 * few at a time. It ends, shows only what a terminal shows, and no word but
 * `reset' and `floor' does anything.
 *
 * Input: flags (1 byte), keys. */
#include <string.h>

#include "core/mono.h"
#include "core/utc.h"
#include "port.h"
#include "services/console.h"
#include "services/crashloop.h"
#include "services/log.h"
#include "services/restart.h"
#include "services/snapshot.h"
#include "services/timefloor.h"
#include "services/timekeeper.h"
#include "services/version.h"

#define NOW 1795392000

static struct {
    const uint8_t *in;
    size_t len, shown, room;
    uint64_t ticks;
    bool waits;
} sim;

static struct status snapshot;

uint64_t port_ticks(void)
{
    return sim.ticks;
}

uint32_t port_tick_hz(void)
{
    return 1000000;
}

size_t port_console(const char *s, size_t len)
{
    size_t n = len < sim.room ? len : sim.room;
    for (size_t i = 0; i < n; i++)
        ASSERT((s[i] >= ' ' && s[i] <= '~') || strchr("\r\n\a\b\x1b", s[i]));
    sim.shown += n;
    return n;
}

int port_console_read(void)
{
    if (sim.len == 0)
        return RC_AGAIN;
    sim.len--;
    return *sim.in++;
}

int port_fact(unsigned n, char *buf, size_t cap)
{
    size_t len = n < 60 ? cap - 1 - n : 0;
    memset(buf, 'f', len);
    buf[len] = 0;
    return len > 0 ? (int)len : RC_STATE;
}

const struct clientlog *clients_log(void)
{
    static struct clientlog clients;

    return &clients;
}

const struct status *snapshot_take(void)
{
    return &snapshot;
}

ntp64 timekeeper_utc(uint64_t at_ticks)
{
    (void)at_ticks;
    return utc_of_unix(NOW, 123456789);
}

int64_t timekeeper_unix_of(ntp64 utc)
{
    return utc_unix_s(utc, NOW);
}

bool crashloop_waits(void)
{
    return sim.waits;
}

void restart_request(void)
{
}

int timefloor_set(int64_t unix_s)
{
    return unix_s % 3 == 0 ? RC_OK : unix_s % 3 == 1 ? RC_STATE : RC_BAD;
}

int timefloor_reset(void)
{
    return RC_OK;
}

const char gnomon_version[] = "fuzz";
const int64_t gnomon_build_unix = NOW;

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    if (len < 1 || len > 2000)
        return 0;
    memset(&sim, 0, sizeof sim);
    memset(&snapshot, 0, sizeof snapshot);
    snapshot.sources.count = in[0] & 1 ? LIMIT_SOURCES : 1;
    for (size_t i = 0; i < snapshot.sources.count; i++) {
        memcpy(snapshot.sources.row[i].name, "nts1.test", 10);
        snapshot.timekeeper.row[i].state = '*';
    }
    sim.waits = in[0] & 2;
    sim.room = (in[0] >> 2 & 63) + 1u;
    sim.in = in + 1;
    sim.len = len - 1;
    log_init();
    console_init();
    for (unsigned i = 0; i < 2 * LIMIT_CONSOLE + 40 * len; i++) {
        mono_ns now = (mono_ns)sim.ticks * MONO_US;
        if (i % 64 == 0)
            log_line("a line beside it");
        ASSERT(console_poll(now) > now);
        (void)log_poll(now);
        sim.ticks += 20000;
        if (sim.len == 0 && i % 256 == 255) {
            size_t shown = sim.shown;
            (void)console_poll(now + MONO_S);
            if (sim.shown == shown)
                break;
        }
    }
    console_run("help");
    return 0;
}
