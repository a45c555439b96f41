/* page_state.h -- snapshots for the tests of the page and of the metrics: a
 * clock that is set, one that is not, names that want to be markup. */
#ifndef PAGE_STATE_H
#define PAGE_STATE_H

#include <string.h>

#include "core/fmt.h"
#include "core/history.h"
#include "core/logring.h"
#include "core/status.h"

#define STATE_NOW  INT64_C(1795859273) /* 2026-11-28 09:47:53               */
#define STATE_NAME "gnomon-test"

static inline void state_source(struct status *s, unsigned i, const char *name,
                                char letter)
{
    struct status_source *x = &s->sources.row[i];
    struct status_clock_source *e = &s->timekeeper.row[i];
    (void)fmt(x->name, sizeof x->name, "%s", name);
    x->addr = (struct addr){4, {192, 0, 2, (uint8_t)(11 + i)}};
    x->port = 123;
    x->stratum = 1;
    x->poll = 4;
    x->reach = 0377;
    x->last_rx_ago_s = 2;
    x->nts = true;
    x->aead = 30;
    x->key_bits = 128;
    x->cookies = 8;
    x->cookie_len = 64;
    x->last_ke_ago_s = 2280;
    x->cert_end_unix_s = STATE_NOW + 90 * 86400;
    e->state = letter;
    e->offset_ns = -6711 + 1000 * (span_ns)i;
    e->measured_ns = -7000;
    e->bound_ns = 242000;
    e->sigma_ns = 3000;
    e->good = 16;
    e->select = (struct status_select){.letter = letter,
                                       .judged = true,
                                       .score = 1,
                                       .lo_ns = e->offset_ns - e->bound_ns,
                                       .hi_ns = e->offset_ns + e->bound_ns};
    e->stats = (struct status_stats){16, 4, 61, 110000, -284000, 409000};
    e->reply = (struct status_reply){.any = true,
                                     .stratum = 1,
                                     .offset_ns = -7000,
                                     .delay_ns = 300000,
                                     .disp_ns = 1000,
                                     .response_ns = 20000};
}

static inline void state_set(struct status *s, unsigned sources)
{
    memset(s, 0, sizeof *s);
    s->sources.count = (uint8_t)sources;
    for (unsigned i = 0; i < sources; i++) {
        char name[32];
        (void)fmt(name, sizeof name, "nts%u.test", i + 1);
        state_source(s, i, name, i == 1 ? '*' : '+');
    }
    struct status_tracking *k = &s->timekeeper.tracking;
    *k = (struct status_tracking){
        .synchronised = true,
        .selected = sources > 1 ? 1 : -1,
        .ref_id = 0xc000020c,
        .stratum = 2,
        .ref_unix_s = STATE_NOW - 1,
        .ref_unix_ns = 490000000,
        .system_ns = 432,
        .last_offset_ns = 661,
        .rms_offset_ns = 1727,
        .freq_e12 = 63000,
        .resid_e12 = -6000,
        .freq_sigma_e12 = 139000,
        .root_delay_ns = 1060587,
        .root_disp_ns = 37919,
        .update_ns = 1200000000,
        .bound_ns = 221000,
        .agree = (uint8_t)sources,
        .need = (uint8_t)(sources / 2 + 1),
        .of = (uint8_t)sources,
        .first_sync = 15 * MONO_S,
        .now_unix_s = STATE_NOW,
        .now_unix_ns = 123456789,
    };
    s->timefloor.unix_s = STATE_NOW - 32;
    s->timefloor.from = "a quorum";
    s->net = (struct status_net){.link = true,
                                 .addr4 = {4, {10, 0, 2, 15}},
                                 .bits4 = 24,
                                 .dhcp = STATUS_DHCP_LEASE};
    s->store.card = s->store.state_partition = true;
    s->store.save_interval_s = 900;
    s->machine.name = "Raspberry Pi 2";
    s->machine.last_reset = "power-on";
    s->machine.version = "1234567";
    s->machine.trouble = "";
    s->machine.start = 0;
    s->machine.up = 7 * 3600 * MONO_S + 30 * MONO_S;
    s->config =
        (struct status_config){STATE_NAME, CONFIG_READ, 0, true, "", ""};
    s->loop.poll[0].name = "net";
    s->loop.poll[0].longest_ns = 2500000;
    s->loop.poll[1].name = "whole pass";
    s->loop.poll[1].longest_ns = 3500000;
    s->loop.count = 2;
    s->start =
        (struct status_start){MONO_S, 2 * MONO_S, 3 * MONO_S, 4 * MONO_S};
}

/* Servers that disagree: nothing is set. */
static inline void state_unset(struct status *s, unsigned sources)
{
    state_set(s, sources);
    struct status_tracking *k = &s->timekeeper.tracking;
    for (unsigned i = 0; i < sources; i++) {
        struct status_clock_source *e = &s->timekeeper.row[i];
        e->state = e->select.letter = 'x';
        e->offset_ns = (span_ns)(i + 1) * 1000 * MONO_S;
        e->select.lo_ns = e->offset_ns - e->bound_ns;
        e->select.hi_ns = e->offset_ns + e->bound_ns;
    }
    *k = (struct status_tracking){.selected = -1,
                                  .stratum = 16,
                                  .leap = 3,
                                  .split = true,
                                  .bound_ns = INT64_MAX,
                                  .agree = 1,
                                  .need = (uint8_t)(sources / 2 + 1),
                                  .of = (uint8_t)sources,
                                  .first_sync = -1,
                                  .now_unix_s = STATE_NOW,
                                  .now_unix_ns = 123456789};
    (void)fmt(k->why, sizeof k->why, "1 of %u sources agree, %u needed",
              sources, sources / 2 + 1);
}

/* Nobody is heard any more. */
static inline void state_alone(struct status *s, unsigned sources)
{
    state_set(s, sources);
    s->timekeeper.tracking.alone = true;
    s->timekeeper.tracking.selected = -1;
    s->timekeeper.tracking.agree = 0;
    (void)fmt(s->timekeeper.tracking.why, sizeof s->timekeeper.tracking.why,
              "no usable source");
    for (unsigned i = 0; i < sources; i++) {
        s->sources.row[i].reach = 0;
        s->sources.row[i].last_rx_ago_s = 89;
        s->timekeeper.row[i].state = '?';
        s->timekeeper.row[i].select =
            (struct status_select){.letter = 'S', .score = 1};
        (void)fmt(s->sources.row[i].trouble, sizeof s->sources.row[i].trouble,
                  "connection refused");
    }
}

/* Fills every text that may come from elsewhere with the same one, repeated to
 * its end. */
static inline void state_repeat(char *to, size_t cap, const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i + 1 < cap; i++)
        to[i] = n ? text[i % n] : 0;
    to[cap - 1] = 0;
}

static inline void state_hostile(struct status *s, const char *text)
{
    struct status_tracking *k = &s->timekeeper.tracking;
    for (unsigned i = 0; i < s->sources.count; i++) {
        struct status_source *x = &s->sources.row[i];
        state_repeat(x->name, sizeof x->name, text);
        state_repeat(x->trouble, sizeof x->trouble, text);
        state_repeat(s->timekeeper.row[i].select.why,
                     sizeof s->timekeeper.row[i].select.why, text);
    }
    state_repeat(k->why, sizeof k->why, text);
    state_repeat(k->warning, sizeof k->warning, text);
}

#endif
