#include "timefloor.h"

#include <string.h>

#include "adapters/tls_client.h"
#include "core/floor_record.h"
#include "core/fmt.h"
#include "core/mono.h"
#include "core/utc.h"
#include "log.h"
#include "port.h"
#include "store.h"
#include "timekeeper.h"
#include "version.h"

static struct {
    const struct conf *conf; /* NULL: not started                            */
    void (*moved)(bool restart);
    struct floor_record rec; /* as it is or would be on the card             */
    const char *from;
    mono_ns due, every; /* the next save; saveinterval                      */
    bool synced, from_cookies, from_plain;
    bool frozen; /* an operator reset the floor: it does not rise    */
} tf;

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
    if (tf.rec.act != FLOOR_ACT_NONE)
        log_at(LOG_NOTICE, NULL,
               "an operator %s before this start; it was %s UTC",
               tf.rec.act == FLOOR_ACT_SET
                   ? "set the time floor"
                   : "reset the time floor to the build time",
               day_of(tf.rec.before, text));
    tf.rec.act = FLOOR_ACT_NONE;
}

static void read_card(void)
{
    uint8_t b[FLOOR_RECORD_LEN];
    tf.rec = (struct floor_record){.floor = gnomon_build_unix};
    tf.from = "the build";
    int len = store_get(STORE_FLOOR, 0, b, sizeof b);
    if (len < 0 || floor_record_read(&tf.rec, b, (size_t)len) != RC_OK)
        return;
    report_operator();
    if (tf.rec.floor > gnomon_build_unix) {
        tf.from = tf.rec.by_operator ? "the card, by an operator" : "the card";
        return;
    }
    tf.rec.floor = gnomon_build_unix;
    tf.rec.by_operator = false;
}

static void save(void)
{
    uint8_t b[FLOOR_RECORD_LEN];
    if (!tf.conf->save)
        return;
    floor_record_write(&tf.rec, b);
    if (store_put(STORE_FLOOR, 0, b, sizeof b) == RC_SPACE)
        log_limited(&tf, "time floor not saved: no room");
}

static void save_law(void)
{
    uint8_t b[THERMAL_RECORD];
    if (tf.conf->save && timekeeper_law_to_save(b) &&
        store_put(STORE_THERMAL, 0, b, sizeof b) == RC_SPACE)
        log_limited(&tf, "crystal's temperature not saved: no room");
}

static void write_card(mono_ns now)
{
    int64_t floor;
    int32_t freq, sigma;
    tf.due = now - now % tf.every + tf.every; /* as the sources' */
    if (!timekeeper_to_save(&floor, &freq, &sigma))
        return;
    if (floor > tf.rec.floor && !tf.frozen) {
        tf.rec.floor = floor;
        tf.rec.by_operator = tf.rec.by_operator && tf.conf->bootstrap_strict;
        tf.from = timekeeper_one_counts() ? "one server, which nobody checks"
                                          : "a quorum";
    }
    tf.rec.freq_e12 = freq;
    tf.rec.freq_sigma_e12 = sigma;
    save();
    save_law();
}

void timefloor_init(const struct conf *conf, void (*moved)(bool restart))
{
    memset(&tf, 0, sizeof tf);
    tf.every = conf->saveinterval_s * MONO_S;
    tf.conf = conf;
    tf.moved = moved;
    read_card();
    struct timekeeper_start start = {
        .floor_unix_s = tf.rec.floor,
        .floor_by_operator = tf.rec.by_operator,
        .freq_known = tf.rec.freq_sigma_e12 > 0,
        .freq_e12 = tf.rec.freq_e12,
        .freq_sigma_e12 = tf.rec.freq_sigma_e12,
    };
    int law = store_get(STORE_THERMAL, 0, start.law, sizeof start.law);
    start.law_len = law == RC_SPACE ? 1 : law < 0 ? 0 : (size_t)law;
    char text[UTC_TEXT];
    utc_text(tf.rec.floor, 0, text);
    log_at(LOG_NOTICE, NULL, "time floor %.19s UTC, from %s", text, tf.from);
    timekeeper_init(conf, &start);
}

/* ---- the operator ------------------------------------------------------- */

static void move_floor(int64_t to, enum floor_act act)
{
    char before[UTC_TEXT], after[UTC_TEXT];
    log_at(LOG_NOTICE, NULL, "operator: time floor %s from %s to %s UTC",
           act == FLOOR_ACT_SET ? "set" : "reset", day_of(tf.rec.floor, before),
           day_of(to, after));
    tf.rec.before = tf.rec.floor;
    tf.rec.act = act;
    tf.rec.floor = to;
    tf.rec.by_operator = act == FLOOR_ACT_SET;
    tf.from = act == FLOOR_ACT_SET ? "an operator" : "the build";
    save();
    timekeeper_floor(to, tf.rec.by_operator);
}

int timefloor_set(int64_t unix_s)
{
    if (!tf.conf)
        return RC_AGAIN;
    if (timekeeper_synchronised())
        return RC_STATE;
    if (unix_s < gnomon_build_unix)
        return RC_BAD;
    move_floor(unix_s, FLOOR_ACT_SET);
    tf.moved(false);
    return RC_OK;
}

/* A clock that is set would raise it again at the next save. */
int timefloor_reset(void)
{
    if (!tf.conf)
        return RC_AGAIN;
    move_floor(gnomon_build_unix, FLOOR_ACT_RESET);
    tf.frozen = timekeeper_synchronised();
    tf.moved(tf.frozen);
    return RC_OK;
}

/* ---- reading, running --------------------------------------------------- */

int64_t timefloor_unix(void)
{
    if (!tf.conf) /* not started */
        return gnomon_build_unix;
    return tf.rec.floor;
}

void timefloor_status(struct status_timefloor *out)
{
    *out = (struct status_timefloor){
        .unix_s = timefloor_unix(),
        .from = tf.from ? tf.from : "the build", /* not started */
        .from_cookies = tf.from_cookies,
        .from_plain = tf.from_plain,
    };
}

static void note_first_sync(mono_ns now)
{
    if (tf.synced || !timekeeper_synchronised())
        return;
    tf.synced = true;
    tf.from_plain = true;
    for (unsigned i = 0; i < tf.conf->source_count; i++)
        tf.from_plain &= !tf.conf->sources[i].nts;
    tf.from_cookies = !tf.from_plain && tls_client_handshakes() == 0;
    tf.due = now;
}

void timefloor_save(void)
{
    write_card(port_mono());
}

mono_ns timefloor_poll(mono_ns now)
{
    note_first_sync(now);
    if (tf.synced && now >= tf.due)
        write_card(now);
    return tf.synced ? tf.due : MONO_NEVER;
}
