/* Why a source is kept out, in words. */
#include "fmt.h"
#include "select.h"

#define S_NS  INT64_C(1000000000)
#define MS_NS INT64_C(1000000)

/* "3 s", "10.5 s", "0.2 s", "3.5 ms". */
static void add_span(struct fmt_text *t, span_ns ns)
{
    bool s = ns >= S_NS / 10;
    double value = (double)ns / (double)(s ? S_NS : MS_NS);
    bool whole = ns % (s ? S_NS : MS_NS) == 0;
    fmt_add(t, "%.*f %s", whole ? 0 : 1, value, s ? "s" : "ms");
}

size_t select_reason(const struct select_in *in,
                     const struct select_limits *limits, char letter, char *out,
                     size_t cap)
{
    const struct select_limits *l = limits ? limits : &select_limits_default;
    struct fmt_text t = fmt_text_of(out, cap);
    switch (letter) {
    case 's':
        fmt_add(&t, "says that it is not synchronised");
        break;
    case 'd':
        fmt_add(&t, "root distance ");
        add_span(&t, in->est.bound_ns);
        fmt_add(&t, " is beyond maxdistance ");
        add_span(&t, l->maxdistance_ns);
        break;
    case '~':
        fmt_add(&t, "jitter ");
        add_span(&t, in->jitter_ns);
        fmt_add(&t, " is beyond maxjitter ");
        add_span(&t, l->maxjitter_ns);
        break;
    case 'T':
        fmt_add(&t, "not within what the trusted sources say");
        break;
    default:
        break;
    }
    return t.len;
}
