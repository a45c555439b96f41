#include "cookies.h"

#include "core/mono.h"
#include "log.h"
#include "port.h"
#include "store.h"
#include "timefloor.h"

#define CARD_PATIENCE (5 * MONO_S) /* as with the cookies of our own client  */
#define LOOK_EVERY    (20 * MONO_MS)
#define TRY_AGAIN     (60 * MONO_S)

static struct {
    bool on, ready; /* ready: cookies may be given out                       */
    struct nts_cookie_jar jar;
    span_ns interval; /* 0: never                                            */
    mono_ns started, since; /* since: of the current key; can be before boot */
    bool rotated;           /* in this boot                                  */
    bool saves;
    int ticket; /* of the last record; 0: it was read from the card          */
} ck;

static bool durable(void)
{
    return !ck.saves || ck.ticket == 0 || store_durable(ck.ticket);
}

static void save(void)
{
    uint8_t record[NTS_COOKIE_RECORD];
    if (!ck.saves)
        return;
    nts_cookie_write(&ck.jar, timefloor_unix(), record);
    int ticket = store_put(STORE_SERVER_KEYS, 0, record, sizeof record);
    crypto_wipe(record, sizeof record);
    if (ticket > 0)
        ck.ticket = ticket;
    else
        log_at(LOG_ERROR, NULL, "keys of NTS cookies not saved: no room");
}

/* What of former boots counts: from the rotation to the last floor saved. */
static span_ns age_before(int64_t since_unix)
{
    int64_t floor = timefloor_unix();
    int64_t most = ck.interval / MONO_S;
    if (since_unix <= 0 || floor <= since_unix)
        return 0;
    return (floor - since_unix < most ? floor - since_unix : most) * MONO_S;
}

static bool read_card(mono_ns now)
{
    uint8_t record[NTS_COOKIE_RECORD];
    int64_t since_unix;
    int len = store_get(STORE_SERVER_KEYS, 0, record, sizeof record);
    if (len < 0)
        return false;
    int rc = nts_cookie_read(&ck.jar, record, (size_t)len, &since_unix);
    crypto_wipe(record, sizeof record);
    if (rc != RC_OK) {
        log_at(LOG_WARNING, NULL,
               "card: keys of NTS cookies cannot be read; NTS clients need a "
               "new key exchange");
        return false;
    }
    ck.since = now - age_before(since_unix);
    return true;
}

void cookies_start(const struct conf *conf)
{
    mono_ns now = port_mono();
    if (nts_cookie_begin(&ck.jar) != RC_OK) {
        log_at(LOG_ERROR, NULL, "NTS is not served: there is no entropy");
        return;
    }
    ck.on = true;
    ck.saves = conf->save && store_state_partition();
    ck.interval = conf->ntsrotate_s * MONO_S;
    ck.started = ck.since = now;
    if (conf->save && read_card(now))
        return;
    save();
}

static void look_at_card(mono_ns now)
{
    bool given_up = now - ck.started >= CARD_PATIENCE;
    if (ck.ready || (!durable() && !given_up))
        return;
    ck.ready = true;
    if (!durable())
        log_at(LOG_ERROR, NULL,
               "card: the keys of NTS cookies could not be saved; they last "
               "until the next restart");
}

/* Returns when to look again. */
static mono_ns rotate(mono_ns now)
{
    mono_ns due = ck.since + ck.interval;
    if (now < due)
        return due;
    if (!durable() && now < due + ck.interval)
        return now + LOOK_EVERY;
    if (nts_cookie_rotate(&ck.jar) != RC_OK) {
        log_limited(&ck, "keys of NTS cookies not changed: no entropy");
        return now + TRY_AGAIN;
    }
    ck.since = now;
    ck.rotated = true;
    log_line("NTS: a new key for cookies; those of the oldest are refused");
    save();
    return ck.since + ck.interval;
}

mono_ns cookies_poll(mono_ns now)
{
    if (!ck.on)
        return MONO_NEVER;
    look_at_card(now);
    mono_ns next = ck.interval > 0 ? rotate(now) : MONO_NEVER;
    return ck.ready ? next : now + LOOK_EVERY;
}

struct nts_cookie_jar *cookies_jar(void)
{
    return ck.ready ? &ck.jar : NULL;
}

span_ns cookies_age(mono_ns now)
{
    return ck.rotated ? now - ck.since : -1;
}
