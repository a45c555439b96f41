#include "keeper.h"

#include <string.h>

#include "core/bytes.h"
#include "core/mono.h"
#include "core/utc.h"
#include "log.h"
#include "port.h"
#include "timekeeper.h"
#include "version.h"

#define FLOOR_VERSION 1
#define FLOOR_LEN     17 /* version, floor in Unix s, frequency and its sigma
                          * in parts per 10^12                               */
#define RESET_WAIT    (2 * MONO_S)

static struct {
    const struct keeper_ops *ops;
    int64_t floor;      /* the one on the card, or the build time           */
    mono_ns due, every; /* the next save; saveinterval                      */
    bool synced, from_cookies;
    mono_ns reset_at;   /* 0: no reset asked for                            */
} keep;

static void read_card(struct timekeeper_start *start)
{
    uint8_t b[FLOOR_LEN];
    int len = keep.ops->load(b, sizeof b);
    if (len != FLOOR_LEN || b[0] != FLOOR_VERSION)
        return;
    int64_t floor = (int64_t)bytes_get64(b + 1);
    if (floor > keep.floor)
        keep.floor = floor;
    start->freq_e12 = (int32_t)bytes_get32(b + 9);
    start->freq_sigma_e12 = (int32_t)bytes_get32(b + 13);
    start->freq_known = start->freq_sigma_e12 > 0;
}

static void write_card(mono_ns now)
{
    int64_t floor;
    int32_t freq, sigma;
    keep.due = now - now % keep.every + keep.every; /* as the sources' */
    if (!timekeeper_keep(&floor, &freq, &sigma))
        return;
    if (floor > keep.floor)
        keep.floor = floor;
    uint8_t b[FLOOR_LEN] = {FLOOR_VERSION};
    bytes_put64(b + 1, (uint64_t)keep.floor);
    bytes_put32(b + 9, (uint32_t)freq);
    bytes_put32(b + 13, (uint32_t)sigma);
    if (keep.ops->save(b, sizeof b) == RC_SPACE)
        log_limited(&keep, "time floor not saved: no room");
}

void keeper_init(const struct conf *conf, const struct keeper_ops *ops)
{
    struct timekeeper_start start = {0};
    memset(&keep, 0, sizeof keep);
    keep.every = conf->saveinterval_s * MONO_S;
    keep.floor = gnomon_build_unix;
    keep.ops = ops;
    read_card(&start);
    start.floor_unix_s = keep.floor;
    char text[UTC_TEXT];
    utc_text(keep.floor, 0, text);
    log_line("time floor %s, from %s", text,
             keep.floor > gnomon_build_unix ? "the card" : "the build");
    timekeeper_init(conf, &start);
}

int64_t keeper_floor(void)
{
    return keep.floor;
}

bool keeper_from_cookies(void)
{
    return keep.from_cookies;
}

static void note_first_sync(mono_ns now)
{
    if (keep.synced || !timekeeper_synchronised())
        return;
    keep.synced = true;
    keep.from_cookies = keep.ops->handshakes() == 0;
    keep.due = now;
}

void keeper_reset(void)
{
    mono_ns now = timekeeper_mono();
    write_card(now);
    keep.ops->save_others();
    keep.reset_at = now + RESET_WAIT;
    log_line("restarting");
}

mono_ns keeper_poll(mono_ns now)
{
    if (keep.reset_at) {
        if (keep.ops->saved_all() || now >= keep.reset_at)
            port_reset();
        return now + MONO_MS;
    }
    note_first_sync(now);
    if (keep.synced && now >= keep.due)
        write_card(now);
    return keep.synced ? keep.due : MONO_NEVER;
}
