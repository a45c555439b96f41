#include "sources.h"

#include <string.h>

#include "adapters/net.h"
#include "core/crypto.h"
#include "core/fmt.h"
#include "core/mono.h"
#include "core/ntp_client.h"
#include "ke_client.h"
#include "log.h"
#include "ntp_udp.h"
#include "port.h"
#include "source_record.h"
#include "sources_ke.h"
#include "sources_names.h"
#include "store.h"
#include "timekeeper.h"

#define NEW_POLLS     3 /* unanswered, none ever: another address   */
#define OLD_POLLS     8 /* unanswered, once there was: likewise    */
#define OTHER_POLLS   6 /* where the name has one, in quick order  */
#define LIAR_POLLS    8 /* replies of a falseticker: likewise       */
#define CARD_RETRY    (100 * MONO_MS)
#define CARD_PATIENCE (5 * MONO_S)
#define SPARE         2 /* cookies to go on with, not on the card   */

static struct {
    const struct conf *conf;
    mono_ns save_every;
    struct source s[LIMIT_SOURCES];
    unsigned count;
    bool set; /* the clock is, as of the last poll                           */
    struct conf_source line[LIMIT_DHCP_SERVERS]; /* DHCP                     */
    struct addr named[LIMIT_DHCP_SERVERS];
    unsigned lines;
} all;

/* ntp_udp's events. */
static void sent(unsigned slot, uint64_t stamp);
static void on_wire(unsigned slot, uint64_t stamp);
static void received(unsigned slot, uint64_t stamp, const uint8_t *msg,
                     size_t len);

/* The card takes cookies, and chrony.conf wants it to. */
static bool remembers(void)
{
    return all.conf->save && store_state_partition();
}

static unsigned slot_of(const struct source *s)
{
    return (unsigned)(s - all.s);
}

/* ---- start -------------------------------------------------------------- */

static void add(const struct conf_source *c, mono_ns now)
{
    ASSERT(all.count < LIMIT_SOURCES);
    struct source *s = &all.s[all.count];
    *s = (struct source){.conf = c,
                         .step = c->nts ? SOURCE_KEYS : SOURCE_ADDRESS,
                         .last_ke = -1,
                         .votes_for = -1,
                         .named = now};
    struct ntp_client_conf nc = source_client_conf(c);
    ntp_client_init(&s->ntp, &nc, port_tick_hz(), now);
    timekeeper_source(all.count, c);
    all.count++;
}

static bool known(const struct addr *addr)
{
    for (unsigned i = 0; i < all.count; i++)
        if (addr_equal(&all.s[i].addr, addr) ||
            (all.s[i].conf->dhcp &&
             addr_equal(&all.named[all.s[i].conf - all.line], addr)))
            return true;
    return false;
}

static void named(const struct addr *addr, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (all.lines == LIMIT_DHCP_SERVERS || all.count == LIMIT_SOURCES ||
            known(&addr[i]))
            continue;
        struct conf_source *c = &all.line[all.lines];
        char text[ADDR_TEXT];
        *c = conf_source_plain();
        c->iburst = c->dhcp = true;
        addr_text(&addr[i], text);
        (void)fmt(c->name, sizeof c->name, "%s", text);
        (void)fmt(c->label, sizeof c->label, "%s", text);
        all.named[all.lines++] = addr[i];
        log_line("%s: an NTP server that DHCP names", c->name);
        add(c, port_mono());
    }
}

/* All at the same moments, which are timefloor's too, so that one write of the
 * card takes them all. */
static mono_ns next_save(mono_ns now)
{
    return now - now % all.save_every + all.save_every;
}

void sources_join(const struct conf_source *c)
{
    mono_ns now = port_mono();
    struct source *s = &all.s[all.count];
    add(c, now);
    sources_ke_joined(s);
    source_record_join(s, all.s, all.count, remembers(), next_save(now));
}

void sources_init(const struct conf *conf)
{
    mono_ns now = port_mono();
    all.conf = conf;
    all.count = all.lines = 0;
    all.save_every = conf->saveinterval_s * MONO_S;
    all.set = false;
    for (unsigned i = 0; i < conf->source_count; i++)
        add(&conf->sources[i], now);
    if (remembers())
        source_record_restore(all.s, all.count, conf, next_save(now));
    sources_ke_init(all.s, all.count, conf, now);
    sources_names_init(all.s, &all.count);
    ntp_udp_init(conf->dscp, sent, on_wire, received);
    net_ntp_servers(conf->dhcpservers ? named : NULL);
}

/* ---- the card ------------------------------------------------------------ */

/* Write keys and cookies, leaving `spare` of the oldest out; from now on the
 * others are not sent until a record without them is durable. */
static void save(struct source *s, size_t spare, mono_ns now)
{
    uint8_t buf[SOURCE_RECORD_MAX];
    s->save_due = next_save(now);
    if (s->forgetful || !remembers())
        return; /* what is written counts as offered by the card */
    int len = source_record_write(s, spare, buf, sizeof buf);
    if (len < 0)
        return;
    int ticket = store_put(STORE_ASSOC, s->record, buf, (size_t)len);
    crypto_wipe(buf, sizeof buf); /* keys and cookies */
    if (ticket <= 0) {
        log_limited(&all, "%s: cookies not saved: no room", s->conf->label);
        return;
    }
    s->card_low = s->ntp.nts.count < spare + LIMIT_COOKIES - SPARE;
    s->ticket = ticket;
    s->ticket_since = now;
}

static void look_at_ticket(struct source *s)
{
    if (s->ticket > 0 && store_durable(s->ticket)) {
        nts_assoc_record_durable(&s->ntp.nts);
        s->ticket = 0;
    }
}

/* Only cookies that the card still offers are left (nts_assoc.h). */
static mono_ns free_a_cookie(struct source *s, mono_ns now)
{
    if (s->ticket == 0)
        save(s, 1, now);
    if (s->ticket == 0)
        nts_assoc_card_lost(&s->ntp.nts); /* no card offers them */
    else if (now - s->ticket_since > CARD_PATIENCE) {
        /* The card takes nothing any more; it must not offer these cookies
         * twice, so they are given up for a new key exchange. */
        source_trouble(s, "card does not take the cookies back");
        ntp_client_unkeyed(&s->ntp);
        s->forgetful = true;
        s->ticket = 0;
        s->step = SOURCE_KEYS;
        return now;
    }
    return now + MONO_MS;
}

/* Now and then; and as soon as replies have made up for cookies that had to
 * be taken off the card, or power cuts in a row would use it up. */
static bool save_is_due(const struct source *s, mono_ns now)
{
    return s->ticket == 0 && s->ntp.nts.count > SPARE &&
           (now >= s->save_due ||
            (s->card_low && s->ntp.nts.count == LIMIT_COOKIES));
}

void sources_save(void)
{
    for (unsigned i = 0; i < all.count; i++)
        if (all.s[i].ntp.nts.count > 1)
            save(&all.s[i], 1, port_mono());
}

/* ---- once the clock is set --------------------------------------------- */

/* Keys of a certificate that the time found does not bear out; they go from
 * the card, too. */
static void drop(struct source *s, const char *why)
{
    source_trouble(s, why);
    ntp_client_unkeyed(&s->ntp);
    if (remembers() &&
        store_put(STORE_ASSOC, s->record, (const uint8_t *)"", 0) <= 0)
        log_limited(&all, "%s: keys stay on the card", s->conf->label);
    s->ticket = 0;
    timekeeper_forget(slot_of(s));
    if (s->step != SOURCE_RESOLVING) /* or RUN will find none */
        s->step = SOURCE_KEYS;
    s->retry = 0;
}

/* bootstrap.h, step 5. */
static void recheck(void)
{
    bool set = timekeeper_synchronised(), now_set = set && !all.set;
    all.set = set;
    for (unsigned i = 0; now_set && i < all.count; i++) {
        struct source *s = &all.s[i];
        struct nts_assoc *a = &s->ntp.nts;
        if (a->aead && !timekeeper_window_ok(a->cert_lo, a->cert_hi))
            drop(s, "certificate not valid at the time found: keys dropped");
        else if (a->aead)
            source_proved(s, timekeeper_unix());
    }
}

/* ---- requests and replies ------------------------------------------------ */

/* Several names of one server have one vote. */
static void tell_server(struct source *s, uint16_t port)
{
    bool known = addr_equal(&s->host_by, &s->addr);
    timekeeper_server(slot_of(s), known ? &s->host : &s->addr, port);
    int by = timekeeper_votes_for(slot_of(s));
    if (by == s->votes_for)
        return;
    s->votes_for = by;
    if (by >= 0)
        log_at(LOG_NOTICE, NULL, "%s: the same server as %s: one vote for both",
               s->conf->label, all.s[by].conf->label);
}

static uint16_t port_of(const struct source *s)
{
    return s->port ? s->port : s->conf->port;
}

/* Nobody has ever answered there: what a person can look at. */
static void say_silent(struct source *s)
{
    char why[sizeof s->trouble];
    (void)fmt(why, sizeof why,
              s->heard ? "no answer"
              : s->conf->nts
                  ? "no answer on UDP port %u, though keys came: filtered on "
                    "the way?"
                  : "no answer on UDP port %u",
              (unsigned)port_of(s));
    source_no_way(s, &s->addr, why);
}

/* Returns false when there is no way to that address. */
static bool send(struct source *s, const uint8_t *msg, size_t len)
{
    uint16_t port = port_of(s);
    tell_server(s, port);
    int rc = ntp_udp_send(slot_of(s), &s->addr, port, msg, len);
    if (rc == RC_IO)
        source_no_way(s, &s->addr, "no route to the server");
    else if (rc != RC_OK)
        log_limited(s, "%s: request not sent (%d)", s->conf->label, rc);
    timekeeper_asked(slot_of(s), s->ntp.reach, addr_refid(&s->addr));
    return rc != RC_IO;
}

/* Tells whether the address in use has been silent long enough for another of
 * the name's to have a turn. */
static bool looks_dead(const struct source *s)
{
    if (s->heard)
        return s->ntp.unanswered >= (s->several ? OTHER_POLLS : OLD_POLLS);
    return s->ntp.reach == 0 || s->several;
}

/* When the next request goes, should this one not be answered. */
static void plan_next(struct source *s, mono_ns now)
{
    if (s->several &&
        s->ntp.unanswered <= (s->heard ? OTHER_POLLS : 2 * OLD_POLLS))
        ntp_client_repeat(&s->ntp);
    if (s->conf->nts && !ke_retry_may(&s->ke.retry, now))
        ntp_client_spare(&s->ntp, s->ke.retry.next);
}

static mono_ns ask_time(struct source *s, mono_ns now)
{
    uint8_t msg[LIMIT_NTP_PACKET];
    int rc = ntp_client_poll(&s->ntp, now, msg, sizeof msg);
    if (rc > 0) {
        plan_next(s, now);
        bool answered = s->answered, left = send(s, msg, (size_t)rc);
        s->answered = false;
        if (s->heard && !s->several && s->ntp.unanswered > 1)
            sources_look_again(s);
        if (!looks_dead(s))
            return ntp_client_due(&s->ntp);
        if (!left) {
            sources_move_on(s);
        } else if (++s->silent >= (s->heard ? 1 : NEW_POLLS)) {
            sources_move_on(s);
            if (!answered)
                say_silent(s);
        }
    } else if (rc == RC_SPACE) {
        return free_a_cookie(s, now);
    } else if (rc == RC_STATE) {
        s->step = SOURCE_KEYS;
        if (s->ntp.nak_run > 0) /* the last cookies met no other answer */
            sources_ke_refused(s, now);
        ntp_client_unkeyed(&s->ntp);
        return now;
    } else if (rc != RC_AGAIN) {
        source_trouble(s, "no entropy for a request");
        return now + MONO_S;
    }
    return ntp_client_due(&s->ntp);
}

static void sent(unsigned slot, uint64_t stamp)
{
    if (slot < all.count)
        ntp_client_sent(&all.s[slot].ntp, stamp);
}

static void on_wire(unsigned slot, uint64_t stamp)
{
    if (slot < all.count)
        ntp_client_left(&all.s[slot].ntp, stamp);
}

/* A window from the card that does not hold what the server says has passed
 * while the power was off: new keys come with a new one. A fresh one that
 * does not is the server's fault, and asking again would not mend it. */
static void look_at_doubt(struct source *s, const struct timekeeper_verdict *v)
{
    if (v->doubt_window && s->last_ke < 0 && s->ntp.nts.aead)
        drop(s, "saved keys are from another time");
    else if (v->doubt[0])
        (void)fmt(s->trouble, sizeof s->trouble, "%s", v->doubt);
    else
        source_trouble(s, "");
}

static void valid(struct source *s, struct ntp_sample *sample)
{
    if (source_is_loop(s, sample))
        sample->failed |= NTP_TEST_D;
    const struct timekeeper_reply reply = {.sample = sample,
                                           .cert_lo = s->ntp.nts.cert_lo,
                                           .cert_hi = s->ntp.nts.cert_hi,
                                           .reach = s->ntp.reach};
    struct timekeeper_verdict v;
    s->silent = 0;
    s->unresolved = 0;
    s->heard = true;
    if (s->step == SOURCE_ADDRESS) { /* no other one is needed, after all */
        s->step = SOURCE_RUN;
        s->retry = 0;
    }
    addr_pick_good(&s->pick, &s->addr);
    sources_ke_valid(s, port_mono());
    timekeeper_reply(slot_of(s), &reply, &v);
    if (v.ask_again)
        ntp_client_again(&s->ntp, port_mono());
    ntp_client_set_poll(&s->ntp, v.poll_wanted);
    s->lies = v.falseticker ? (uint8_t)(s->lies + 1) : 0;
    if (s->lies >= LIAR_POLLS)
        sources_move_on(s);
    sources_refresh(s, all.conf->refresh_s, port_mono());
    if (!source_say_failed(s, sample))
        look_at_doubt(s, &v);
}

static void received(unsigned slot, uint64_t stamp, const uint8_t *msg,
                     size_t len)
{
    if (slot >= all.count)
        return;
    struct source *s = &all.s[slot];
    struct ntp_sample sample;
    enum ntp_drop why = NTP_DROP_SHORT;
    int rc =
        ntp_client_recv(&s->ntp, port_mono(), stamp, msg, len, &sample, &why);
    if (rc == RC_OK) {
        valid(s, &sample);
        return;
    }
    s->answered = s->answered || rc == RC_STATE;
    if (s->ntp.refused && why == NTP_DROP_DENY) {
        timekeeper_asked(slot, s->ntp.reach, addr_refid(&s->addr));
        sources_refused(s, port_mono());
        return;
    }
    if (why == NTP_DROP_NAK) { /* the next request may be due sooner */
        s->retry = mono_min(s->retry, ntp_client_due(&s->ntp));
        if (ntp_client_refused(&s->ntp))
            sources_ke_refused(s, port_mono());
    }
    source_say_refused(s, why, msg);
}

/* ---- the loop ------------------------------------------------------------ */

static mono_ns step(struct source *s, mono_ns now)
{
    if (now < s->retry)
        return s->retry;
    switch (s->step) {
    case SOURCE_ADDRESS:
        return sources_ask_name(s, now);
    case SOURCE_RUN:
        return ask_time(s, now);
    case SOURCE_KEYS:
    case SOURCE_RESOLVING:
        break;
    }
    return MONO_NEVER;
}

mono_ns sources_poll(mono_ns now)
{
    mono_ns next = sources_ke_poll(now);
    bool may = net_up() && timekeeper_may_ask();
    recheck();
    for (unsigned i = 0; i < all.count; i++) {
        struct source *s = &all.s[i];
        look_at_ticket(s);
        if (ntp_client_unasked(&s->ntp, now))
            timekeeper_asked(i, s->ntp.reach, addr_refid(&s->addr));
        if (s->ticket > 0)
            next = mono_min(next, now + CARD_RETRY);
        if (may) {
            next = mono_min(next, step(s, now));
            next = mono_min(next, sources_ke_step(s, now));
            next = mono_min(next, sources_pool_poll(s, now));
        }
        if (save_is_due(s, now))
            save(s, SPARE, now);
    }
    return next;
}

void sources_net_changed(mono_ns now)
{
    for (unsigned i = 0; i < all.count; i++) {
        struct source *s = &all.s[i];
        s->silent = 0;
        s->pick = (struct addr_pick){0};
        ntp_client_basic(&s->ntp);
        s->retry = s->step == SOURCE_RUN ? 0 : now;
        ntp_client_soon(&s->ntp, now);
        sources_ke_net_changed(s, now);
    }
}

void sources_retry(void)
{
    for (unsigned i = 0; i < all.count; i++)
        sources_ke_now(&all.s[i]);
}

void sources_status(struct status_sources *out)
{
    mono_ns now = port_mono();
    out->count = (uint8_t)all.count;
    for (unsigned i = 0; i < all.count; i++) {
        source_status(&all.s[i], &out->row[i], now);
        int by = timekeeper_votes_for(i);
        if (by >= 0 && !out->row[i].trouble[0])
            (void)fmt(out->row[i].trouble, sizeof out->row[i].trouble,
                      "the same server as %.40s: one vote for both",
                      all.s[by].conf->label);
    }
}
