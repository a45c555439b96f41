#include "keeper.h"

#include <string.h>

#include "core/floor_record.h"
#include "core/fmt.h"
#include "core/mono.h"
#include "core/utc.h"
#include "log.h"
#include "port.h"
#include "timekeeper.h"
#include "version.h"

#define RESET_WAIT (2 * MONO_S)

static struct {
    const struct keeper_ops *ops;
    struct floor_record rec; /* as it is or would be on the card             */
    const char *from;
    bool strict;
    mono_ns due, every; /* the next save; saveinterval                      */
    bool synced, from_cookies;
    bool frozen;      /* an operator reset the floor: it does not rise    */
    mono_ns reset_at; /* 0: no reset asked for                            */
} keep;

/* ---- the card ----------------------------------------------------------- */

static const char *day_of(int64_t unix_s, char text[UTC_TEXT])
{
    utc_text(unix_s, 0, text);
    text[19] = 0; /* whole seconds */
    return text;
}

/* Said once: the next record that is written no longer has it. */
static void report_operator(void)
{
    char text[UTC_TEXT];
    if (keep.rec.act != FLOOR_ACT_NONE)
        log_line("an operator %s before this start; it was %s UTC",
                 keep.rec.act == FLOOR_ACT_SET
                     ? "set the time floor"
                     : "reset the time floor to the build time",
                 day_of(keep.rec.before, text));
    keep.rec.act = FLOOR_ACT_NONE;
}

static void read_card(void)
{
    uint8_t b[FLOOR_RECORD_LEN];
    keep.rec = (struct floor_record){.floor = gnomon_build_unix};
    keep.from = "the build";
    int len = keep.ops->load(b, sizeof b);
    if (len < 0 || floor_record_read(&keep.rec, b, (size_t)len) != RC_OK)
        return;
    report_operator();
    if (keep.rec.floor > gnomon_build_unix) {
        keep.from =
            keep.rec.by_operator ? "the card, by an operator" : "the card";
        return;
    }
    keep.rec.floor = gnomon_build_unix;
    keep.rec.by_operator = false;
}

static void save(void)
{
    uint8_t b[FLOOR_RECORD_LEN];
    floor_record_write(&keep.rec, b);
    if (keep.ops->save(b, sizeof b) == RC_SPACE)
        log_limited(&keep, "time floor not saved: no room");
}

static void write_card(mono_ns now)
{
    int64_t floor;
    int32_t freq, sigma;
    keep.due = now - now % keep.every + keep.every; /* as the sources' */
    if (!timekeeper_to_save(&floor, &freq, &sigma))
        return;
    if (floor > keep.rec.floor && !keep.frozen) {
        keep.rec.floor = floor;
        keep.rec.by_operator = keep.rec.by_operator && keep.strict;
        keep.from = "a quorum";
    }
    keep.rec.freq_e12 = freq;
    keep.rec.freq_sigma_e12 = sigma;
    save();
}

void keeper_init(const struct conf *conf, const struct keeper_ops *ops)
{
    memset(&keep, 0, sizeof keep);
    keep.every = conf->saveinterval_s * MONO_S;
    keep.ops = ops;
    keep.strict = conf->bootstrap_strict;
    read_card();
    const struct timekeeper_start start = {
        .floor_unix_s = keep.rec.floor,
        .floor_by_operator = keep.rec.by_operator,
        .freq_known = keep.rec.freq_sigma_e12 > 0,
        .freq_e12 = keep.rec.freq_e12,
        .freq_sigma_e12 = keep.rec.freq_sigma_e12,
    };
    char text[UTC_TEXT];
    utc_text(keep.rec.floor, 0, text);
    log_line("time floor %s, from %s", text, keep.from);
    timekeeper_init(conf, &start);
}

/* ---- the operator ------------------------------------------------------- */

static void move_floor(int64_t to, enum floor_act act)
{
    char before[UTC_TEXT], after[UTC_TEXT];
    log_line("operator: time floor %s from %s to %s UTC",
             act == FLOOR_ACT_SET ? "set" : "reset",
             day_of(keep.rec.floor, before), day_of(to, after));
    keep.rec.before = keep.rec.floor;
    keep.rec.act = act;
    keep.rec.floor = to;
    keep.rec.by_operator = act == FLOOR_ACT_SET;
    keep.from = act == FLOOR_ACT_SET ? "an operator" : "the build";
    save();
    timekeeper_floor(to, keep.rec.by_operator);
    keep.ops->floor_moved();
}

int keeper_floor_set(int64_t unix_s)
{
    if (!keep.ops)
        return RC_AGAIN;
    if (timekeeper_synchronised())
        return RC_STATE;
    if (unix_s < gnomon_build_unix)
        return RC_BAD;
    move_floor(unix_s, FLOOR_ACT_SET);
    return RC_OK;
}

/* A clock that is set would raise it again at the next save. */
int keeper_floor_reset(void)
{
    if (!keep.ops)
        return RC_AGAIN;
    move_floor(gnomon_build_unix, FLOOR_ACT_RESET);
    if (!timekeeper_synchronised())
        return RC_OK;
    keep.frozen = true;
    keeper_reset();
    return RC_OK;
}

/* ---- reading, running --------------------------------------------------- */

int64_t keeper_floor(void)
{
    if (!keep.ops) /* not started */
        return gnomon_build_unix;
    return keep.rec.floor;
}

void keeper_status(struct status_timefloor *out)
{
    *out = (struct status_timefloor){
        .unix_s = keeper_floor(),
        .from = keep.from ? keep.from : "the build", /* not started */
        .from_cookies = keep.from_cookies,
    };
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
