/* Why a source is kept out, in words. */
#include "fmt.h"
#include "select.h"

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
    case 'r':
        fmt_add(&t,
                in->stratum < l->minstratum ? "stratum %u is below "
                                              "minstratum %u"
                                            : "stratum %u is above "
                                              "maxstratum %u",
                in->stratum,
                in->stratum < l->minstratum ? l->minstratum : l->maxstratum);
        break;
    case 'd':
        fmt_add(&t, "root distance ");
        fmt_add_span(&t, in->est.bound_ns);
        fmt_add(&t, " is beyond maxdistance ");
        fmt_add_span(&t, l->maxdistance_ns);
        break;
    case '~':
        fmt_add(&t, "jitter ");
        fmt_add_span(&t, in->jitter_ns);
        fmt_add(&t, " is beyond maxjitter ");
        fmt_add_span(&t, l->maxjitter_ns);
        break;
    case 'T':
        fmt_add(&t, "not within what the trusted sources say");
        break;
    default:
        break;
    }
    return t.len;
}
