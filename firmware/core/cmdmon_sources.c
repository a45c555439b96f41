/* The reports on sources, and tracking. */
#include "chronyc_text.h"
#include "cmdmon_private.h"
#include "ntp_client.h"

#define NEVER UINT32_MAX
#define NAME  256

/* ---- which source is asked about ----------------------------------------- */

/* The source of the index in the request; false: there is none, which is
 * answered. */
static bool by_index(struct cmdmon *m, struct reader *r,
                     struct cmdmon_answer *a, uint32_t *i)
{
    *i = reader_u32(r);
    if (*i < m->status->sources.count)
        return true;
    a->status = CMDMON_NO_SOURCE;
    return false;
}

/* The same by address, or by the number of one that has none. */
static bool by_addr(struct cmdmon *m, struct reader *r, struct cmdmon_answer *a,
                    uint32_t *i)
{
    const struct status_sources *l = &m->status->sources;
    uint32_t id = r->left >= 4 ? bytes_get32(r->p) - 1 : NEVER;
    bool numbered = r->left >= 18 && bytes_get16(r->p + 16) == 3;
    const struct addr x = cmdmon_take_addr(r);
    uint32_t first = m->recent < l->count ? m->recent : 0;
    for (uint32_t n = 0; n < l->count; n++) {
        *i = (first + n) % l->count;
        if (x.family != 0 ? addr_equal(status_source_addr(&l->row[*i]), &x)
                          : numbered && id == *i &&
                                status_source_addr(&l->row[*i])->family == 0)
            return true;
    }
    a->status = CMDMON_NO_SOURCE;
    return false;
}

/* ---- the reports --------------------------------------------------------- */

static uint16_t at_most_16(uint32_t n)
{
    return n < UINT16_MAX ? (uint16_t)n : UINT16_MAX;
}

void cmdmon_n_sources(struct cmdmon *m, struct reader *r,
                      struct cmdmon_answer *a)
{
    (void)r;
    a->code = 2;
    writer_u32(&a->w, m->status->sources.count);
}

static uint16_t state_of(char c)
{
    static const char states[] = "*?x~+-";
    for (uint16_t i = 0; states[i]; i++)
        if (states[i] == c)
            return i;
    return 1;
}

void cmdmon_source_data(struct cmdmon *m, struct reader *r,
                        struct cmdmon_answer *a)
{
    uint32_t i;
    if (!by_index(m, r, a, &i))
        return;
    const struct status_source *x = &m->status->sources.row[i];
    const struct status_clock_source *e = &m->status->timekeeper.row[i];
    m->recent = i;
    a->code = 3;
    cmdmon_put_source(a, m->status, i);
    writer_u16(&a->w, (uint16_t)x->poll);
    writer_u16(&a->w, x->stratum);
    writer_u16(&a->w, state_of(e->state));
    writer_u16(&a->w, 0); /* a server */
    writer_u16(&a->w, 0);
    writer_u16(&a->w, x->reach);
    writer_u32(&a->w, cmdmon_ago_s(x->last_rx_ago_s));
    cmdmon_put_ns(a, -e->measured_ns);
    cmdmon_put_ns(a, -e->offset_ns);
    cmdmon_put_ns(a, e->bound_ns);
}

void cmdmon_tracking(struct cmdmon *m, struct reader *r,
                     struct cmdmon_answer *a)
{
    const struct status_tracking *k = &m->status->timekeeper.tracking;
    const struct status_served served = status_served(m->status);
    int source = served.local ? -1 : status_reference(m->status);
    (void)r;
    m->recent = source >= 0 ? (uint32_t)source : 0;
    a->code = 5;
    writer_u32(&a->w, served.ref_id);
    cmdmon_put_addr(a, source >= 0 ? &m->status->sources.row[source].addr
                                   : &(struct addr){0});
    writer_u16(&a->w, served.stratum);
    writer_u16(&a->w, served.leap);
    cmdmon_put_time(a, served.ref_unix_s, served.ref_unix_ns);
    cmdmon_put_ns(a, k->system_ns);
    cmdmon_put_ns(a, -k->last_offset_ns);
    cmdmon_put_ns(a, k->rms_offset_ns);
    cmdmon_put_ppm(a, -k->freq_e12);
    cmdmon_put_ppm(a, -k->resid_e12);
    cmdmon_put_ppm(a, k->freq_sigma_e12);
    cmdmon_put_ns(a, served.root_delay_ns);
    cmdmon_put_ns(a, served.root_disp_ns);
    cmdmon_put_ns(a, k->update_ns);
}

void cmdmon_sourcestats(struct cmdmon *m, struct reader *r,
                        struct cmdmon_answer *a)
{
    uint32_t i;
    if (!by_index(m, r, a, &i))
        return;
    const struct status_clock_source *e = &m->status->timekeeper.row[i];
    m->recent = i;
    a->code = 6;
    writer_u32(&a->w,
               addr_refid(status_source_addr(&m->status->sources.row[i])));
    cmdmon_put_source(a, m->status, i);
    writer_u32(&a->w, e->stats.samples);
    writer_u32(&a->w, e->stats.runs);
    writer_u32(&a->w, cmdmon_ago_s(e->stats.span_s));
    cmdmon_put_ns(a, e->stats.spread_ns);
    cmdmon_put_ppm(a, -e->stats.freq_e12);
    cmdmon_put_ppm(a, e->stats.freq_sigma_e12);
    cmdmon_put_ns(a, -e->offset_ns);
    cmdmon_put_ns(a, e->sigma_ns);
}

void cmdmon_selectdata(struct cmdmon *m, struct reader *r,
                       struct cmdmon_answer *a)
{
    uint32_t i;
    if (!by_index(m, r, a, &i))
        return;
    const struct status_source *x = &m->status->sources.row[i];
    const struct status_select *k = &m->status->timekeeper.row[i].select;
    m->recent = i;
    a->code = 23;
    writer_u32(&a->w, addr_refid(status_source_addr(x)));
    cmdmon_put_source(a, m->status, i);
    writer_u8(&a->w, (uint8_t)k->letter);
    writer_u8(&a->w, x->nts);
    writer_u8(&a->w, k->judged ? x->leap : 3);
    writer_u8(&a->w, 0);
    writer_u16(&a->w, (uint16_t)k->configured);
    writer_u16(&a->w, (uint16_t)k->effective);
    writer_u32(&a->w, cmdmon_ago_s(x->last_rx_ago_s));
    cmdmon_put_float(a, k->score);
    cmdmon_put_ns(a, k->judged ? -k->hi_ns : 0);
    cmdmon_put_ns(a, k->judged ? -k->lo_ns : 0);
}

void cmdmon_sourcename(struct cmdmon *m, struct reader *r,
                       struct cmdmon_answer *a)
{
    uint32_t i;
    if (!by_addr(m, r, a, &i))
        return;
    const char *name = m->status->sources.row[i].name;
    size_t n = strlen(name);
    n = n < NAME ? n : NAME - 1;
    a->code = 19;
    writer_bytes(&a->w, name, n);
    cmdmon_put_zeros(a, NAME - n);
}

void cmdmon_authdata(struct cmdmon *m, struct reader *r,
                     struct cmdmon_answer *a)
{
    uint32_t i;
    if (!by_addr(m, r, a, &i))
        return;
    const struct status_source *x = &m->status->sources.row[i];
    a->code = 20;
    writer_u16(&a->w, x->nts ? 2 : 0);
    writer_u16(&a->w, x->aead);
    writer_u32(&a->w, x->key_id);
    writer_u16(&a->w, x->key_bits);
    writer_u16(&a->w, at_most_16(x->ke_attempts));
    writer_u32(&a->w, cmdmon_ago_s(x->last_ke_ago_s));
    writer_u16(&a->w, x->cookies);
    writer_u16(&a->w, x->cookie_len);
    writer_u16(&a->w, at_most_16(x->naks));
    writer_u16(&a->w, 0);
}

/* Bits 9 to 7 are RFC 5905's tests 1 to 3, 6 to 4 its 5 to 7, 3 to 0 chrony's A
 * to D. */
static uint16_t reply_flags(const struct status_source *x,
                            const struct status_reply *n)
{
    unsigned failed = n->failed | (n->refused ? NTP_TEST_C : 0u);
    if (!n->any)
        return 0;
    return (uint16_t)(0x3f0u | (failed & NTP_TEST_A ? 0u : 8u) |
                      (failed & NTP_TEST_B ? 0u : 4u) |
                      (failed & NTP_TEST_C ? 0u : 2u) |
                      (failed & NTP_TEST_D ? 0u : 1u) |
                      (n->interleaved ? 0x4000u : 0u) |
                      (x->nts ? 0x8000u : 0u));
}

static void put_reply(struct cmdmon_answer *a, const struct status_reply *n)
{
    writer_u8(&a->w, n->leap);
    writer_u8(&a->w, n->any ? 4 : 0); /* version */
    writer_u8(&a->w, n->any ? 4 : 0); /* mode */
    writer_u8(&a->w, n->stratum);
    writer_u8(&a->w, (uint8_t)n->poll);
    writer_u8(&a->w, (uint8_t)n->precision);
    cmdmon_put_ns(a, n->root_delay_ns);
    cmdmon_put_ns(a, n->root_disp_ns);
    writer_u32(&a->w, n->ref_id);
    cmdmon_put_time(a, n->ref_unix_s, 0);
    cmdmon_put_ns(a, n->offset_ns);
    cmdmon_put_ns(a, n->delay_ns);
    cmdmon_put_ns(a, n->disp_ns);
    cmdmon_put_ns(a, n->response_ns);
    cmdmon_put_float(a, 0); /* jitter asymmetry: not measured */
}

void cmdmon_ntpdata(struct cmdmon *m, struct reader *r, struct cmdmon_answer *a)
{
    uint32_t i;
    bool newer = r->left + CMDMON_REQUEST >= 172;
    if (!by_addr(m, r, a, &i))
        return;
    const struct status_source *x = &m->status->sources.row[i];
    const struct status_clock_source *e = &m->status->timekeeper.row[i];
    const struct status_reply *n = &e->reply;
    a->code = newer ? 26 : 16;
    cmdmon_put_addr(a, status_source_addr(x));
    cmdmon_put_addr(a, !n->any               ? &(struct addr){0}
                       : x->addr.family == 6 ? &m->status->net.addr6
                                             : &m->status->net.addr4);
    writer_u16(&a->w, x->port);
    put_reply(a, n);
    writer_u16(&a->w, reply_flags(x, n));
    writer_u8(&a->w, n->any ? 'D' : 0); /* transmit stamps: read by us */
    writer_u8(&a->w, n->any ? 'K' : 0); /* receive stamps: in the interrupt */
    writer_u32(&a->w, x->tx);
    writer_u32(&a->w, x->rx);
    writer_u32(&a->w, x->valid);
    writer_u32(&a->w, e->good);
    if (newer) {
        writer_u32(&a->w, 0);
        writer_u32(&a->w, x->valid);
        writer_u32(&a->w, 0);
        writer_u32(&a->w, 0);
    }
    for (unsigned n_words = newer ? 4 : 3; n_words > 0; n_words--)
        writer_u32(&a->w, UINT32_MAX);
}
