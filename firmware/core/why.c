#include "why.h"

#include <string.h>

#include "fmt.h"
#include "utc.h"
#include "why_net.h"

#define S_NS  INT64_C(1000000000)
#define MS_NS INT64_C(1000000)
#define DAY_S INT64_C(86400)
#define SHOWN 3 /* names of a group; the others are counted */

/* A set of sources, bit i for row i. */
typedef uint32_t source_set;
static_assert(LIMIT_SOURCES <= 32, "a bit for each source");

static bool has(source_set set, unsigned i)
{
    return set >> i & 1;
}

static unsigned count_of(source_set set)
{
    unsigned n = 0;
    for (; set; set &= set - 1)
        n++;
    return n;
}

/* ---- what is known of each source ---------------------------------------- */

static bool has_say(const struct status *s, unsigned i)
{
    const struct status_select *k = &s->timekeeper.row[i].select;
    return !(k->effective & STATUS_OPT_NOSELECT);
}

static source_set voters(const struct status *s)
{
    source_set set = 0;
    for (unsigned i = 0; i < s->sources.count; i++)
        if (has_say(s, i))
            set |= 1u << i;
    return set;
}

static bool agrees(const struct status *s, unsigned i)
{
    char letter = s->timekeeper.row[i].select.letter;
    return letter != 0 && strchr("*+PDW", letter) != NULL;
}

static const char not_yet[] = "not heard yet";

/* Why a source is not one of those that agree, without values. */
static const char *kind_of(const struct status *s, unsigned i)
{
    const struct status_source *x = &s->sources.row[i];
    if (x->trouble[0])
        return x->trouble;
    switch (s->timekeeper.row[i].select.letter) {
    case 's':
        return "says that it is not synchronised";
    case 'r':
        return "its stratum is not within minstratum and maxstratum";
    case 'd':
        return "its root distance is beyond maxdistance";
    case '~':
        return "its samples vary by more than maxjitter";
    case 'T':
        return "not within what the trusted sources say";
    case 'x':
        return "its time is not the others'";
    case 'S':
        return "no answer";
    default:
        return x->last_rx_ago_s < 0 ? not_yet : "being measured";
    }
}

static const char *reason(const struct status *s, unsigned i)
{
    const struct status_select *k = &s->timekeeper.row[i].select;
    return k->why[0] && !s->sources.row[i].trouble[0] ? k->why : kind_of(s, i);
}

/* ---- groups -------------------------------------------------------------- */

/* "a", "a and b", "a, b and 3 more", "all 5 sources". */
static void add_names(struct fmt_text *t, const struct status *s,
                      source_set set)
{
    unsigned n = count_of(set), at = 0;
    if (n > 2 && set == voters(s)) {
        fmt_add(t, "all %u sources", n);
        return;
    }
    unsigned shown = n <= SHOWN ? n : SHOWN - 1;
    for (unsigned i = 0; i < s->sources.count && at < shown; i++) {
        if (!has(set, i))
            continue;
        bool last = ++at == n;
        fmt_add(t, "%s%.40s",
                at == 1 ? ""
                : last  ? " and "
                        : ", ",
                s->sources.row[i].name);
    }
    if (n > shown)
        fmt_add(t, " and %u more", n - shown);
}

/* Those of `of` whose reason is that of the source i. */
static source_set same_reason(const struct status *s, source_set of, unsigned i)
{
    source_set set = 0;
    for (unsigned j = 0; j < s->sources.count; j++)
        if (has(of, j) && strcmp(reason(s, j), reason(s, i)) == 0)
            set |= 1u << j;
    return set;
}

/* Those of `of` whose time may be that of the source i. */
static source_set same_time(const struct status *s, source_set of, unsigned i)
{
    const struct status_clock_source *row = s->timekeeper.row;
    source_set set = 0;
    for (unsigned j = 0; j < s->sources.count; j++)
        if (has(of, j) && row[j].select.lo_ns <= row[i].select.hi_ns &&
            row[i].select.lo_ns <= row[j].select.hi_ns)
            set |= 1u << j;
    return set;
}

typedef source_set (*likeness)(const struct status *s, source_set of,
                               unsigned i);

/* The largest group of `of`, and the source that it is around. */
static source_set largest(const struct status *s, source_set of, likeness same,
                          unsigned *around)
{
    source_set best = 0;
    for (unsigned i = 0; i < s->sources.count; i++) {
        source_set set = has(of, i) ? same(s, of, i) : 0;
        if (count_of(set) > count_of(best)) {
            best = set;
            *around = i;
        }
    }
    return best;
}

/* Appends a group after the others, or that there are more where it has no
 * room; false: no more groups. */
static bool add_group(struct fmt_text *t, const char *before, const char *group,
                      source_set left)
{
    static const char more[] = "; 16 more";
    if (t->len + strlen(before) + strlen(group) + sizeof more < t->cap) {
        fmt_add(t, "%s%s", before, group);
        return true;
    }
    fmt_add(t, "; %u more", count_of(left));
    return false;
}

/* The reasons of `of`, the most frequent first. */
static void add_reasons(struct fmt_text *t, const struct status *s,
                        source_set of, const char *before)
{
    for (unsigned around = 0; of; before = "; ") {
        char text[WHY_TEXT];
        source_set set = largest(s, of, same_reason, &around);
        struct fmt_text group = fmt_text_of(text, sizeof text);
        add_names(&group, s, set);
        const char *what = reason(s, around);
        fmt_add(&group, "%s%s", strncmp(what, "not ", 4) == 0 ? " " : ": ",
                what);
        if (!add_group(t, before, text, of))
            return;
        of &= ~set;
    }
}

/* ---- times --------------------------------------------------------------- */

/* How far what a source says is from what the clock shows. */
static span_ns offset(const struct status *s, unsigned i)
{
    return s->timekeeper.row[i].offset_ns;
}

static void add_time(struct fmt_text *t, const struct status *s, unsigned i)
{
    char when[UTC_TEXT];
    const struct status_tracking *k = &s->timekeeper.tracking;
    span_ns part = offset(s, i) % S_NS + k->now_unix_ns;
    int64_t unix_s = k->now_unix_s + offset(s, i) / S_NS + part / S_NS;
    utc_text(part % S_NS < 0 ? unix_s - 1 : unix_s, 0, when);
    fmt_add(t, "%.19s", when);
}

/* The time of a group, as it differs from the first one's. */
static void add_difference(struct fmt_text *t, const struct status *s,
                           unsigned first, unsigned i)
{
    int64_t apart_s = offset(s, i) / S_NS - offset(s, first) / S_NS;
    if (apart_s <= -DAY_S || apart_s >= DAY_S) {
        add_time(t, s, i);
        return;
    }
    span_ns by = offset(s, i) - offset(s, first);
    fmt_add(t, "%lld.%03lld s %s", (long long)((by < 0 ? -by : by) / S_NS),
            (long long)((by < 0 ? -by : by) / MS_NS % 1000),
            by < 0 ? "less" : "more");
}

/* Who says what time, the largest group first; returns those that say one. */
static source_set add_times(struct fmt_text *t, const struct status *s)
{
    source_set of = 0;
    for (unsigned i = 0; i < s->sources.count; i++)
        if (has_say(s, i) && s->timekeeper.row[i].select.judged &&
            s->timekeeper.row[i].select.letter == 'x')
            of |= 1u << i;
    source_set all = of;
    const char *before = ": ";
    for (unsigned first = 0, around = 0; of; before = ", ") {
        char text[WHY_TEXT];
        source_set set = largest(s, of, same_time, &around);
        struct fmt_text group = fmt_text_of(text, sizeof text);
        add_names(&group, s, set);
        fmt_add(&group, count_of(set) == 1 ? " says " : " say ");
        if (of == all) {
            first = around;
            add_time(&group, s, around);
        } else {
            add_difference(&group, s, first, around);
        }
        if (!add_group(t, before, text, of))
            break;
        of &= ~set;
    }
    return all;
}

/* ---- the sentence -------------------------------------------------------- */

static bool heard(const struct status *s)
{
    for (unsigned i = 0; i < s->sources.count; i++)
        if (s->timekeeper.row[i].select.judged ||
            s->sources.row[i].last_rx_ago_s >= 0)
            return true;
    return false;
}

/* What a network lacks on which nobody was ever heard: a source of our own
 * network needs no router, and one that has an address no name server. */
static void add_network(struct fmt_text *t, const struct status *s)
{
    char text[WHY_TEXT];
    bool far = false, named = false;
    for (unsigned i = 0; i < s->sources.count; i++) {
        const struct status_source *x = &s->sources.row[i];
        const struct addr *to = status_source_addr(x);
        far = far || !to->family || !why_net_is_near(&s->net, to);
        named = named || to->family;
    }
    size_t n = why_net_address(&s->net, text, sizeof text);
    if (n == 0 && far && !heard(s))
        n = why_net_beyond(&s->net, text, sizeof text);
    if (n == 0 && !named && !heard(s))
        n = why_net_names(&s->net, text, sizeof text);
    if (n > 0)
        fmt_add(t, "%s", text);
}

/* All are asked, and none may be selected. */
static void add_no_voter(struct fmt_text *t, const struct status *s)
{
    bool meant = true;
    for (unsigned i = 0; i < s->sources.count; i++)
        meant = meant &&
                s->timekeeper.row[i].select.configured & STATUS_OPT_NOSELECT;
    if (voters(s) == 0)
        fmt_add(t, "no source may be selected: %s",
                meant ? "all of chrony.conf's are noselect"
                      : "chrony.conf has authselectmode require, and none of "
                        "them has nts");
}

/* What keeps all sources away; false: nothing does. */
static bool add_outer_cause(struct fmt_text *t, const struct status *s)
{
    const struct status_config *c = &s->config;
    const char *port = s->machine.trouble;
    bool none = s->sources.count == 0;
    if (none && c->file == CONFIG_MISSING && c->lacks && c->lacks[0])
        fmt_add(t, "no chrony.conf: %s", c->lacks);
    else if (none && c->file == CONFIG_MISSING)
        fmt_add(t, s->store.card
                       ? "no chrony.conf at the top of the card's boot "
                         "partition"
                       : "no card that can be read, so no chrony.conf");
    else if (none && c->file == CONFIG_EMPTY)
        fmt_add(t, "chrony.conf is empty: it needs a server line");
    else if (none && c->errors)
        fmt_add(t, "no server or pool line of chrony.conf can be used: %s%s",
                c->error ? c->error : "",
                c->errors > 1 ? "; more in `log'" : "");
    else if (none)
        fmt_add(t, "chrony.conf has no server or pool line");
    else if (port && port[0])
        fmt_add(t, "no Ethernet: %s", port);
    else
        add_network(t, s);
    if (t->len == 0)
        add_no_voter(t, s);
    return t->len > 0;
}

static source_set troubled(const struct status *s)
{
    source_set set = 0;
    for (unsigned i = 0; i < s->sources.count; i++)
        if (s->sources.row[i].trouble[0])
            set |= 1u << i;
    return set;
}

static void add_sources(struct fmt_text *t, const struct status *s)
{
    const struct status_tracking *k = &s->timekeeper.tracking;
    source_set left = voters(s);
    const char *before = ": ";
    if (!heard(s) && !k->alone) {
        fmt_add(t, troubled(s) ? "no source can be used"
                               : "no source has answered yet");
        if (!troubled(s))
            return;
    } else {
        fmt_add(t, "%s", k->why);
        if (k->split) {
            left &= ~add_times(t, s);
            before = "; ";
        }
    }
    for (unsigned i = 0; i < s->sources.count; i++)
        if (agrees(s, i))
            left &= ~(1u << i);
    source_set waiting = 0; /* says the least, and comes last */
    for (unsigned i = 0; i < s->sources.count; i++)
        if (reason(s, i) == not_yet)
            waiting |= 1u << i;
    add_reasons(t, s, left & ~waiting, before);
    add_reasons(t, s, left & waiting, left & ~waiting ? "; " : before);
}

size_t why_text(const struct status *s, char *out, size_t cap)
{
    const struct status_tracking *k = &s->timekeeper.tracking;
    struct fmt_text t = fmt_text_of(out, cap);
    if (k->synchronised && !k->alone)
        return 0;
    if (add_outer_cause(&t, s))
        return t.len;
    if (k->operators_turn)
        fmt_add(&t, "%s", k->why);
    else
        add_sources(&t, s);
    return t.len;
}

bool why_is_known(const struct status *s)
{
    return s->sources.count == 0 || troubled(s) != 0 || heard(s) ||
           s->timekeeper.tracking.operators_turn;
}

/* FNV-1a of a text, but not of its digits: they are times, or waits. */
static uint32_t mix(uint32_t h, const char *text)
{
    for (; *text; text++)
        if (*text < '0' || *text > '9')
            h = (h ^ (uint8_t)*text) * 16777619u;
    return h * 16777619u;
}

uint32_t why_state(const struct status *s)
{
    const struct status_tracking *k = &s->timekeeper.tracking;
    char outer[WHY_TEXT];
    struct fmt_text t = fmt_text_of(outer, sizeof outer);
    uint32_t h = k->synchronised;
    if (add_outer_cause(&t, s))
        return mix(h, outer);
    h = mix(h, k->why);
    for (unsigned i = 0; i < s->sources.count; i++)
        h = agrees(s, i) ? h * 3 + 1 : mix(h, kind_of(s, i));
    return h;
}

const char *why_note(const struct status *s)
{
    return count_of(voters(s)) == 1
               ? "one source alone: no other checks its time"
               : "";
}
