/* page.h -- the status page: one HTML document from the snapshot, the history
 * and the log's last lines, in pieces. It says first whether the time is right,
 * then how good it is, then why not; and before the clock is set it shows no
 * time as if it were one.
 *
 *     page_begin(&p, &status, &history, &log, log.next);
 *     while (page_next(&p, &text))          a fresh text each time: send it
 *
 * From the same arguments comes the same document, however often and however
 * slowly, as long as the log keeps the lines: at most PAGE_LOG before `until`.
 * It names no other document but /metrics and /log.txt, works without
 * JavaScript, and PAGE_POLICY lets no other script, style or address in. Names
 * come from chrony.conf, DHCP, DNS and certificates: all that is not ours is
 * escaped. Pure. */
#ifndef PAGE_H
#define PAGE_H

#include "fmt.h"
#include "history.h"
#include "logring.h"
#include "status.h"

#define PAGE_PIECE 1600 /* no piece is longer                               */
#define PAGE_LOG   40   /* lines of the log                                 */

/* The Content-Security-Policy that belongs to it: the hashes are of page_style
 * and page_script, which a test checks. */
#define PAGE_POLICY                                                            \
    "default-src 'none'; style-src 'sha256-" PAGE_STYLE_HASH                   \
    "'; script-src 'sha256-" PAGE_SCRIPT_HASH                                  \
    "'; connect-src 'self'; img-src data:; base-uri 'none'; "                  \
    "form-action 'none'; frame-ancestors 'none'"
#define PAGE_STYLE_HASH  "pugt7nicXYwpv0XOgTosxjQT1coPV/A6pszu0ZevboQ="
#define PAGE_SCRIPT_HASH "G1iVYyJs9J4lzkNZvMFvVcqGrV7W2u2Qsn2w6w59ovY="
extern const char page_style[], page_script[];

struct page_plot { /* the one that is being drawn: private                   */
    enum history_level level;
    int64_t first, last; /* slots                                         */
    int64_t group;       /* of them, one point                            */
    double low, high;    /* what the axis shows                           */
};

struct page { /* private to page*.c                                          */
    const struct status *s;
    const struct history *h;
    const struct logring *log;
    uint32_t log_at, log_until;
    unsigned section, index; /* the next piece                              */
    span_ns scale_ns;        /* of the intervals beside the sources         */
    struct page_plot plot;
};

/* Begins at the first piece. What is pointed to stays the caller's and as it
 * is. */
void page_begin(struct page *p, const struct status *s, const struct history *h,
                const struct logring *log, uint32_t log_until);

/* Appends a piece to t. Returns false, and appends nothing, behind the
 * last. */
bool page_next(struct page *p, struct fmt_text *t);

#endif
